/**
 * Two lanes instead of one latent (`askv`): keys from a latent of their own, values from another that is kept in few bits.
 * Spec: attention-and-kv 5.1.
 *   c_k = x W_Ek,  k = c_k W_Uk;   c_v = Q(x W_Ev),  v = c_v W_Uv
 * Q rounds each token's row to symmetric integers, scale max|c| / (2^(bits-1) - 1); its gradient passes straight through.
 */
import { type Tensor, fakeQuant, sliceLast } from '@/graph';
import { type BuildContext, linear } from '../layers';
import type { Heads } from './attend';
import { keep, rotate } from './keep';

export interface AskvOptions {
  readonly nHead: number;
  readonly keyLatent: number;
  readonly valueLatent: number;
  readonly bits: number;
  readonly rotary: boolean;
}

export function askvHeads(ctx: BuildContext, name: string, x: Tensor, options: AskvOptions): Heads {
  const { nHead, keyLatent, valueLatent, bits, rotary } = options;
  const width = x.shape[x.shape.length - 1]!;
  const turn = (rows: 'new' | 'kept', t: Tensor): Tensor => (rotary ? rotate(ctx, rows, t, nHead) : t);
  const q = turn('new', linear(ctx, `${name}.q`, x, width));
  const keys = keep(ctx, name, 'key_lane', linear(ctx, `${name}.k_down`, x, keyLatent));
  const coded = ctx.graph.apply1(fakeQuant, [linear(ctx, `${name}.v_down`, x, valueLatent)], { bits });
  const values = keep(ctx, name, 'value_lane', coded);
  const k = turn('kept', linear(ctx, `${name}.k_up`, keys, width));
  const v = linear(ctx, `${name}.v_up`, values, width);
  const tail = (t: Tensor, from: number): Tensor =>
    ctx.graph.apply1(sliceLast, [t], { start: from, size: width - from });
  return { q, k, v, tail: (from) => ({ q: tail(q, from), k: tail(k, from), v: tail(v, from) }) };
}
