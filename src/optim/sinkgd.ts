/**
 * SinkGD in f64: stateless descent along the Sinkhorn-balanced gradient. Spec: optimizers-pruning-fisher 1.1.
 *
 *   matrices   5 rounds of { rows / their L1 norm, columns / their L1 norm, tanh(x / 0.1) }, then scaled to the gradient's RMS
 *   vectors    x / its L1 norm, then tanh(x / 0.1), scaled likewise
 */
import type { TensorUpdate, UpdateHyper } from './kinds';

export const SINK_ROUNDS = 5;
export const SINK_TEMPERATURE = 0.1;
/** Added to an L1 norm, so that a line of zeros stays zero. */
export const SINK_EPS = 1e-20;

/** Divides a line of x (first element, stride, length) by its L1 norm. */
function normaliseLine(x: Float64Array, first: number, stride: number, n: number): void {
  let sum = SINK_EPS;
  for (let i = 0; i < n; i++) sum += Math.abs(x[first + i * stride]!);
  for (let i = 0; i < n; i++) x[first + i * stride]! /= sum;
}

/** The direction for a gradient of this shape; the RMS of the result equals that of the gradient. */
export function sinkDirection(g: ArrayLike<number>, shape: readonly number[]): Float64Array {
  const x = Float64Array.from(g);
  const cols = shape.at(-1) ?? 1;
  const rows = x.length / cols;
  const vector = shape.length < 2;
  for (let round = 0; round < (vector ? 1 : SINK_ROUNDS); round++) {
    for (let r = 0; r < rows; r++) normaliseLine(x, r * cols, 1, cols);
    if (!vector) for (let c = 0; c < cols; c++) normaliseLine(x, c, cols, rows);
    for (let i = 0; i < x.length; i++) x[i] = Math.tanh(x[i]! / SINK_TEMPERATURE);
  }
  const square = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value * value, 0);
  const after = square(x);
  const scale = after > 0 ? Math.sqrt(square(g) / after) : 0;
  return x.map((value) => value * scale);
}

/** Updates w in place; decay first. */
export function sinkgdStep({ w, g, shape, coefficient, decay }: TensorUpdate, { lr, weightDecay }: UpdateHyper): void {
  const clipped = Float64Array.from(g, (value) => value * coefficient);
  const direction = sinkDirection(clipped, shape);
  const keep = decay ? 1 - lr * weightDecay : 1;
  for (let i = 0; i < w.length; i++) w[i] = w[i]! * keep - lr * direction[i]!;
}
