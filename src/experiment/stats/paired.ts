/** Paired comparison of runs with equal seeds: differences, a sign-flip permutation test, bootstrap intervals, Holm's correction. */
import type { Interval } from './correlation';
import { drawIndex, mean, quantile, standardDeviation } from './summary';

/** Up to here all 2^n sign patterns are counted. */
const EXACT_N = 16;
const DRAWS = 20000;

export interface PermutationTest {
  /** Two-sided. */
  readonly p: number;
  readonly exact: boolean;
  /** The smallest p that this many pairs can give: 2 / 2^n. */
  readonly floor: number;
}

/**
 * H0: the sign of each difference is a coin toss. Counts the sign patterns whose |sum| is at least that found: all of them for
 * n <= 16, else 20,000 seeded draws and the found one.
 */
export function pairedPermutation(differences: readonly number[], seed = 0): PermutationTest {
  const n = differences.length;
  if (n === 0) throw new RangeError('no pairs to test');
  const found = Math.abs(differences.reduce((a, b) => a + b, 0));
  const slack = 1e-12 * differences.reduce((a, b) => a + Math.abs(b), 0);
  const floor = 2 / 2 ** n;
  const exact = n <= EXACT_N;
  const patterns = exact ? 2 ** n : DRAWS;
  let hits = exact ? 0 : 1;
  for (let pattern = 0; pattern < patterns; pattern++) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const flip = exact ? (pattern >> i) & 1 : drawIndex(seed, pattern, i, 2);
      sum += flip ? -differences[i]! : differences[i]!;
    }
    if (Math.abs(sum) >= found - slack) hits++;
  }
  return { p: hits / (exact ? patterns : patterns + 1), exact, floor };
}

/** Percentile interval of a statistic over `draws` seeded resamples with replacement. */
export function bootstrap(
  values: readonly number[],
  statistic: (sample: readonly number[]) => number = mean,
  {
    level = 0.95,
    draws = 1000,
    seed = 0,
  }: { readonly level?: number; readonly draws?: number; readonly seed?: number } = {},
): Interval {
  const n = values.length;
  const found = Array.from({ length: draws }, (_, d) =>
    statistic(values.map((_value, i) => values[drawIndex(seed, d, i, n)]!)),
  );
  return { low: quantile(found, (1 - level) / 2), high: quantile(found, (1 + level) / 2) };
}

/** p-values adjusted for their number (Holm 1979): order kept, monotone, at most 1. */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!);
  const out = new Array<number>(p.length);
  let running = 0;
  order.forEach((index, k) => {
    running = Math.max(running, Math.min(1, p[index]! * (p.length - k)));
    out[index] = running;
  });
  return out;
}

export interface PairedComparison {
  readonly n: number;
  /** Mean of (value - baseline) / baseline. */
  readonly relative: number;
  /** Of the relative differences; NaN for one pair. */
  readonly spread: number;
  /** 95 % bootstrap interval of the mean relative difference; null below three pairs. */
  readonly interval: Interval | null;
  readonly test: PermutationTest;
}

/** Values and baselines in the same order of seeds. Throws RangeError when they cannot be paired. */
export function comparePaired(values: readonly number[], baseline: readonly number[], seed = 0): PairedComparison {
  if (values.length !== baseline.length)
    throw new RangeError(`${values.length} values and ${baseline.length} baselines`);
  const relative = values.map((value, i) => (value - baseline[i]!) / baseline[i]!);
  return {
    n: values.length,
    relative: mean(relative),
    spread: standardDeviation(relative),
    interval: values.length < 3 ? null : bootstrap(relative, mean, { seed }),
    test: pairedPermutation(relative, seed),
  };
}
