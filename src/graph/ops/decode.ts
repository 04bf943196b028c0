/**
 * Ops of incremental decoding: a chunk of S new rows a sequence behind `positions[b]` rows that were seen before. Spec:
 * attention-and-kv 1, 8.1. Neither has a gradient.
 */
import { type Node, type Op, type RefArray, ShapeError, bytesOf, colsOf } from '../types';

const noGradient = (name: string) => (): never => {
  throw new Error(`${name} belongs to decoding and has no gradient`);
};

/**
 * Inputs x [B, S, W], positions u32 [B], cache [B, T, W]; output [B, T, W] is the cache with row positions[b] + s replaced by
 * x[b, s]; rows at or behind T are dropped. The output shares the cache's storage.
 */
export const cacheAppend: Op<object> = {
  name: 'cache_append',
  infer([x, positions, cache]) {
    if (!x || !positions || !cache || x.shape.length !== 3 || cache.shape.length !== 3)
      throw new ShapeError('cache_append', 'needs x [B, S, W], positions [B] and cache [B, T, W]', []);
    if (x.shape[0] !== cache.shape[0] || colsOf(x.shape) !== colsOf(cache.shape) || positions.shape[0] !== x.shape[0])
      throw new ShapeError('cache_append', 'batch or width differ', [x.shape, cache.shape]);
    return [{ shape: cache.shape, dtype: 'f32' }];
  },
  gradient: noGradient('cache_append'),
  cost: (node) => ({ flops: 0, bytes: 2 * bytesOf(node.inputs[0]!) }),
  reference(node, [x, positions, cache], [out]) {
    const [, rows = 1, width = 1] = node.inputs[0]!.shape;
    const [batch = 1, capacity = 1] = node.inputs[2]!.shape;
    if (out !== cache) out!.set(cache!);
    for (let b = 0; b < batch; b++)
      for (let s = 0; s < rows; s++) {
        const at = positions![b]! + s;
        if (at >= capacity) continue;
        for (let c = 0; c < width; c++) out![(b * capacity + at) * width + c] = x![(b * rows + s) * width + c]!;
      }
  },
};

export interface CachedAttentionAttrs {
  readonly nHead: number;
  /** Heads of k and v, a divisor of nHead: each serves nHead / nKvHead heads of q. Absent: nHead. */
  readonly nKvHead?: number;
  readonly scale: number;
}

/** Sizes of attention of q [B, S, H d] to k [B, T, K d] and v [B, T, K dv]. */
export function cachedAttentionSizes(
  q: readonly number[],
  k: readonly number[],
  v: readonly number[],
  { nHead, nKvHead = nHead }: Pick<CachedAttentionAttrs, 'nHead' | 'nKvHead'>,
) {
  const [batch = 1, rows = 1] = q;
  return { batch, rows, capacity: k[1] ?? 1, nKvHead, headDim: colsOf(q) / nHead, headDimV: colsOf(v) / nKvHead };
}

/** Most shares into which the keys of one query are split (split-K), for which partial results have room. */
export const keySplits = (queries: number, capacity: number): number =>
  Math.max(1, Math.min(256, Math.ceil(capacity / 16), Math.ceil(16384 / queries)));

/** Inputs q [B, S, H d], k [B, T, K d], v [B, T, K dv], positions [B]: row s of b attends to rows 0 .. positions[b] + s. Output [B, S, H dv]. */
export const attentionCached: Op<CachedAttentionAttrs> = {
  name: 'attention_cached',
  infer([q, k, v, positions], { nHead, nKvHead = nHead }) {
    if (!q || !k || !v || !positions) throw new ShapeError('attention_cached', 'needs q, k, v and positions', []);
    const shared = nHead / nKvHead;
    if (
      colsOf(q.shape) !== shared * colsOf(k.shape) ||
      q.shape[0] !== k.shape[0] ||
      k.shape[1] !== v.shape[1] ||
      !Number.isInteger(shared)
    )
      throw new ShapeError('attention_cached', 'q, k and v do not fit together', [q.shape, k.shape, v.shape]);
    if (colsOf(q.shape) % nHead !== 0 || colsOf(v.shape) % nKvHead !== 0)
      throw new ShapeError('attention_cached', `${nHead} heads do not divide the width`, [q.shape, v.shape]);
    return [{ shape: [q.shape[0]!, q.shape[1]!, shared * colsOf(v.shape)], dtype: 'f32' }];
  },
  gradient: noGradient('attention_cached'),
  cost(node) {
    const { batch, rows, capacity, headDim, headDimV } = sizes(node);
    const [q, k, v] = node.inputs;
    return {
      flops: 2 * rows * batch * capacity * node.attrs.nHead * (headDim + headDimV),
      bytes: bytesOf(q!, k!, ...(v === k ? [] : [v!]), node.outputs[0]!),
    };
  },
  reference(node, [q, k, v, positions], [o]) {
    const { batch, rows, capacity } = sizes(node);
    o!.fill(0);
    for (let b = 0; b < batch; b++)
      for (let s = 0; s < rows; s++)
        for (let h = 0; h < node.attrs.nHead; h++)
          attendRow(node, [q!, k!, v!, o!], { b, s, h, keys: Math.min(capacity, positions![b]! + s + 1) });
  },
};

const sizes = (node: Node<CachedAttentionAttrs>) => {
  const [q, k, v] = node.inputs;
  return cachedAttentionSizes(q!.shape, k!.shape, v!.shape, node.attrs);
};

function attendRow(
  node: Node<CachedAttentionAttrs>,
  [q, k, v, o]: readonly [RefArray, RefArray, RefArray, RefArray],
  { b, s, h, keys }: { readonly b: number; readonly s: number; readonly h: number; readonly keys: number },
): void {
  const { rows, capacity, nKvHead, headDim: d, headDimV: dv } = sizes(node);
  const { nHead, scale } = node.attrs;
  const row = b * rows + s;
  const kept = (j: number): number => (b * capacity + j) * nKvHead + Math.floor((h * nKvHead) / nHead);
  const scores = Array.from({ length: keys }, (_, j) => {
    let dot = 0;
    for (let c = 0; c < d; c++) dot += q[(row * nHead + h) * d + c]! * k[kept(j) * d + c]!;
    return dot * scale;
  });
  const top = scores.reduce((a, x) => Math.max(a, x), -Infinity);
  const weights = scores.map((x) => Math.exp(x - top));
  const total = weights.reduce((a, x) => a + x, 0);
  weights.forEach((w, j) => {
    for (let c = 0; c < dv; c++) o[(row * nHead + h) * dv + c]! += (w / total) * v[kept(j) * dv + c]!;
  });
}
