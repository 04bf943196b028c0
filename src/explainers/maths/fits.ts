/** Least-squares fits of decode measurements. Source: workflow-and-explainers 4.4. */
import { mean } from './statistics';

export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly r2: number;
}

/** y = a + b x. */
export function fitAffine(x: readonly number[], y: readonly number[]): Affine {
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx] = [0, 0];
  x.forEach((v, i) => {
    xy += (v - mx) * (y[i] - my);
    xx += (v - mx) ** 2;
  });
  const b = xy / xx;
  const a = my - b * mx;
  return {
    a,
    b,
    r2: r2(
      y,
      x.map((v) => a + b * v),
    ),
  };
}

/** 1 - SS_res/SS_tot. */
export function r2(y: readonly number[], predicted: readonly number[]): number {
  const m = mean(y);
  let [rest, total] = [0, 0];
  y.forEach((v, i) => {
    rest += (v - predicted[i]) ** 2;
    total += (v - m) ** 2;
  });
  return 1 - rest / total;
}

export interface Hill {
  readonly sMax: number;
  readonly bHalf: number;
  readonly gamma: number;
}

/** S(B) = S_max B^γ / (B_half^γ + B^γ). */
export const hill = ({ sMax, bHalf, gamma }: Hill, b: number): number => sMax / (1 + (bHalf / b) ** gamma);

export interface HillFit extends Hill {
  readonly r2: number;
}

/**
 * Least squares on S by Levenberg-Marquardt over log-parameters, so that all stay positive.
 * `gamma: 1` holds the exponent (two parameters). Start: S_max 1.5 max, B_half median, γ 1.
 */
export function fitHill(b: readonly number[], s: readonly number[], { gamma }: { gamma?: 1 } = {}): HillFit {
  const free = gamma === 1 ? 2 : 3;
  const sorted = [...b].sort((p, q) => p - q);
  const unpack = (p: readonly number[]): Hill => ({
    sMax: Math.exp(p[0]),
    bHalf: Math.exp(p[1]),
    gamma: free === 3 ? Math.exp(p[2]) : 1,
  });
  const start = [Math.log(1.5 * Math.max(...s)), Math.log(sorted[sorted.length >> 1]), 0].slice(0, free);
  const found = minimise((p) => b.map((v, i) => hill(unpack(p), v) - s[i]), start);
  const fit = unpack(found);
  return {
    ...fit,
    r2: r2(
      s,
      b.map((v) => hill(fit, v)),
    ),
  };
}

type Residuals = (p: readonly number[]) => number[];
const squares = (r: readonly number[]): number => r.reduce((t, v) => t + v * v, 0);

/** Levenberg-Marquardt with central differences. Stops when a step no longer lowers the sum of squares. */
function minimise(residuals: Residuals, start: readonly number[]): number[] {
  let p = [...start];
  let r = residuals(p);
  let damping = 1e-3;
  for (let iteration = 0; iteration < 500 && damping < 1e12; iteration++) {
    const columns = p.map((_, j) => derivative(residuals, p, j));
    const normal = columns.map((u) => columns.map((v) => u.reduce((t, a, i) => t + a * v[i], 0)));
    const gradient = columns.map((u) => u.reduce((t, a, i) => t + a * r[i], 0));
    const step = solve(
      normal.map((row, i) => row.map((v, j) => (i === j ? v * (1 + damping) : v))),
      gradient,
    );
    const next = p.map((v, i) => v - step[i]);
    const trial = residuals(next);
    if (squares(trial) < squares(r)) {
      p = next;
      r = trial;
      damping /= 10;
    } else damping *= 10;
  }
  return p;
}

function derivative(residuals: Residuals, p: readonly number[], j: number): number[] {
  const h = 1e-6;
  const up = residuals(p.map((v, i) => (i === j ? v + h : v)));
  const down = residuals(p.map((v, i) => (i === j ? v - h : v)));
  return up.map((v, i) => (v - down[i]) / (2 * h));
}

/** Gaussian elimination with partial pivots; the systems here have two or three unknowns. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const m = matrix.map((row, i) => [...row, right[i]]);
  const n = m.length;
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(m[r][c]) > Math.abs(m[pivot][c])) pivot = r;
    [m[c], m[pivot]] = [m[pivot], m[c]];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const f = m[r][c] / m[c][c];
      for (let k = c; k <= n; k++) m[r][k] -= f * m[c][k];
    }
  }
  return m.map((row, i) => row[n] / row[i]);
}
