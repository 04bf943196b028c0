/** Pearson and Spearman correlation, p-values and Fisher's interval (workflow-and-explainers 6). */
import { normalQuantile, studentTwoSided } from './special';
import { drawIndex, mean } from './summary';

export interface Correlation {
  readonly r: number;
  /** Two-sided. */
  readonly p: number;
  readonly n: number;
}

export type PMethod =
  | { readonly p: 't' }
  /** All n! orders: n of at most 9. */
  | { readonly p: 'exact' }
  | { readonly p: 'permutation'; readonly seed: number; readonly draws: number };

function sameLength(x: readonly number[], y: readonly number[]): void {
  if (x.length !== y.length) throw new RangeError(`${x.length} values cannot be paired with ${y.length}`);
  if (x.length < 2) throw new RangeError('a correlation needs at least two pairs');
}

/** r = sum (x - mx)(y - my) / sqrt(sum (x - mx)^2 sum (y - my)^2); NaN when one side is constant. */
export function pearsonR(x: readonly number[], y: readonly number[]): number {
  sameLength(x, y);
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mx, y[i]! - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  if (xx === 0 || yy === 0) return NaN;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

/** Two-sided p of a correlation of n pairs: t = r sqrt((n - 2) / (1 - r^2)) with n - 2 degrees of freedom. */
export const correlationP = (r: number, n: number): number =>
  studentTwoSided(r * Math.sqrt((n - 2) / (1 - r * r)), n - 2);

/** Ranks from 1; ties share their mean rank. */
export function ranks(x: readonly number[]): number[] {
  const order = x.map((_, i) => i).sort((a, b) => x[a]! - x[b]!);
  const out = new Array<number>(x.length);
  for (let i = 0; i < order.length;) {
    let j = i;
    while (j < order.length && x[order[j]!] === x[order[i]!]) j++;
    for (let k = i; k < j; k++) out[order[k]!] = (i + 1 + j) / 2;
    i = j;
  }
  return out;
}

function* orders(n: number): Generator<number[]> {
  const at = Array.from({ length: n }, (_, i) => i);
  const counter = new Array<number>(n).fill(0);
  yield at;
  for (let i = 0; i < n;) {
    if (counter[i]! >= i) {
      counter[i++] = 0;
      continue;
    }
    const j = i % 2 === 0 ? 0 : counter[i]!;
    [at[i], at[j]] = [at[j]!, at[i]!];
    yield at;
    counter[i]!++;
    i = 0;
  }
}

function* randomOrders(n: number, seed: number, draws: number): Generator<number[]> {
  for (let d = 0; d < draws; d++) {
    const at = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = drawIndex(seed, d, i, i + 1);
      [at[i], at[j]] = [at[j]!, at[i]!];
    }
    yield at;
  }
}

/** Share of orders of y whose |r| is at least that found; with random orders the found one counts too (never 0). */
function permutationP(
  x: readonly number[],
  y: readonly number[],
  r: number,
  method: Exclude<PMethod, { p: 't' }>,
): number {
  const n = x.length;
  if (method.p === 'exact' && n > 9)
    throw new RangeError(`an exact p of ${n} pairs needs ${n}! orders: at most 9 pairs`);
  const list = method.p === 'exact' ? orders(n) : randomOrders(n, method.seed, method.draws);
  let [hits, count] = method.p === 'exact' ? [0, 0] : [1, 1];
  for (const order of list) {
    if (
      Math.abs(
        pearsonR(
          x,
          order.map((i) => y[i]!),
        ),
      ) >=
      Math.abs(r) - 1e-12
    )
      hits++;
    count++;
  }
  return hits / count;
}

export function pearson(x: readonly number[], y: readonly number[], method: PMethod = { p: 't' }): Correlation {
  const r = pearsonR(x, y);
  const p = method.p === 't' ? correlationP(r, x.length) : permutationP(x, y, r, method);
  return { r, p, n: x.length };
}

/** Pearson's r of the ranks. */
export const spearman = (x: readonly number[], y: readonly number[], method: PMethod = { p: 't' }): Correlation =>
  pearson(ranks(x), ranks(y), method);

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Fisher's z interval: atanh r +- z se; se sqrt(1.06 / (n - 3)) for Spearman (Fieller), 1 / sqrt(n - 3) for Pearson. n > 3. */
export function fisherInterval(r: number, n: number, kind: 'pearson' | 'spearman', level = 0.95): Interval {
  const se = Math.sqrt((kind === 'spearman' ? 1.06 : 1) / (n - 3));
  const half = normalQuantile((1 + level) / 2) * se;
  const z = Math.atanh(r);
  return { low: Math.tanh(z - half), high: Math.tanh(z + half) };
}
