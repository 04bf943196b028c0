/**
 * Reciprocal attention on the last `heads` heads of a layer: Att(k, q, v), the roles of q and k exchanged under the same
 * causal mask. Three ways to add it to o = Att(q, k, v):
 *   learned  o + tanh(a) LN(o_rec W_p + b_p), a = 0 at the start     attention-and-kv 2.2
 *   fixed    0.9375 o + 0.0625 o_rec on the selected heads            2.3
 *   delta    o + tanh(a) (o_rec - o) on the selected heads, a = 0     2.3, scalar form
 * A decoder must keep the queries of these heads beside k and v.
 */
import { type Tensor, add, concatLast, mul, scale, sliceLast, sub, tanh } from '@/graph';
import { type BuildContext, INIT_STD, linear, norm } from '../layers';
import { type Heads, attend } from './attend';
import { keep } from './keep';
import type { BranchForm } from './config';

export const FIXED_STANDARD = 0.9375;
export const FIXED_RECIPROCAL = 0.0625;

export interface ReciprocalOptions {
  readonly nHead: number;
  readonly form: BranchForm;
  readonly heads: number;
}

export function reciprocal(
  ctx: BuildContext,
  name: string,
  heads: Heads,
  o: Tensor,
  options: ReciprocalOptions,
): Tensor {
  const { graph } = ctx;
  const width = o.shape[o.shape.length - 1]!;
  const from = width - (options.heads * width) / options.nHead;
  const { q, k, v } = heads.tail(from);
  const swapped = attend(ctx, options.heads, k, keep(ctx, name, 'q', q, width / options.nHead), v);
  const beta = (): Tensor => {
    const logit = graph.parameter(`${name}.ra_logit`, [1], { kind: 'constant', value: 0 });
    return graph.apply1(tanh, [logit], {});
  };
  const onTail = (mix: (own: Tensor) => Tensor): Tensor => {
    const own = graph.apply1(sliceLast, [o], { start: from, size: width - from });
    if (from === 0) return mix(own);
    return graph.apply1(concatLast, [graph.apply1(sliceLast, [o], { start: 0, size: from }), mix(own)], {});
  };
  switch (options.form) {
    case 'learned': {
      const u = norm(ctx, `${name}.ra_ln`, linear(ctx, `${name}.ra_proj`, swapped, width, INIT_STD));
      return graph.apply1(add, [o, graph.apply1(mul, [u, beta()], {})], {});
    }
    case 'fixed':
      return onTail((own) =>
        graph.apply1(
          add,
          [
            graph.apply1(scale, [own], { factor: FIXED_STANDARD }),
            graph.apply1(scale, [swapped], { factor: FIXED_RECIPROCAL }),
          ],
          {},
        ),
      );
    case 'delta':
      return onTail((own) => {
        const difference = graph.apply1(sub, [swapped, own], {});
        return graph.apply1(add, [own, graph.apply1(mul, [difference, beta()], {})], {});
      });
  }
}
