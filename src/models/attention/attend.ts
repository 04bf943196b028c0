import { type Tensor, attention } from '@/graph';
import type { BuildContext } from '../layers';

/** Causal Att(q, k, v) of [B, T, heads * d] tensors with scale 1/sqrt(d). */
export function attend(ctx: BuildContext, nHead: number, q: Tensor, k: Tensor, v: Tensor): Tensor {
  const width = q.shape[q.shape.length - 1]!;
  return ctx.graph.apply1(attention, [q, k, v], {
    nHead,
    scale: 1 / Math.sqrt(width / nHead),
    dropout: ctx.dropout,
    site: ctx.dropout > 0 ? ctx.nextSite() : 0,
  });
}

/** q, k and v of all heads, each [B, T, C], before attention. */
export interface Heads {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  /** Columns `from`.. of each. */
  tail(from: number): { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor };
}
