/** One attention layer of any variant: heads, attention, gate, reciprocal branch, output projection. */
import type { Tensor } from '@/graph';
import { type BuildContext, linear } from '../layers';
import { type Heads, attend } from './attend';
import { askvHeads } from './askv';
import { type LayerAttention, isScoreForm } from './config';
import { gated } from './gate';
import { historical } from './historical';
import { singleHead } from './kvs-single';
import { mhaHeads } from './mha';
import { mlaHeads } from './mla';
import { absorbs, mlaAbsorbed } from './mla-absorbed';
import { reciprocal } from './reciprocal';

/**
 * x [B, T, C] (after LN1) -> [B, T, C]. Every variant shares the residual initialisation of c_proj, so that arms of a
 * comparison differ in the idea alone (the source leaves MLA unscaled).
 */
export function attentionLayer(ctx: BuildContext, name: string, x: Tensor, layer: LayerAttention): Tensor {
  const { nHead, core, ra } = layer;
  const width = x.shape[x.shape.length - 1]!;
  if (core.kind === 'single') return singleHead(ctx, name, x, { ...core, rotary: layer.rope });
  const project = (o: Tensor): Tensor => linear(ctx, `${name}.c_proj`, o, width, ctx.residualStd);
  const gate = (o: Tensor): Tensor => (layer.gate ? gated(ctx, name, x, o) : o);
  if (ra && isScoreForm(ra.form)) return project(gate(historical(ctx, name, x, { nHead, form: ra.form })));
  if (core.kind === 'mla' && !ra) {
    const options = { ...core, nHead, rotary: layer.rope };
    if (absorbs(ctx, x.shape[1]!, width / nHead, options)) return project(gate(mlaAbsorbed(ctx, name, x, options)));
  }
  const heads = headsOf(ctx, name, x, layer, core);
  const o = gate(attend(ctx, nHead, heads.q, heads.k, heads.v));
  if (!ra || isScoreForm(ra.form)) return project(o);
  return project(reciprocal(ctx, name, heads, o, { nHead, form: ra.form, heads: ra.heads }));
}

type Core = Exclude<LayerAttention['core'], { readonly kind: 'single' }>;

function headsOf(ctx: BuildContext, name: string, x: Tensor, { nHead, rope }: LayerAttention, core: Core): Heads {
  switch (core.kind) {
    case 'mha':
      return mhaHeads(ctx, name, x, { nHead, kvTying: core.kvTying, rotary: rope });
    case 'mla':
      return mlaHeads(ctx, name, x, { ...core, nHead, rotary: rope });
    case 'askv':
      return askvHeads(ctx, name, x, { ...core, nHead, rotary: rope });
  }
}
