/**
 * Values of one head compressed after training: a monotone warp of every dimension, then PCA (`kvs-spline`). Spec:
 * attention-and-kv 5.7. Rows v [D] are stored as (g(v) - mean) P, k numbers, and restored as g^-1(z P^T + mean).
 *
 *   knots   quantiles of the samples, 7 in the source
 *   slopes  softplus(delta) + 1e-4, divided by their mean over the knots' range, at least 1e-6; the end ones go on outside
 *   g       (height + slope (x - knot)) (softplus(a) + 1e-3) + s
 *
 * With delta = a = s = 0 all g are one affine map and the result is plain PCA. Fitted by central differences of the MSE, one
 * dimension at a time; a warp that does not beat PCA on the calibration rows is dropped.
 */
import { type Symmetric, eigenvectors } from '@/fisher/trace-spectrum';

const KNOTS = 7;
/** delta of every segment, a, s. */
const parameterCount = (knots: number): number => knots - 1 + 2;

export interface Warp {
  readonly knots: readonly number[];
  readonly heights: readonly number[];
  readonly slopes: readonly number[];
  readonly gain: number;
  readonly shift: number;
}

const softplus = (x: number): number => (x > 30 ? x : Math.log1p(Math.exp(x)));

/** A warp from its knots and [delta of every segment, a, s]. */
export function warpOf(knots: readonly number[], parameters: ArrayLike<number>): Warp {
  const segments = knots.length - 1;
  const widths = Array.from({ length: segments }, (_, i) => knots[i + 1]! - knots[i]!);
  const raw = widths.map((_, i) => softplus(parameters[i]!) + 1e-4);
  const range = widths.reduce((a, b) => a + b, 0);
  const mean = range > 0 ? raw.reduce((sum, m, i) => sum + m * widths[i]!, 0) / range : 1;
  const slopes = raw.map((m) => Math.max(m / mean, 1e-6));
  const heights = [0];
  slopes.forEach((m, i) => heights.push(heights[i]! + m * widths[i]!));
  return { knots, heights, slopes, gain: softplus(parameters[segments]!) + 1e-3, shift: parameters[segments + 1]! };
}

/** Index of the segment of `edges` that holds x; the end segments go on. */
function segment(edges: readonly number[], x: number): number {
  let at = 0;
  while (at < edges.length - 2 && x >= edges[at + 1]!) at++;
  return at;
}

export function warp({ knots, heights, slopes, gain, shift }: Warp, x: number): number {
  const at = segment(knots, x);
  return (heights[at]! + slopes[at]! * (x - knots[at]!)) * gain + shift;
}

export function unwarp({ knots, heights, slopes, gain, shift }: Warp, y: number): number {
  const height = (y - shift) / gain;
  const at = segment(heights, height);
  return knots[at]! + (height - heights[at]!) / slopes[at]!;
}

export interface SplineCode {
  readonly width: number;
  /** One a dimension. */
  readonly warps: readonly Warp[];
  readonly mean: Float64Array;
  /** The k leading directions, [D] each. */
  readonly basis: readonly Float64Array[];
}

/** The leading k directions of the warped rows [n, width]. Throws RangeError for a rank that no width has. */
function pcaOf(rows: ArrayLike<number>, width: number, k: number, warps: readonly Warp[]): SplineCode {
  if (!(Number.isInteger(k) && k >= 1 && k <= width))
    throw new RangeError(`rank ${k} must be 1 to ${width}, the width of a head`);
  const n = rows.length / width;
  const z = Float64Array.from({ length: rows.length }, (_, i) => warp(warps[i % width]!, rows[i]!));
  const mean = new Float64Array(width);
  z.forEach((x, i) => (mean[i % width]! += x / n));
  const covariance: Symmetric = { n: width, values: new Float64Array(width * width) };
  for (let r = 0; r < n; r++)
    for (let a = 0; a < width; a++)
      for (let b = 0; b < width; b++)
        covariance.values[a * width + b]! += ((z[r * width + a]! - mean[a]!) * (z[r * width + b]! - mean[b]!)) / n;
  return { width, warps, mean, basis: eigenvectors(covariance).vectors.slice(0, k) };
}

/** The k numbers that a decoder would keep of a row [width]. */
export const encode = ({ warps, mean, basis }: SplineCode, row: ArrayLike<number>): number[] =>
  basis.map((direction) => direction.reduce((sum, p, j) => sum + p * (warp(warps[j]!, row[j]!) - mean[j]!), 0));

export const decode = ({ warps, mean, basis }: SplineCode, code: readonly number[]): number[] =>
  warps.map((w, j) => unwarp(w, basis.reduce((sum, direction, i) => sum + direction[j]! * code[i]!, mean[j]!))); // prettier-ignore

/** Mean squared error of the rows [n, width] through the code. */
export function reconstructionError(code: SplineCode, rows: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < rows.length; at += code.width) {
    const row = Array.from({ length: code.width }, (_, j) => rows[at + j]!);
    decode(code, encode(code, row)).forEach((x, j) => (sum += (x - row[j]!) ** 2));
  }
  return sum / rows.length;
}

function quantileKnots(rows: ArrayLike<number>, width: number, dimension: number, count: number): number[] {
  const values = Array.from({ length: rows.length / width }, (_, r) => rows[r * width + dimension]!).sort((a, b) => a - b); // prettier-ignore
  return Array.from({ length: count }, (_, i) => {
    const at = (i / (count - 1)) * (values.length - 1);
    const low = Math.floor(at);
    return values[low]! + (at - low) * ((values[low + 1] ?? values[low]!) - values[low]!);
  });
}

/** Plain PCA as an untrained code: the start of every fit, and what it falls back to. */
export function untrainedCode(rows: ArrayLike<number>, width: number, k: number, knots = KNOTS): SplineCode {
  if (!(Number.isInteger(knots) && knots >= 2))
    throw new RangeError(`${knots} knots: give at least 2, the ends of the range`);
  const zero = new Float64Array(parameterCount(knots));
  const warps = Array.from({ length: width }, (_, j) => warpOf(quantileKnots(rows, width, j, knots), zero));
  return pcaOf(rows, width, k, warps);
}

const STEP = 1e-3;

/** Fits the warps to rows [n, width]: `epochs` rounds of descent with PCA refitted before each. Never worse than PCA on `rows`. */
export function fitCode(
  rows: ArrayLike<number>,
  width: number,
  k: number,
  epochs = 8,
  rate = 0.2,
  knots = KNOTS,
): SplineCode {
  const start = untrainedCode(rows, width, k, knots);
  const parameters = start.warps.map(() => new Float64Array(parameterCount(knots)));
  let best = { code: start, error: reconstructionError(start, rows) };
  for (let epoch = 0; epoch < epochs; epoch++) {
    const warps = parameters.map((p, j) => warpOf(start.warps[j]!.knots, p));
    const fixed = pcaOf(rows, width, k, warps);
    const errorWith = (j: number, p: Float64Array): number =>
      reconstructionError({ ...fixed, warps: warps.with(j, warpOf(start.warps[j]!.knots, p)) }, rows);
    const slopes = parameters.map((p, j) =>
      p.map((x, i) => (errorWith(j, p.with(i, x + STEP)) - errorWith(j, p.with(i, x - STEP))) / (2 * STEP)),
    );
    const norm = Math.hypot(...slopes.flatMap((s) => [...s])) || 1;
    parameters.forEach((p, j) => p.forEach((x, i) => (p[i] = x - (rate * slopes[j]![i]!) / norm)));
    const code = pcaOf(rows, width, k, parameters.map((p, j) => warpOf(start.warps[j]!.knots, p))); // prettier-ignore
    const error = reconstructionError(code, rows);
    if (error < best.error) best = { code, error };
  }
  return best.code;
}
