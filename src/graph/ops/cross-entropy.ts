import { type Op, type Tensor, ShapeError, bytesOf, colsOf, rowsOf, sizeOf } from '../types';

/**
 * Mean cross-entropy in nats over the counted targets. Inputs logits [.., V], targets i32 (-1: not counted), scale [1] =
 * 1 / (number of counted targets). Outputs loss [1] and the unscaled loss of each row (0 where not counted).
 * The backward node is fused with this one into a single sweep by the engine (kernels/classifier.ts).
 */
export const crossEntropy: Op<object> = {
  name: 'cross_entropy',
  infer([logits, targets, scale]) {
    if (!logits || !targets || !scale) throw new ShapeError('cross_entropy', 'needs logits, targets and scale', []);
    if (sizeOf(targets.shape) !== rowsOf(logits.shape) || targets.dtype !== 'i32')
      throw new ShapeError('cross_entropy', 'needs one i32 target a row', [logits.shape, targets.shape]);
    return [
      { shape: [1], dtype: 'f32' },
      { shape: [rowsOf(logits.shape)], dtype: 'f32' },
    ];
  },
  gradient(graph, node, [dLoss]) {
    if (!dLoss) return [null, null, null];
    if (dLoss.source.kind !== 'constant' || dLoss.source.value !== 1)
      throw new Error('cross_entropy must be the root of differentiation: scale the learning rate instead of the loss');
    const [logits, targets, scale] = node.inputs as [Tensor, Tensor, Tensor];
    return [graph.apply1(crossEntropyBackward, [logits, targets, scale], {}), null, null];
  },
  cost: (node) => ({ flops: 4 * sizeOf(node.inputs[0]!.shape), bytes: bytesOf(...node.inputs) }),
  reference(node, [logits, targets, scale], [loss, rows]) {
    const v = colsOf(node.inputs[0]!.shape);
    let total = 0;
    for (let r = 0; r < targets!.length; r++) {
      const { max, sum } = rowSoftmax(logits!, r * v, v);
      const target = targets![r]!;
      rows![r] = target < 0 ? 0 : max + Math.log(sum) - logits![r * v + target]!;
      total += rows![r]!;
    }
    loss![0] = total * scale![0]!;
  },
};

/** dlogits = (softmax - onehot) * scale on counted rows, 0 elsewhere. */
export const crossEntropyBackward: Op<object> = {
  name: 'cross_entropy_backward',
  infer: ([logits]) => [{ shape: logits!.shape, dtype: 'f32' }],
  gradient() {
    throw new Error('cross_entropy_backward has no second derivative');
  },
  cost: (node) => ({ flops: 4 * sizeOf(node.inputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [logits, targets, scale], [out]) {
    const v = colsOf(node.inputs[0]!.shape);
    for (let r = 0; r < targets!.length; r++) {
      const { max, sum } = rowSoftmax(logits!, r * v, v);
      const target = targets![r]!;
      for (let j = 0; j < v; j++) {
        const p = Math.exp(logits![r * v + j]! - max) / sum;
        out![r * v + j] = target < 0 ? 0 : (p - (j === target ? 1 : 0)) * scale![0]!;
      }
    }
  },
};

function rowSoftmax(x: ArrayLike<number>, at: number, n: number): { max: number; sum: number } {
  let max = -Infinity;
  for (let j = 0; j < n; j++) max = Math.max(max, x[at + j]!);
  let sum = 0;
  for (let j = 0; j < n; j++) sum += Math.exp(x[at + j]! - max);
  return { max, sum };
}
