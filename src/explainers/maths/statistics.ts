/** Correlation, its p value and its interval. Source: workflow-and-explainers 6. */

/** Pearson's r of two equally long series. NaN when one of them is constant or fewer than two points are given. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  if (x.length !== y.length) throw new RangeError(`pearson: ${x.length} x values but ${y.length} y values`);
  const n = x.length;
  if (n < 2) return Number.NaN;
  const mx = mean(x);
  const my = mean(y);
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [a, b] = [x[i] - mx, y[i] - my];
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xx > 0 && yy > 0 ? clampUnit(xy / Math.sqrt(xx * yy)) : Number.NaN;
}

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const out = new Array<number>(values.length);
  for (let i = 0; i < order.length;) {
    let j = i;
    while (j + 1 < order.length && values[order[j + 1]] === values[order[i]]) j++;
    for (let k = i; k <= j; k++) out[order[k]] = (i + j) / 2 + 1;
    i = j + 1;
  }
  return out;
}

/** Two-sided p of a correlation r of n points under Student's t with n-2 degrees of freedom; NaN for n < 3. */
export function correlationP(r: number, n: number): number {
  if (n < 3 || !Number.isFinite(r)) return Number.NaN;
  const rest = 1 - r * r;
  return rest <= 0 ? 0 : regularisedBeta(rest, (n - 2) / 2, 0.5);
}

/** Smallest |r| of n points that is significant at level alpha (two-sided), by bisection on `correlationP`. */
export function criticalR(n: number, alpha = 0.05): number {
  let [lo, hi] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const mid = (lo + hi) / 2;
    if (correlationP(mid, n) > alpha) lo = mid;
    else hi = mid;
  }
  return (lo + hi) / 2;
}

/** Variance of atanh(r), times n - 3: of ranks (Fieller) and of normal values. */
export const SPEARMAN = 1.06;
export const PEARSON = 1;
const Z95 = 1.959963984540054;

/** 95 % interval of a correlation by Fisher's z, standard error sqrt(variance/(n-3)). Null for n < 4 and |r| = 1. */
export function fisherInterval(r: number, n: number, variance = SPEARMAN): readonly [number, number] | null {
  if (n < 4 || !(Math.abs(r) < 1)) return null;
  const half = Z95 * Math.sqrt(variance / (n - 3));
  return [Math.tanh(Math.atanh(r) - half), Math.tanh(Math.atanh(r) + half)];
}

export type PMethod = 't' | 'exact' | 'permutation';
/** The largest n for which all n! orders are visited (362,880). */
export const EXACT_LIMIT = 9;

export interface SpearmanResult {
  readonly rho: number;
  readonly p: number;
  readonly interval: readonly [number, number] | null;
  readonly n: number;
}

/**
 * Spearman's rank correlation.
 * `exact` visits every order of y and needs n <= 9; `permutation` draws `draws` of them from a seeded generator and counts the
 * observed order among them, so p is never zero.
 */
export function spearman(
  x: readonly number[],
  y: readonly number[],
  { p = 't', draws = 9999, seed = 1 }: { p?: PMethod; draws?: number; seed?: number } = {},
): SpearmanResult {
  const [rx, ry] = [ranks(x), ranks(y)];
  const n = x.length;
  const rho = pearson(rx, ry);
  return { rho, p: pValue(rx, ry, rho, p, draws, seed), interval: fisherInterval(rho, n), n };
}

function pValue(rx: number[], ry: number[], rho: number, method: PMethod, draws: number, seed: number): number {
  if (!Number.isFinite(rho)) return Number.NaN;
  switch (method) {
    case 't':
      return correlationP(rho, rx.length);
    case 'exact':
      if (rx.length > EXACT_LIMIT) {
        throw new RangeError(`exact p needs at most ${EXACT_LIMIT} points, got ${rx.length}: use 't' or 'permutation'`);
      }
      return exactP(rx, ry, rho);
    case 'permutation':
      return sampledP(rx, ry, rho, draws, seed);
  }
}

/** Products of ranks that differ by rounding alone count as equal. */
const SLACK = 1e-12;

function exactP(rx: number[], ry: number[], rho: number): number {
  const y = [...ry];
  let [hits, total] = [0, 0];
  const visit = (k: number): void => {
    if (k === y.length) {
      total++;
      if (Math.abs(pearson(rx, y)) >= Math.abs(rho) - SLACK) hits++;
      return;
    }
    for (let i = k; i < y.length; i++) {
      [y[k], y[i]] = [y[i], y[k]];
      visit(k + 1);
      [y[k], y[i]] = [y[i], y[k]];
    }
  };
  visit(0);
  return hits / total;
}

function sampledP(rx: number[], ry: number[], rho: number, draws: number, seed: number): number {
  const random = mulberry32(seed);
  const y = [...ry];
  let hits = 1;
  for (let d = 0; d < draws; d++) {
    for (let i = y.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [y[i], y[j]] = [y[j], y[i]];
    }
    if (Math.abs(pearson(rx, y)) >= Math.abs(rho) - SLACK) hits++;
  }
  return hits / (draws + 1);
}

/** Uniform numbers in [0, 1), 32 bits of state. */
export function mulberry32(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
const clampUnit = (v: number): number => Math.min(1, Math.max(-1, v));

/** I_x(a, b) by Lentz's continued fraction (Numerical Recipes 6.4), to about 1e-14. */
export function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  const away = (v: number): number => (Math.abs(v) < 1e-300 ? 1e-300 : v);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return h;
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0 (Lanczos, g = 7). */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  const sum = LANCZOS.slice(1).reduce((s, c, i) => s + c / (x + i), LANCZOS[0]);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}
