/** The output gate of SDPA ("G1"): o * sigmoid(x W_g + b_g), element by element, before c_proj. Spec: attention-and-kv 3. */
import { type Tensor, mul, sigmoid } from '@/graph';
import { type BuildContext, linear } from '../layers';

export function gated(ctx: BuildContext, name: string, x: Tensor, o: Tensor): Tensor {
  const gate = ctx.graph.apply1(sigmoid, [linear(ctx, `${name}.gate`, x, o.shape[o.shape.length - 1]!)], {});
  return ctx.graph.apply1(mul, [o, gate], {});
}
