/**
 * Two configurations timed against each other on one adapter: rounds of a few steps each, A B B A A B B A ..., so that drift
 * (clocks, heat, other processes) falls on both alike. Every sample is kept; differences are paired by round.
 */
import type { TrainingBackend } from './backend';
import type { RunEvent } from './events';
import { type PairedComparison, comparePaired } from './stats/paired';
import { mean, quantile } from './stats/summary';

export interface AbOptions {
  readonly rounds: number;
  /** Steps in one sample. */
  readonly steps: number;
  /** Untimed steps of each before the first round. */
  readonly warmup: number;
  readonly now?: () => number;
  readonly onRound?: (done: number) => void;
}

export interface AbResult {
  /** Milliseconds a step, one sample a round, in the order of the rounds. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly medianA: number;
  readonly medianB: number;
  readonly meanA: number;
  readonly meanB: number;
  /** B against A: (b - a) / a by round. */
  readonly comparison: PairedComparison;
}

/** A counts first in rounds 0, 3, 4, 7, 8, ...: each letter leads as often as it follows. */
export const leads = (round: number): 'a' | 'b' => ((round + 1) % 4 < 2 ? 'a' : 'b');

/** Runs steps `from` .. `from + count - 1` and waits for the last; the mean milliseconds. */
async function sample(backend: TrainingBackend, from: number, count: number, now: () => number): Promise<number> {
  const began = now();
  const flights: Promise<unknown>[] = [];
  for (let step = from; step < from + count; step++) {
    const { result } = await backend.step(step);
    flights.push(result);
    if (flights.length >= backend.depth) await flights.shift();
  }
  await Promise.all(flights);
  return (now() - began) / count;
}

export async function interleave(a: TrainingBackend, b: TrainingBackend, options: AbOptions): Promise<AbResult> {
  const { rounds, steps, warmup, now = () => performance.now(), onRound } = options;
  const times: { a: number[]; b: number[] } = { a: [], b: [] };
  const backends = { a, b };
  if (warmup > 0) for (const backend of [a, b]) await sample(backend, 0, warmup, now);
  for (let round = 0; round < rounds; round++) {
    const first = leads(round);
    for (const side of [first, first === 'a' ? 'b' : 'a'] as const)
      times[side].push(await sample(backends[side], warmup + round * steps, steps, now));
    onRound?.(round + 1);
  }
  return {
    ...times,
    medianA: quantile(times.a, 0.5),
    medianB: quantile(times.b, 0.5),
    meanA: mean(times.a),
    meanB: mean(times.b),
    comparison: comparePaired(times.b, times.a),
  };
}

/** Events of one side until `steps` of its training steps were seen. */
async function turn<Return>(
  events: AsyncGenerator<RunEvent, Return>,
  steps: number,
  onEvent?: (event: RunEvent) => void,
): Promise<{ readonly ended: boolean; readonly status: Return | null }> {
  for (let seen = 0; seen < steps;) {
    const { value, done } = await events.next();
    if (done) return { ended: true, status: value };
    onEvent?.(value);
    if (value.type === 'metric' && value.metric.event === 'step') seen++;
  }
  return { ended: false, status: null };
}

/**
 * Two whole runs in turns on one device, `steps` steps each, A B B A A B ...: with one seed both see the same batches at the same
 * step. Neither run changes by it. Resolves with how each ended.
 */
export async function interleaveRuns<Return>(
  a: AsyncGenerator<RunEvent, Return>,
  b: AsyncGenerator<RunEvent, Return>,
  steps: number,
  onEvent?: (side: 'a' | 'b', event: RunEvent) => void,
): Promise<{ readonly a: Return; readonly b: Return }> {
  const events = { a, b };
  const ended: { a?: Return; b?: Return } = {};
  for (let round = 0; !('a' in ended && 'b' in ended); round++) {
    const first = leads(round);
    for (const side of [first, first === 'a' ? 'b' : 'a'] as const) {
      if (side in ended) continue;
      const found = await turn(events[side], steps, (event) => onEvent?.(side, event));
      if (found.ended) ended[side] = found.status!;
    }
  }
  return ended as { a: Return; b: Return };
}
