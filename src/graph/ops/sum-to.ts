import { type Op, type Shape, ShapeError, bytesOf, sizeOf } from '../types';

/** Sums leading dimensions until `shape` (a suffix of the input's shape, or [1]) is left: the gradient of a broadcast. */
export const sumTo: Op<{ readonly shape: Shape }> = {
  name: 'sum_to',
  infer([x], { shape }) {
    if (!x || sizeOf(x.shape) % sizeOf(shape) !== 0)
      throw new ShapeError('sum_to', 'the target must divide the input', [x?.shape ?? [], shape]);
    return [{ shape, dtype: 'f32' }];
  },
  gradient() {
    throw new Error('sum_to has no gradient: it only appears in backward graphs');
  },
  cost: (node) => ({ flops: sizeOf(node.inputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(_node, [x], [out]) {
    out!.fill(0);
    for (let i = 0; i < x!.length; i++) out![i % out!.length]! += x![i]!;
  },
};
