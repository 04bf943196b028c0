/**
 * timeline.jsonl: what the machine did while a run went on, one sample a line. No result depends on it, two equal runs differ in
 * it, and comparing and replaying leave it alone. Samples thin out as a run gets long, so the file stays small.
 */
import type { OpTime } from '@/engine/executor';
import type { TrainingBackend } from '../backend';
import { PHASES, type PhaseClock, type PhaseTimes } from '../phases';
import { type RunDirectory, readText } from '../run-directory';

export const TIMELINE_FILE = 'timeline.jsonl';

export interface TimelineSample {
  /** Steps done. */
  readonly step: number;
  /** Milliseconds of training, parts before a restart included: the clock of metrics.jsonl. */
  readonly elapsed_ms: number;
  /** Steps since the last sample, and where their wall time went, in milliseconds. */
  readonly steps: number;
  readonly ms: PhaseTimes;
  /** Live GPU buffers of the device by category, in bytes; null on the reference. */
  readonly gpu_bytes: Readonly<Record<string, number>> | null;
  /** Most bytes at once since the last sample. */
  readonly gpu_peak_bytes: number | null;
  /** JavaScript heap in use; null where it cannot be read. */
  readonly heap_bytes: number | null;
  /** Milliseconds of one forward and backward pass by kernel family; in few samples, and with timestamp queries only. */
  readonly ops?: readonly OpTime[];
  /** The first sample after a kill, a reload or a lost device. */
  readonly resumed?: true;
}

/** JavaScript heap of this process or page; Chromium tells no worker. */
export function heapBytes(): number | null {
  const { process } = globalThis as { process?: { memoryUsage?: () => { heapUsed: number } } };
  if (process?.memoryUsage) return process.memoryUsage().heapUsed;
  const { memory } = performance as { memory?: { usedJSHeapSize: number } };
  return memory?.usedJSHeapSize ?? null;
}

const INTERVAL_MS = 1000;
/** After so many samples of one execution the interval doubles: a day takes about 1,100 lines. */
const THIN_AFTER = 128;
const FLUSH_AFTER = 16;
/** Steps whose kernels are timed: early, then now and then. */
const PROFILE_FIRST = 5;
const PROFILE_EVERY = 500;

export interface TimelineOptions {
  readonly clock: PhaseClock;
  readonly heap?: () => number | null;
  readonly resumed: boolean;
  readonly now?: () => number;
}

export class Timeline {
  readonly #pending: string[] = [];
  #taken = 0;
  #steps = 0;
  #due = 0;
  #ops: readonly OpTime[] | null = null;
  #at: { readonly step: number; readonly elapsedMs: number } | null = null;

  constructor(
    readonly directory: RunDirectory,
    readonly backend: TrainingBackend,
    readonly options: TimelineOptions,
  ) {}

  #now(): number {
    return (this.options.now ?? (() => performance.now()))();
  }

  /** After a step: a sample when one is due, else null. */
  async step(step: number, elapsedMs: number): Promise<TimelineSample | null> {
    this.#steps++;
    this.#at = { step: step + 1, elapsedMs };
    if (step % PROFILE_EVERY === PROFILE_FIRST) {
      this.#ops = await this.backend.profile(step);
      this.#due = 0;
    }
    if (this.#now() < this.#due) return null;
    return this.#sample(step + 1, elapsedMs);
  }

  /** What came after the last sample: the end of the run. Null when there was no step. */
  async last(): Promise<TimelineSample | null> {
    return this.#at && this.#sample(this.#at.step, this.#at.elapsedMs);
  }

  async #sample(step: number, elapsedMs: number): Promise<TimelineSample> {
    const live = this.backend.liveBytes();
    const sample: TimelineSample = {
      step,
      elapsed_ms: elapsedMs,
      steps: this.#steps,
      ms: this.options.clock.take(),
      gpu_bytes: live && live.categories,
      gpu_peak_bytes: live && live.peakBytes,
      heap_bytes: (this.options.heap ?? heapBytes)(),
      ...(this.#ops ? { ops: this.#ops } : {}),
      ...(this.#taken === 0 && this.options.resumed ? { resumed: true as const } : {}),
    };
    this.#due = this.#now() + INTERVAL_MS * 2 ** Math.floor(this.#taken / THIN_AFTER);
    [this.#steps, this.#ops] = [0, null];
    this.#taken++;
    this.#pending.push(`${JSON.stringify(sample)}\n`);
    if (this.#pending.length >= FLUSH_AFTER) await this.flush();
    return sample;
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    await this.directory.append(TIMELINE_FILE, this.#pending.splice(0).join(''));
  }
}

const finite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;

function bytesByName(value: unknown): Record<string, number> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, number] => finite(entry[1])));
}

function opsOf(value: unknown): OpTime[] | null {
  if (!Array.isArray(value)) return null;
  return value.filter((op: Partial<OpTime> | null): op is OpTime => typeof op?.name === 'string' && finite(op.ms) && finite(op.dispatches)); // prettier-ignore
}

function sampleOf(value: unknown): TimelineSample | null {
  if (typeof value !== 'object' || value === null) return null;
  const { step, elapsed_ms, steps, ms, gpu_bytes, gpu_peak_bytes, heap_bytes, ops, resumed } = value as Partial<
    Record<keyof TimelineSample, unknown>
  >;
  const times = bytesByName(ms);
  if (!finite(step) || !finite(elapsed_ms) || !finite(steps) || !times) return null;
  const keys = [...PHASES, 'wall', 'other', 'idle'] as const;
  const kernels = opsOf(ops);
  return {
    step,
    elapsed_ms,
    steps,
    ms: Object.fromEntries(keys.map((key) => [key, times[key] ?? 0])) as PhaseTimes,
    gpu_bytes: bytesByName(gpu_bytes),
    gpu_peak_bytes: finite(gpu_peak_bytes) ? gpu_peak_bytes : null,
    heap_bytes: finite(heap_bytes) ? heap_bytes : null,
    ...(kernels ? { ops: kernels } : {}),
    ...(resumed === true ? { resumed } : {}),
  };
}

/** Reads a timeline. Lines that are none (a kill in the middle of an append, a file of somebody else) are left out. */
export function parseTimeline(text: string): TimelineSample[] {
  return text.split('\n').flatMap((line) => {
    try {
      const sample = sampleOf(JSON.parse(line));
      return sample ? [sample] : [];
    } catch {
      return [];
    }
  });
}

/** Drops the samples of steps that will be run again. */
export async function rewindTimeline(directory: RunDirectory, step: number): Promise<void> {
  const text = await readText(directory, TIMELINE_FILE);
  if (text === null) return;
  const kept = parseTimeline(text).filter((sample) => sample.step <= step);
  await directory.write(TIMELINE_FILE, kept.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
}

export interface TimelineSummary {
  readonly samples: number;
  /** Sums over all samples, in milliseconds. */
  readonly ms: PhaseTimes;
  /** Share of the wall time, pauses taken off, in which the device had no step and no evaluation. */
  readonly idleShare: number | null;
  readonly gpuBytes: { readonly first: number; readonly last: number; readonly peak: number } | null;
  readonly heapBytes: { readonly first: number; readonly last: number; readonly peak: number } | null;
  /** The last sample's categories, largest first. */
  readonly categories: readonly { readonly name: string; readonly bytes: number }[];
  /** The last timing of the kernels, longest first. */
  readonly ops: readonly OpTime[];
  readonly restarts: number;
}

const total = (bytes: Readonly<Record<string, number>>): number => Object.values(bytes).reduce((a, b) => a + b, 0);

function span(values: readonly number[], peaks: readonly number[]): TimelineSummary['gpuBytes'] {
  if (values.length === 0) return null;
  return { first: values[0]!, last: values.at(-1)!, peak: Math.max(...values, ...peaks) };
}

/** Null for a run without samples: one of an earlier version. */
export function summariseTimeline(samples: readonly TimelineSample[]): TimelineSummary | null {
  const last = samples.at(-1);
  if (!last) return null;
  const ms = { ...last.ms };
  for (const key of Object.keys(ms) as (keyof PhaseTimes)[])
    ms[key] = samples.reduce((sum, sample) => sum + sample.ms[key], 0);
  const running = ms.wall - ms.paused;
  const gpu = samples.flatMap(({ gpu_bytes }) => (gpu_bytes ? [total(gpu_bytes)] : []));
  const peaks = samples.flatMap(({ gpu_peak_bytes }) => gpu_peak_bytes ?? []);
  const heap = samples.flatMap(({ heap_bytes }) => heap_bytes ?? []);
  return {
    samples: samples.length,
    ms,
    idleShare: running > 0 && gpu.length > 0 ? Math.min(1, Math.max(0, ms.idle - ms.paused) / running) : null,
    gpuBytes: span(gpu, peaks),
    heapBytes: span(heap, []),
    categories: Object.entries(last.gpu_bytes ?? {})
      .map(([name, bytes]) => ({ name, bytes }))
      .sort((a, b) => b.bytes - a.bytes),
    ops: samples.findLast(({ ops }) => ops)?.ops ?? [],
    restarts: samples.filter(({ resumed }) => resumed).length,
  };
}
