/**
 * What the reader measured on the own machine, as the workbench stores it and as its pages save it to a file: only the fields that
 * widgets draw are read, so that a saved result of the Decode page is a record as it is. Times are milliseconds.
 */

interface Header {
  readonly adapter: string;
  /** A software adapter says nothing about hardware. */
  readonly software: boolean;
  /** The weights or the run that was measured, in words. */
  readonly subject: string;
  readonly preset: string;
  /** ISO 8601; absent in saved files of old. */
  readonly taken?: string;
}

export interface OwnPoint {
  readonly batch: number;
  readonly context: number;
  readonly medianMs: number;
  readonly tokensPerSecond: number;
}

export type OwnRecord = Header &
  (
    | {
        readonly kind: 'roofline';
        readonly roof: { readonly bandwidthGBs: number; readonly fmaGflops: number };
        readonly ops: readonly {
          readonly sequence: string;
          readonly family: string;
          readonly variant: string;
          readonly intensity: number;
          readonly gflops: number;
          readonly gbs: number;
        }[];
      }
    | { readonly kind: 'saturation'; readonly points: readonly OwnPoint[] }
    | { readonly kind: 'context'; readonly points: readonly OwnPoint[] }
    | {
        readonly kind: 'fusion';
        readonly shape: { readonly batch: number; readonly context: number };
        readonly rows: readonly {
          readonly name: string;
          readonly ms: number;
          readonly cache_bytes: number;
          readonly speed_up_over_f32: number;
        }[];
      }
    | {
        readonly kind: 'asymmetry';
        readonly tokens: number;
        readonly rows: readonly {
          readonly k: string;
          readonly v: string;
          readonly perplexity: number;
          readonly delta_perplexity_pct: number;
        }[];
      }
    | {
        readonly kind: 'pruning';
        readonly iterations: number;
        /** Share of prunable weights that are zero at the end. */
        readonly sparsity: number;
        readonly perplexity: number;
        /** [step, Jaccard index of the pruned set with that of a magnitude score]. */
        readonly overlap: readonly (readonly [number, number])[];
      }
    | {
        readonly kind: 'fisher';
        /** Attention Fisher trace of each layer at the end, mean over its heads. */
        readonly trace: readonly number[];
        /** That of uniform causal attention: the most that a trace can be. */
        readonly uniform: number;
      }
    | {
        readonly kind: 'second-moment';
        /** Agreement of v, times the batch, with the empirical Fisher diagonal over all parameters. */
        readonly pooled: {
          readonly n: number;
          readonly spearman: number;
          readonly logPearson: number;
          readonly ratio: number;
        };
        readonly sequences: number;
        /** [v times batch, F_emp] of a few elements. */
        readonly points: readonly (readonly [number, number])[];
      }
  );

export type OwnKind = OwnRecord['kind'];
export type OwnOf<K extends OwnKind> = Extract<OwnRecord, { kind: K }>;

/** Reads one value and says where it is wrong. */
type Reader<T> = (value: unknown, at: string) => T;

const fail = (at: string, wanted: string): never => {
  throw new Error(`${at}: ${wanted} is missing`);
};
const number: Reader<number> = (v, at) => (typeof v === 'number' && Number.isFinite(v) ? v : fail(at, 'a number'));
const text: Reader<string> = (v, at) => (typeof v === 'string' ? v : fail(at, 'a text'));
const truth: Reader<boolean> = (v, at) => (typeof v === 'boolean' ? v : fail(at, 'true or false'));
const maybe =
  <T>(read: Reader<T>): Reader<T | undefined> =>
  (v, at) =>
    v === undefined ? undefined : read(v, at);
const list =
  <T>(read: Reader<T>): Reader<T[]> =>
  (v, at) =>
    Array.isArray(v) && v.length > 0 ? v.map((each, i) => read(each, `${at}[${i}]`)) : fail(at, 'a list of points');
const record =
  <T>(fields: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T> =>
  (v, at) => {
    if (typeof v !== 'object' || v === null) return fail(at, 'an object');
    const from = v as Readonly<Record<string, unknown>>;
    const entries = Object.entries<Reader<unknown>>(fields as never);
    return Object.fromEntries(entries.map(([name, read]) => [name, read(from[name], `${at}.${name}`)])) as T;
  };
const pair: Reader<readonly [number, number]> = (v, at) => {
  const [a, b] = list(number)(v, at);
  return [a, number(b, `${at}[1]`)];
};

const points = list(record({ batch: number, context: number, medianMs: number, tokensPerSecond: number }));
const BODIES: { readonly [K in OwnKind]: Reader<unknown> } = {
  roofline: record({
    roof: record({ bandwidthGBs: number, fmaGflops: number }),
    ops: list(record({ sequence: text, family: text, variant: text, intensity: number, gflops: number, gbs: number })),
  }),
  saturation: record({ points }),
  context: record({ points }),
  fusion: record({
    shape: record({ batch: number, context: number }),
    rows: list(record({ name: text, ms: number, cache_bytes: number, speed_up_over_f32: number })),
  }),
  asymmetry: record({
    tokens: number,
    rows: list(record({ k: text, v: text, perplexity: number, delta_perplexity_pct: number })),
  }),
  pruning: record({ iterations: number, sparsity: number, perplexity: number, overlap: list(pair) }),
  fisher: record({ trace: list(number), uniform: number }),
  'second-moment': record({
    pooled: record({ n: number, spearman: number, logPearson: number, ratio: number }),
    sequences: number,
    points: list(pair),
  }),
};
const header = record({ adapter: text, software: truth, subject: text, preset: text, taken: maybe(text) });

export const isOwnKind = (kind: unknown): kind is OwnKind => typeof kind === 'string' && kind in BODIES;

/** @throws Error that names the place of the first thing wrong */
export function readRecord(value: unknown, at = 'record'): OwnRecord {
  const { kind } = (value ?? {}) as { readonly kind?: unknown };
  if (!isOwnKind(kind)) throw new Error(`${at}.kind: give one of ${Object.keys(BODIES).join(', ')}`);
  return { kind, ...header(value, at), ...(BODIES[kind](value, at) as object) } as OwnRecord;
}

/** One record or a list of records. @throws Error, also for text that is not JSON */
export function readRecords(json: string): OwnRecord[] {
  const value: unknown = JSON.parse(json);
  return Array.isArray(value) ? value.map((each, i) => readRecord(each, `record ${i + 1}`)) : [readRecord(value)];
}
