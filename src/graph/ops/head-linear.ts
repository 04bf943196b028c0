/** A linear map a head, from blocks of one weight: what moves an up-projection from keys and values to queries and outputs. */
import { type Op, ShapeError, bytesOf, colsOf, rowsOf, sizeOf } from '../types';

export interface HeadLinearAttrs {
  readonly nHead: number;
  /** Columns of a head's block, d. */
  readonly headDim: number;
  /** Column of the weight where head 0's block starts; head h's starts h d further on. */
  readonly column: number;
  /** Contracts the block's columns instead of its rows. */
  readonly transposed: boolean;
}

/** Widths of a head before and after. */
export function headLinearSizes(weight: readonly number[], { headDim, transposed }: HeadLinearAttrs) {
  const rows = weight[0] ?? 1;
  return transposed ? { from: headDim, to: rows } : { from: rows, to: headDim };
}

/**
 * Inputs x [B, S, H a], weight [L, N], bias [N] (optional, not transposed). Head h's block is W_h = weight[:, column + h d ..][L, d].
 * Output y_h = x_h W_h + bias_h, a = L; transposed y_h = x_h W_h^T, a = d.
 */
export const headLinear: Op<HeadLinearAttrs> = {
  name: 'head_linear',
  infer([x, weight, bias], attrs) {
    if (!x || !weight || weight.shape.length !== 2)
      throw new ShapeError('head_linear', 'needs x and a weight [L, N]', []);
    const { nHead, headDim, column, transposed } = attrs;
    const { from, to } = headLinearSizes(weight.shape, attrs);
    if (colsOf(x.shape) !== nHead * from || column + nHead * headDim > colsOf(weight.shape) || (bias && transposed))
      throw new ShapeError('head_linear', `${nHead} heads of ${headDim} from column ${column}`, [
        x.shape,
        weight.shape,
      ]);
    return [{ shape: [...x.shape.slice(0, -1), nHead * to], dtype: 'f32' }];
  },
  gradient() {
    throw new Error('head_linear belongs to decoding and has no gradient');
  },
  cost: (node) => ({
    flops: 2 * sizeOf(node.outputs[0]!.shape) * headLinearSizes(node.inputs[1]!.shape, node.attrs).from,
    bytes:
      bytesOf(node.inputs[0]!, ...node.outputs) + 4 * node.inputs[1]!.shape[0]! * node.attrs.nHead * node.attrs.headDim,
  }),
  reference(node, [x, weight, bias], [y]) {
    const { nHead, headDim, column, transposed } = node.attrs;
    const { from, to } = headLinearSizes(node.inputs[1]!.shape, node.attrs);
    const stride = colsOf(node.inputs[1]!.shape);
    for (let row = 0; row < rowsOf(node.outputs[0]!.shape); row++)
      for (let h = 0; h < nHead; h++)
        for (let j = 0; j < to; j++) {
          const block = column + h * headDim;
          let sum = bias ? bias[block + j]! : 0;
          for (let i = 0; i < from; i++)
            sum +=
              x![(row * nHead + h) * from + i]! *
              weight![transposed ? j * stride + block + i : i * stride + block + j]!;
          y![(row * nHead + h) * to + j] = sum;
        }
  },
};
