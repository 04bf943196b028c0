/** Views on the last dimension. The engine gives them no storage of their own where their neighbours accept strides. */
import { type Op, type Tensor, ShapeError, bytesOf, colsOf, rowsOf } from '../types';

export interface SliceAttrs {
  readonly start: number;
  readonly size: number;
}

/** x[..., start : start + size]. Its gradient is collected by autodiff.ts into a concat. */
export const sliceLast: Op<SliceAttrs> = {
  name: 'slice',
  infer([x], { start, size }) {
    if (!x || start < 0 || size < 1 || start + size > colsOf(x.shape))
      throw new ShapeError('slice', `columns ${start}..${start + size} do not exist`, [x?.shape ?? []]);
    return [{ shape: [...x.shape.slice(0, -1), size], dtype: x.dtype }];
  },
  gradient() {
    throw new Error('slice gradients are collected by autodiff');
  },
  cost: () => ({ flops: 0, bytes: 0 }),
  reference(node, [x], [y]) {
    const { start, size } = node.attrs;
    const c = colsOf(node.inputs[0]!.shape);
    for (let i = 0; i < y!.length; i++) y![i] = x![Math.floor(i / size) * c + start + (i % size)]!;
  },
};

/** Joins tensors with equal leading dimensions along the last one. */
export const concatLast: Op<object> = {
  name: 'concat',
  infer(inputs) {
    const first = inputs[0];
    if (!first || inputs.some((t) => rowsOf(t.shape) !== rowsOf(first.shape)))
      throw new ShapeError(
        'concat',
        'row counts differ',
        inputs.map((t) => t.shape),
      );
    const cols = inputs.reduce((sum, t) => sum + colsOf(t.shape), 0);
    return [{ shape: [...first.shape.slice(0, -1), cols], dtype: first.dtype }];
  },
  gradient(graph, node, [d]) {
    let start = 0;
    return node.inputs.map((t: Tensor) => {
      const size = colsOf(t.shape);
      const part = d ? graph.apply1(sliceLast, [d], { start, size }) : null;
      start += size;
      return part;
    });
  },
  cost: (node) => ({ flops: 0, bytes: 2 * bytesOf(...node.outputs) }),
  reference(node, inputs, [y]) {
    const c = colsOf(node.outputs[0]!.shape);
    const rows = rowsOf(node.outputs[0]!.shape);
    let start = 0;
    inputs.forEach((x, n) => {
      const size = colsOf(node.inputs[n]!.shape);
      for (let r = 0; r < rows; r++) for (let j = 0; j < size; j++) y![r * c + start + j] = x[r * size + j]!;
      start += size;
    });
  },
};
