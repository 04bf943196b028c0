/**
 * What a decoder stores. A layer calls `keep` on exactly the tensors that later tokens need; what it computes from the result
 * is computed from all rows so far. In training the rows so far are the rows at hand, and `keep` is the identity.
 */
import { type Tensor, cacheAppend, cacheAppendPacked, cacheUnpack, fitGroup, packedWords, rope } from '@/graph';
import type { BuildContext } from '../layers';
import type { CachePart } from './cache';

export const ROPE_THETA = 10_000;

/**
 * x [B, S, W] -> all rows so far: x itself, or in a decoder the cache [B, capacity, W] with x appended. `headDim` columns belong
 * together: no group of a quantised row crosses them.
 */
export function keep(
  { graph, past }: BuildContext,
  name: string,
  part: CachePart,
  x: Tensor,
  headDim = x.shape[x.shape.length - 1]!,
): Tensor {
  if (!past) return x;
  const [batch = 1, , width = 1] = x.shape;
  const wanted = past.store?.[part === 'v' || part === 'value_lane' ? 'v' : 'k'];
  if (past.store && wanted && wanted.dtype !== 'f32') {
    const attrs = { format: fitGroup(wanted, headDim), width };
    const shape = [batch, past.capacity, packedWords(attrs.format, width).total];
    const packed = graph.input(`${name}.${part}`, shape, 'u32');
    const current = graph.apply1(cacheAppendPacked, [x, past.positions, packed], attrs);
    past.kept.push({ name: packed.name, cache: packed, current });
    return graph.apply1(cacheUnpack, [current], { ...attrs, fused: past.store.fused });
  }
  const cache = graph.input(`${name}.${part}`, [batch, past.capacity, width], 'f32');
  const current = graph.apply1(cacheAppend, [x, past.positions, cache], {});
  past.kept.push({ name: cache.name, cache, current });
  return current;
}

/** Rotary positions for the rows of the chunk (`new`) or for all rows so far, which start at position 0 (`kept`). */
export function rotate(ctx: BuildContext, rows: 'new' | 'kept', x: Tensor, nHead: number): Tensor {
  const inputs = ctx.past && rows === 'new' ? [x, ctx.past.positions] : [x];
  return ctx.graph.apply1(rope, inputs, { nHead, theta: ROPE_THETA });
}
