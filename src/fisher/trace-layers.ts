/** One number a layer from tensors of squared gradients (F3) or Adam's second moments (F4). Spec: attention-and-kv 6.1. */

/** Mean over all elements of the attention tensors of each layer; NaN for a layer that has none. */
export function layerMeans(tensors: Iterable<readonly [string, ArrayLike<number>]>, nLayer: number): number[] {
  const sums = new Float64Array(nLayer);
  const counts = new Float64Array(nLayer);
  for (const [name, values] of tensors) {
    const layer = Number(/^transformer\.h\.(\d+)\.attn\./.exec(name)?.[1] ?? NaN);
    if (!(layer < nLayer)) continue;
    counts[layer]! += values.length;
    for (let i = 0; i < values.length; i++) sums[layer]! += values[i]!;
  }
  return Array.from(sums, (sum, layer) => sum / counts[layer]!);
}
