import { type Tensor, attention, attentionCached } from '@/graph';
import type { BuildContext } from '../layers';

/** Causal Att(q, k, v) of [B, T, heads * d] tensors with scale 1/sqrt(d); in a decoder k and v are kept rows (keep.ts). */
export function attend(ctx: BuildContext, nHead: number, q: Tensor, k: Tensor, v: Tensor): Tensor {
  const width = q.shape[q.shape.length - 1]!;
  if (ctx.past) {
    const inputs = [q, k, v, ctx.past.positions];
    return ctx.graph.apply1(attentionCached, inputs, { nHead, scale: 1 / Math.sqrt(width / nHead) });
  }
  return ctx.graph.apply1(attention, [q, k, v], {
    nHead,
    scale: 1 / Math.sqrt(width / nHead),
    dropout: ctx.dropout,
    site: ctx.dropout > 0 ? ctx.nextSite() : 0,
  });
}

/** q of the rows at hand, k and v of all rows so far (keep.ts), of all heads: [B, T, C] each. */
export interface Heads {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** Columns `from`.. of q, k and v of the rows at hand, v of all rows so far. */
  tail(from: number): { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor };
}
