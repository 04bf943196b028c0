import { type Op, ShapeError, bytesOf, sizeOf } from '../types';

export interface DropoutAttrs {
  /** Probability of zeroing an element; survivors are scaled by 1 / (1 - p). */
  readonly p: number;
  /** Keys the mask's random numbers together with the seed and the step; the backward pass recomputes the mask. */
  readonly site: number;
}

/** y = x * mask / (1 - p). Its gradient is itself: the mask depends on counters, not on data. */
export const dropout: Op<DropoutAttrs> = {
  name: 'dropout',
  infer([x], { p }) {
    if (!x || !(p >= 0 && p < 1))
      throw new ShapeError('dropout', `probability ${p} is outside [0, 1)`, [x?.shape ?? []]);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  gradient: (graph, node, [dy]) => [dy ? graph.apply1(dropout, [dy], node.attrs) : null],
  cost: (node) => ({ flops: 2 * sizeOf(node.outputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [x], [y], context) {
    const { p, site } = node.attrs;
    for (let i = 0; i < x!.length; i++) y![i] = context.uniform(site, i) < p ? 0 : x![i]! / (1 - p);
  },
};
