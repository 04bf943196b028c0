/** Quantised caches: rows are packed as they are appended (kv-format.ts) and unpacked where they are read. */
import { type KvFormat, packRow, packedWords, unpackRow } from '../kv-format';
import { type Op, ShapeError, bytesOf, colsOf } from '../types';

export interface KvAttrs {
  readonly format: KvFormat;
  /** Columns of an unpacked row. */
  readonly width: number;
}

const noGradient = (): never => {
  throw new Error('a quantised cache belongs to decoding and has no gradient');
};

/**
 * Inputs x [B, S, W], positions u32 [B], cache u32 [B, T, P]; output is the cache with rows positions[b] + s packed from x; rows at
 * or behind T are dropped. The output shares the cache's storage.
 */
export const cacheAppendPacked: Op<KvAttrs> = {
  name: 'cache_append_packed',
  infer([x, positions, cache], { format, width }) {
    if (!x || !positions || !cache || x.shape.length !== 3 || cache.dtype !== 'u32')
      throw new ShapeError('cache_append_packed', 'needs x [B, S, W], positions [B] and cache u32 [B, T, P]', []);
    if (width % format.group !== 0 || format.group % 8 !== 0)
      throw new ShapeError('cache_append_packed', `groups of ${format.group} do not divide ${width} columns`, [
        x.shape,
      ]);
    if (colsOf(x.shape) !== width || colsOf(cache.shape) !== packedWords(format, width).total)
      throw new ShapeError('cache_append_packed', 'x or the cache have another width', [x.shape, cache.shape]);
    return [{ shape: cache.shape, dtype: 'u32' }];
  },
  gradient: noGradient,
  cost: (node) => ({ flops: 0, bytes: 2 * bytesOf(node.inputs[0]!) }),
  reference(node, [x, positions, cache], [out]) {
    const { format, width } = node.attrs;
    const [, rows = 1] = node.inputs[0]!.shape;
    const [batch = 1, capacity = 1, words = 1] = node.inputs[2]!.shape;
    if (out !== cache) out!.set(cache!);
    for (let b = 0; b < batch; b++)
      for (let s = 0; s < rows; s++) {
        const at = positions![b]! + s;
        if (at < capacity)
          packRow(x!, (b * rows + s) * width, width, format, out as Uint32Array, (b * capacity + at) * words);
      }
  },
};

/**
 * Inputs packed u32 [B, T, P]; output f32 [B, T, W]. `fused`: attention unpacks the rows in registers where it reads them, and
 * the output has no storage; otherwise it is written out first.
 */
export const cacheUnpack: Op<KvAttrs & { readonly fused: boolean }> = {
  name: 'cache_unpack',
  infer([packed], { width }) {
    if (!packed) throw new ShapeError('cache_unpack', 'needs a packed cache', []);
    return [{ shape: [...packed.shape.slice(0, -1), width], dtype: 'f32' }];
  },
  gradient: noGradient,
  cost: (node) => ({ flops: 2 * bytesOf(...node.outputs), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [packed], [out]) {
    const { format, width } = node.attrs;
    const words = colsOf(node.inputs[0]!.shape);
    for (let r = 0; r < packed!.length / words; r++) unpackRow(packed!, r * words, width, format, out!, r * width);
  },
};
