/** Means, spreads, quantiles and seeded draws. */
import { philox4x32 } from '@/data/random';

export const mean = (x: readonly number[]): number => x.reduce((sum, v) => sum + v, 0) / x.length;

/** Sample standard deviation (n - 1); NaN below two values: one run has no spread. */
export function standardDeviation(x: readonly number[]): number {
  if (x.length < 2) return NaN;
  const m = mean(x);
  return Math.sqrt(x.reduce((sum, v) => sum + (v - m) ** 2, 0) / (x.length - 1));
}

/** Quantile by linear interpolation between order statistics (type 7, as NumPy's default). */
export function quantile(x: readonly number[], q: number): number {
  const sorted = x.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}

const KEY = 0x57415453;

/** Draw `index` of repetition `repetition`, uniform over 0 .. n - 1 (bias below n / 2^32); the same everywhere. */
export function drawIndex(seed: number, repetition: number, index: number, n: number): number {
  const words = philox4x32([index >>> 2, repetition, 0, 0], [seed, KEY]);
  return Math.floor((words[index & 3]! / 2 ** 32) * n);
}

export const median = (x: readonly number[]): number => quantile(x, 0.5);

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
}

export const spread = (x: readonly number[]): Spread => ({
  median: median(x),
  least: Math.min(...x),
  greatest: Math.max(...x),
});
