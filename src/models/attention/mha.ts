/**
 * Heads of GPT-2: fused c_attn split in order q, k, v (spec attention-and-kv 1), or q, v with k = v when tied (7). With
 * rotary positions q and k are rotated after the split.
 */
import { type Tensor, sliceLast, sub } from '@/graph';
import { ModelConfigError } from '../errors';
import { type BuildContext, linear } from '../layers';
import type { Heads } from './attend';
import { keep, rotate } from './keep';

/** q, k and v of the rows at hand, nothing kept. */
export function plainHeads(ctx: BuildContext, name: string, x: Tensor) {
  const width = x.shape[x.shape.length - 1]!;
  const fused = linear(ctx, `${name}.c_attn`, x, 3 * width);
  const block = (i: number): Tensor => ctx.graph.apply1(sliceLast, [fused], { start: i * width, size: width });
  return { q: block(0), k: block(1), v: block(2) };
}

export function mhaHeads(
  ctx: BuildContext,
  name: string,
  x: Tensor,
  { nHead, kvTying, rotary }: { readonly nHead: number; readonly kvTying: boolean; readonly rotary: boolean },
): Heads {
  const width = x.shape[x.shape.length - 1]!;
  const blocks = kvTying ? { q: 0, k: 1, v: 1 } : { q: 0, k: 1, v: 2 };
  const fused = linear(ctx, `${name}.c_attn`, x, (kvTying ? 2 : 3) * width);
  const columns = (block: number, from: number): Tensor =>
    ctx.graph.apply1(sliceLast, [fused], { start: block * width + from, size: width - from });
  const turn = (t: Tensor): Tensor => (rotary ? rotate(ctx, 'new', t, nHead) : t);
  const whole = { q: turn(columns(blocks.q, 0)), k: turn(columns(blocks.k, 0)), v: columns(blocks.v, 0) };
  const one = kvTying && !rotary; // k = v, stored once
  const headDim = width / nHead;
  const k = keep(ctx, name, one ? 'kv' : 'k', withoutBias(ctx, name, whole.k, blocks.k, one || rotary), headDim);
  const v = ctx.past && one ? k : keep(ctx, name, 'v', whole.v, headDim);
  const part = (t: Tensor, from: number): Tensor =>
    ctx.graph.apply1(sliceLast, [t], { start: from, size: width - from });
  return {
    q: whole.q,
    k,
    v,
    tail: (from) => ({
      q: rotary ? part(whole.q, from) : columns(blocks.q, from),
      k: rotary ? part(whole.k, from) : columns(blocks.k, from),
      v: ctx.past ? part(v, from) : columns(blocks.v, from),
    }),
  };
}

/** k - b_K where the decoder asks for it: q.b_K is one constant a row, which softmax cancels. Spec: attention-and-kv 8.3. */
function withoutBias(ctx: BuildContext, name: string, k: Tensor, block: number, inexact: boolean): Tensor {
  if (!ctx.past?.store?.preBiasK || !ctx.bias) return k;
  if (inexact) throw new ModelConfigError('preBiasK needs keys that are not rotated and not shared with the values');
  const width = k.shape[k.shape.length - 1]!;
  const bias = ctx.graph.parameters.find((p) => p.name === `${name}.c_attn.bias`)!;
  const part = ctx.graph.apply1(sliceLast, [bias], { start: block * width, size: width });
  return ctx.graph.apply1(sub, [k, part], {});
}
