/** The laws of the decode lane: affine latency, inverse bandwidth, Hill saturation (workflow-and-explainers 4.4). */
import { median } from '../stats/summary';
import type { Model, Sample } from './envelope';

function leastSquares(points: readonly Sample[], of: (x: number) => number): { a: number; b: number } {
  const n = points.length;
  const xs = points.map((p) => of(p.x));
  const [mx, my] = [xs.reduce((s, x) => s + x, 0) / n, points.reduce((s, p) => s + p.y, 0) / n];
  const xx = xs.reduce((s, x) => s + (x - mx) ** 2, 0);
  if (n < 2 || xx === 0) throw new RangeError('a line needs two different abscissas');
  const b = points.reduce((s, p, i) => s + (xs[i]! - mx) * (p.y - my), 0) / xx;
  return { a: my - b * mx, b };
}

/** t = a + b x, ordinary least squares. x is a batch, a context, or their product. */
export const affine = (x: string, xUnit: string): Model<'a' | 'b'> => ({
  name: `t_ms = a + b * ${x}`,
  parameters: ['a', 'b'],
  units: { a: 'ms', b: `ms/${xUnit}`, x: xUnit, y: 'ms' },
  predict: (at, { a, b }) => a + b * at,
  solve: (points) => ({ params: leastSquares(points, (v) => v), converged: true }),
});

/** t = a + b / BW across devices; b in MB (ms GB/s) are the effective bytes a token. */
export const inverseBandwidth: Model<'a' | 'b'> = {
  name: 't_ms = a + b / BW',
  parameters: ['a', 'b'],
  units: { a: 'ms', b: 'MB', x: 'GB/s', y: 'ms' },
  predict: (bw, { a, b }) => a + b / bw,
  solve: (points) => ({ params: leastSquares(points, (bw) => 1 / bw), converged: true }),
};

type Hill = 'sMax' | 'bHalf' | 'gamma';
const hillValue = (x: number, s: number, half: number, gamma: number): number => s / (1 + (half / x) ** gamma);

/** Solves the n by n system by elimination with pivots; null when it is singular. */
function solveLinear(matrix: number[][], right: number[]): number[] | null {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let c = 0; c < n; c++) {
    const pivot = rows
      .slice(c)
      .reduce((best, row, i) => (Math.abs(row[c]!) > Math.abs(rows[best]![c]!) ? c + i : best), c);
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    if (!(Math.abs(rows[c]![c]!) > 1e-300)) return null;
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = rows[r]![c]! / rows[c]![c]!;
      for (let k = c; k <= n; k++) rows[r]![k]! -= factor * rows[c]![k]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

/** Levenberg-Marquardt over the logarithms of the parameters, which keeps them positive. Analytic derivatives. */
function solveHill(
  points: readonly Sample[],
  free: readonly Hill[],
): { params: Record<Hill, number>; converged: boolean } {
  if (points.length < free.length)
    throw new RangeError(`${free.length} parameters need at least as many points, not ${points.length}`);
  let theta = [Math.log(1.5 * Math.max(...points.map((p) => p.y))), Math.log(median(points.map((p) => p.x))), 0];
  const valueAt = (t: readonly number[], x: number): number =>
    hillValue(x, Math.exp(t[0]!), Math.exp(t[1]!), Math.exp(t[2]!));
  const cost = (t: readonly number[]): number => points.reduce((sum, p) => sum + (p.y - valueAt(t, p.x)) ** 2, 0);
  const index: Record<Hill, number> = { sMax: 0, bHalf: 1, gamma: 2 };
  const columns = free.map((name) => index[name]);
  let lambda = 1e-3;
  let current = cost(theta);
  let converged = false;
  for (let iteration = 0; iteration < 500 && !converged; iteration++) {
    const normal = columns.map(() => columns.map(() => 0));
    const gradient = columns.map(() => 0);
    for (const { x, y } of points) {
      const [half, gamma] = [Math.exp(theta[1]!), Math.exp(theta[2]!)];
      const s = valueAt(theta, x);
      const share = 1 - s / Math.exp(theta[0]!); // (half/x)^gamma / (1 + ...)
      const d = [s, -s * share * gamma, -s * share * gamma * Math.log(half / x)];
      columns.forEach((ci, i) => {
        gradient[i]! += d[ci]! * (y - s);
        columns.forEach((cj, j) => (normal[i]![j]! += d[ci]! * d[cj]!));
      });
    }
    const step = solveLinear(normal.map((row, i) => row.map((v, j) => (i === j ? v * (1 + lambda) : v))), gradient); // prettier-ignore
    const next = theta.slice();
    if (step) columns.forEach((c, i) => (next[c]! += Math.max(-2, Math.min(2, step[i]!))));
    const after = step ? cost(next) : Infinity;
    if (after <= current) {
      converged = columns.every((c) => Math.abs(next[c]! - theta[c]!) < 1e-12) || after === 0;
      theta = next;
      current = after;
      lambda = Math.max(lambda / 10, 1e-12);
    } else if (lambda > 1e12) converged = true;
    else lambda *= 10;
  }
  return { params: { sMax: Math.exp(theta[0]!), bHalf: Math.exp(theta[1]!), gamma: Math.exp(theta[2]!) }, converged };
}

const HILL_UNITS = { sMax: 'tok/s', bHalf: 'sequences', gamma: '1', x: 'sequences', y: 'tok/s' };

/** S = S_max B^g / (B_half^g + B^g). */
export const hill3: Model<Hill> = {
  name: 'S = s_max * B^gamma / (b_half^gamma + B^gamma)',
  parameters: ['sMax', 'bHalf', 'gamma'],
  units: HILL_UNITS,
  predict: (x, { sMax, bHalf, gamma }) => hillValue(x, sMax, bHalf, gamma),
  solve: (points) => solveHill(points, ['sMax', 'bHalf', 'gamma']),
};

/** gamma = 1: the same law as affine latency, t = (B_half + B) / S_max. */
export const hill2: Model<'sMax' | 'bHalf'> = {
  name: 'S = s_max * B / (b_half + B)',
  parameters: ['sMax', 'bHalf'],
  units: HILL_UNITS,
  predict: (x, { sMax, bHalf }) => hillValue(x, sMax, bHalf, 1),
  solve: (points) => solveHill(points, ['sMax', 'bHalf']),
};
