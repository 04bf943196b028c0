import { type Op, type Tensor, ShapeError, bytesOf, colsOf, rowsOf, sameShape, sizeOf } from '../types';

export interface LayerNormAttrs {
  readonly eps: number;
}

/** y = (x - mean) * rstd * weight (+ bias), per row. Inputs x, weight [C], optional bias [C]; outputs y, mean, rstd [rows]. */
export const layerNorm: Op<LayerNormAttrs> = {
  name: 'layer_norm',
  infer([x, weight, bias]) {
    if (!x || !weight) throw new ShapeError('layer_norm', 'needs x and weight', []);
    for (const p of bias ? [weight, bias] : [weight])
      if (!sameShape(p.shape, [colsOf(x.shape)]))
        throw new ShapeError('layer_norm', 'weight and bias must be [last dimension of x]', [x.shape, p.shape]);
    const rows = rowsOf(x.shape);
    return [
      { shape: x.shape, dtype: 'f32' },
      { shape: [rows], dtype: 'f32' },
      { shape: [rows], dtype: 'f32' },
    ];
  },
  gradient(graph, node, [dy]) {
    if (!dy) return node.inputs.map(() => null);
    const [x, weight] = node.inputs as [Tensor, Tensor];
    const [, mean, rstd] = node.outputs as [Tensor, Tensor, Tensor];
    const bias = node.inputs.length === 3;
    const [dx, dWeight, dBias] = graph.apply(layerNormBackward, [dy, x, weight, mean, rstd], { bias });
    return bias ? [dx!, dWeight!, dBias!] : [dx!, dWeight!];
  },
  cost: (node) => ({ flops: 8 * sizeOf(node.inputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [x, weight, bias], [y, mean, rstd]) {
    const c = colsOf(node.inputs[0]!.shape);
    for (let r = 0; r < mean!.length; r++) {
      let sum = 0;
      for (let j = 0; j < c; j++) sum += x![r * c + j]!;
      const mu = sum / c;
      let square = 0;
      for (let j = 0; j < c; j++) square += (x![r * c + j]! - mu) ** 2;
      const inv = 1 / Math.sqrt(square / c + node.attrs.eps);
      mean![r] = mu;
      rstd![r] = inv;
      for (let j = 0; j < c; j++) y![r * c + j] = (x![r * c + j]! - mu) * inv * weight![j]! + (bias?.[j] ?? 0);
    }
  },
};

/** Inputs dy, x, weight, mean, rstd; outputs dx, dweight and (with `bias`) dbias. */
export const layerNormBackward: Op<{ readonly bias: boolean }> = {
  name: 'layer_norm_backward',
  infer([dy, x, weight], { bias }) {
    if (!dy || !x || !weight || !sameShape(dy.shape, x.shape))
      throw new ShapeError('layer_norm_backward', 'dy and x must have one shape', [dy?.shape ?? [], x?.shape ?? []]);
    const p = { shape: weight.shape, dtype: 'f32' } as const;
    return bias ? [{ shape: x.shape, dtype: 'f32' }, p, p] : [{ shape: x.shape, dtype: 'f32' }, p];
  },
  gradient() {
    throw new Error('layer_norm_backward has no second derivative');
  },
  cost: (node) => ({ flops: 12 * sizeOf(node.inputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [dy, x, weight, mean, rstd], [dx, dWeight, dBias]) {
    const c = colsOf(node.inputs[1]!.shape);
    dWeight!.fill(0);
    dBias?.fill(0);
    for (let r = 0; r < mean!.length; r++) {
      let s1 = 0;
      let s2 = 0;
      for (let j = 0; j < c; j++) {
        const xhat = (x![r * c + j]! - mean![r]!) * rstd![r]!;
        const d = dy![r * c + j]!;
        s1 += d * weight![j]!;
        s2 += d * weight![j]! * xhat;
        dWeight![j]! += d * xhat;
        if (dBias) dBias[j]! += d;
      }
      for (let j = 0; j < c; j++) {
        const xhat = (x![r * c + j]! - mean![r]!) * rstd![r]!;
        dx![r * c + j] = rstd![r]! * (dy![r * c + j]! * weight![j]! - s1 / c - (xhat * s2) / c);
      }
    }
  },
};
