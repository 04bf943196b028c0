/** Is a replay the same run? Bit by bit on the adapter of the first; within a tolerance on another one. */
import type { Manifest } from '../manifest/schema';
import { type RunDirectory, readText } from '../run-directory';
import { type MetricLine, compareMetrics, metricsDistance, parseMetrics } from './metrics-log';

export interface ComparedRun {
  readonly manifest: Manifest;
  /** Where its metrics may lie; a manifest alone is compared by its checksums. */
  readonly directory: RunDirectory;
}

export interface Verdict {
  readonly result: 'identical' | 'within-tolerance' | 'differs';
  readonly sameAdapter: boolean;
  /** Largest relative difference of any number of the metrics; null where the old metrics are not there. */
  readonly relative: number | null;
  readonly text: string;
}

async function metricsOf({ directory }: ComparedRun): Promise<MetricLine[] | null> {
  const text = await readText(directory, 'metrics.jsonl');
  return text === null ? null : parseMetrics(text);
}

export function sameAdapter(a: Manifest, b: Manifest): boolean {
  const key = ({ device }: Manifest): string => JSON.stringify([device?.backend, device?.adapter]);
  return key(a) === key(b);
}

/** The first difference in words: a line of metrics.jsonl, a weight file; null when all checksums agree. */
function difference(
  old: ComparedRun,
  replayed: ComparedRun,
  before: MetricLine[] | null,
  after: MetricLine[],
  tolerance: number,
): string | null {
  const [a, b] = [old.manifest.results!, replayed.manifest.results!];
  if (a.metricsSha256 !== b.metricsSha256) {
    const line = before && compareMetrics(before, after, tolerance);
    if (!line) return 'the checksum of the metrics; their lines are not beside the manifest';
    return `metrics.jsonl:${line.line}\n  was ${line.expected ?? '(nothing)'}\n  is  ${line.got ?? '(nothing)'}`;
  }
  const hashes = new Map(b.weights.map(({ file, sha256 }) => [file, sha256]));
  const file = a.weights.find((w) => hashes.get(w.file) !== w.sha256);
  return file ? `the weights in ${file.file}` : null;
}

/** Throws nothing: runs that did not end are "differs". */
export async function compareRuns(old: ComparedRun, replayed: ComparedRun, tolerance: number): Promise<Verdict> {
  const [before, after] = [await metricsOf(old), (await metricsOf(replayed)) ?? []];
  const same = sameAdapter(old.manifest, replayed.manifest);
  if (old.manifest.results?.metricsSha256 == null || old.manifest.results.status !== 'ok')
    return { result: 'differs', sameAdapter: same, relative: null, text: `the manifest's run did not end well (${old.manifest.results?.status ?? 'no results'}): there is nothing to compare with` }; // prettier-ignore
  const found = difference(old, replayed, before, after, same ? 0 : tolerance);
  if (found === null) return { result: 'identical', sameAdapter: same, relative: 0, text: 'identical' };
  const relative = before ? metricsDistance(before, after) : finalDifference(old.manifest, replayed.manifest);
  if (!same && relative <= tolerance) {
    const text = `within tolerance on another adapter: largest relative difference ${relative.toExponential(2)} of ${tolerance}`;
    return { result: 'within-tolerance', sameAdapter: same, relative, text };
  }
  const where = same
    ? 'on the same adapter'
    : `on another adapter, relative difference ${relative.toExponential(2)} above ${tolerance}`;
  return { result: 'differs', sameAdapter: same, relative, text: `differs ${where}: ${found}` };
}

/** From the manifests' final figures, where the old metrics are missing. */
function finalDifference(a: Manifest, b: Manifest): number {
  const [left, right] = [a.results?.final ?? {}, b.results?.final ?? {}];
  const pairs = Object.keys({ ...left, ...right }).map((key): number => {
    const [x, y] = [left[key] ?? NaN, right[key] ?? NaN];
    return x === y ? 0 : Math.abs(x - y) / Math.max(Math.abs(x), Math.abs(y));
  });
  return Math.max(0, ...pairs.map((d) => (Number.isNaN(d) ? Infinity : d)));
}
