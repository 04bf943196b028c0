/** Rotary position embedding. Spec: attention-and-kv 4; arXiv:2104.09864. */
import { type Op, ShapeError, bytesOf, colsOf, rowsOf, sizeOf } from '../types';

export interface RopeAttrs {
  readonly nHead: number;
  readonly theta: number;
  /** Rotates the other way: the gradient. */
  readonly inverse?: boolean;
  /** Position of the first row; 0 in training. */
  readonly offset?: number;
}

/** Angle per position of pair m of a head of width d: theta^(-2m/d). */
export const ropeFrequency = (m: number, d: number, theta: number): number => theta ** ((-2 * m) / d);

/**
 * x [B, T, heads * d], d even: pairs (m, m + d/2) of every head turn by position * theta^(-2m/d). Norms are kept. With a
 * second input positions u32 [B] (decoding) row t of b stands at positions[b] + t.
 */
export const rope: Op<RopeAttrs> = {
  name: 'rope',
  infer([x], { nHead }) {
    if (!x || x.shape.length !== 3)
      throw new ShapeError('rope', 'x must be [batch, seq, heads * width]', [x?.shape ?? []]);
    const d = colsOf(x.shape) / nHead;
    if (!Number.isInteger(d) || d % 2 !== 0)
      throw new ShapeError('rope', `${nHead} heads of ${colsOf(x.shape)} columns have no even width`, [x.shape]);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  gradient: (graph, node, [d]) => [d ? graph.apply1(rope, [d], { ...node.attrs, inverse: !node.attrs.inverse }) : null],
  cost: (node) => ({ flops: 3 * sizeOf(node.outputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [x, positions], [y]) {
    const { nHead, theta, inverse = false, offset = 0 } = node.attrs;
    const { shape } = node.outputs[0]!;
    const width = colsOf(shape);
    const seq = shape[1]!;
    const d = width / nHead;
    const half = d / 2;
    for (let row = 0; row < rowsOf(shape); row++)
      for (let m = 0; m < half; m++) {
        const first = positions ? positions[Math.floor(row / seq)]! : offset;
        const angle = (first + (row % seq)) * ropeFrequency(m, d, theta) * (inverse ? -1 : 1);
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        for (let h = 0; h < nHead; h++) {
          const at = row * width + h * d + m;
          const [a, b] = [x![at]!, x![at + half]!];
          y![at] = a * cos - b * sin;
          y![at + half] = a * sin + b * cos;
        }
      }
  },
};
