/** Multi-head attention of GPT-2: fused c_attn split in order q, k, v; scale 1/sqrt(d). Spec: attention-and-kv 1. */
import { type Tensor, attention, sliceLast } from '@/graph';
import { type BuildContext, linear } from '../layers';

export function multiHeadAttention(ctx: BuildContext, name: string, x: Tensor, nHead: number): Tensor {
  const { graph } = ctx;
  const width = x.shape[x.shape.length - 1]!;
  const qkv = linear(ctx, `${name}.c_attn`, x, 3 * width);
  const part = (i: number): Tensor => graph.apply1(sliceLast, [qkv], { start: i * width, size: width });
  const attrs = {
    nHead,
    scale: 1 / Math.sqrt(width / nHead),
    dropout: ctx.dropout,
    site: ctx.dropout > 0 ? ctx.nextSite() : 0,
  };
  const o = graph.apply1(attention, [part(0), part(1), part(2)], attrs);
  return linear(ctx, `${name}.c_proj`, o, width, ctx.residualStd);
}
