/** One attention layer of any variant: heads, attention, gate, reciprocal branch, output projection. */
import type { Tensor } from '@/graph';
import { type BuildContext, linear } from '../layers';
import { attend } from './attend';
import type { LayerAttention } from './config';
import { gated } from './gate';
import { mhaHeads } from './mha';
import { mlaHeads } from './mla';
import { reciprocal } from './reciprocal';

/**
 * x [B, T, C] (after LN1) -> [B, T, C]. Every variant shares the residual initialisation of c_proj, so that arms of a
 * comparison differ in the idea alone (the source leaves MLA unscaled).
 */
export function attentionLayer(ctx: BuildContext, name: string, x: Tensor, layer: LayerAttention): Tensor {
  const { nHead, core, ra } = layer;
  const width = x.shape[x.shape.length - 1]!;
  const heads =
    core.kind === 'mha'
      ? mhaHeads(ctx, name, x, { nHead, kvTying: core.kvTying, rotary: layer.rope })
      : mlaHeads(ctx, name, x, { nHead, latent: core.latent, rotary: layer.rope, splice: core.splice });
  let o = attend(ctx, nHead, heads.q, heads.k, heads.v);
  if (layer.gate) o = gated(ctx, name, x, o);
  if (ra) o = reciprocal(ctx, name, heads, o, { nHead, ...ra });
  return linear(ctx, `${name}.c_proj`, o, width, ctx.residualStd);
}
