/**
 * The MLP of a block. Spec: attention-and-kv 1 (plain), 2.5 (reciprocal, later form), 7 (RATIO width).
 *   plain       W_d gelu(W x), width 4 C, or the width that gives attention : MLP = 1 : ratio in weights
 *   reciprocal  W_d [w_s gelu(W_s x) | w_r gelu(W_r (x + alpha a))], a the attention branch's output, widths 4C - R and R,
 *               no biases; alpha = 1, w = width / 4C at the start, all three learned and linear (a square root would
 *               have no gradient at zero)
 */
import { type GeluKind, type Tensor, add, concatLast, gelu, mul } from '@/graph';
import type { LayerAttention } from './attention/config';
import { ModelConfigError } from './errors';
import { type BuildContext, linear } from './layers';

export type MlpConfig =
  | { readonly kind: 'plain' }
  /** `ratio`: MLP weights for one attention weight; GPT-2's own is 2. */
  | { readonly kind: 'ratio'; readonly ratio: number }
  /** `rank`: units that see the attention branch. */
  | { readonly kind: 'reciprocal'; readonly rank: number };

export const PLAIN_MLP: MlpConfig = { kind: 'plain' };

const WIDTH_UNIT = 64;

/** Weights of one attention layer's matrices, without biases, gates and branches. */
export function attentionWeights({ core }: LayerAttention, nEmbd: number): number {
  switch (core.kind) {
    case 'mha':
      return (core.kvTying ? 3 : 4) * nEmbd ** 2;
    case 'mla':
      return 2 * nEmbd ** 2 + 3 * nEmbd * core.latent + 2 * core.latent * (core.splice?.rank ?? 0);
    case 'askv':
      return 2 * nEmbd ** 2 + 2 * nEmbd * (core.keyLatent + core.valueLatent);
    case 'single':
      return 2 * nEmbd * core.latent + 2 * core.latent * core.rank + 3 * core.rank ** 2;
  }
}

/** Hidden width for `ratio` MLP weights an attention weight: 64 round(ratio A / (2 C 64)). Throws ModelConfigError at 0. */
export function ratioWidth(attention: number, nEmbd: number, ratio: number): number {
  const width = WIDTH_UNIT * Math.round((ratio * attention) / (2 * nEmbd * WIDTH_UNIT));
  if (width < WIDTH_UNIT)
    throw new ModelConfigError(
      `MLP_RATIO_VALUE=${ratio} asks for an MLP narrower than ${WIDTH_UNIT / 2}; widths are multiples of ${WIDTH_UNIT}: raise it or GPT2_N_EMBD`,
    );
  return width;
}

/** Throws ModelConfigError for a rank that leaves one of the paths empty. */
export function validateMlp(mlp: MlpConfig, nEmbd: number): void {
  if (mlp.kind === 'reciprocal' && !(Number.isInteger(mlp.rank) && mlp.rank >= 1 && mlp.rank < 4 * nEmbd))
    throw new ModelConfigError(`RMLP_RANK=${mlp.rank} must be 1 to ${4 * nEmbd - 1}, narrower than the MLP`);
}

export interface MlpOptions {
  readonly mlp: MlpConfig;
  readonly gelu: GeluKind;
  readonly attention: LayerAttention;
}

/** x [B, T, C] (after LN2) and the attention branch's output a [B, T, C] -> [B, T, C]. */
export function mlpLayer(ctx: BuildContext, name: string, x: Tensor, a: Tensor, options: MlpOptions): Tensor {
  const { graph } = ctx;
  const { mlp, gelu: kind } = options;
  const width = x.shape[x.shape.length - 1]!;
  const active = (t: Tensor): Tensor => graph.apply1(gelu, [t], { kind });
  if (mlp.kind !== 'reciprocal') {
    const hidden =
      mlp.kind === 'plain' ? 4 * width : ratioWidth(attentionWeights(options.attention, width), width, mlp.ratio);
    return linear(ctx, `${name}.c_proj`, active(linear(ctx, `${name}.c_fc`, x, hidden)), width, ctx.residualStd);
  }
  const bare = { ...ctx, bias: false };
  const scalar = (suffix: string, value: number): Tensor =>
    graph.parameter(`${name}.${suffix}`, [1], { kind: 'constant', value });
  const high = 4 * width - mlp.rank;
  const standard = active(linear(bare, `${name}.c_fc`, x, high));
  const fed = graph.apply1(add, [x, graph.apply1(mul, [a, scalar('rmlp_alpha', 1)], {})], {});
  const low = active(linear(bare, `${name}.c_fc_low`, fed, mlp.rank));
  const joined = graph.apply1(
    concatLast,
    [
      graph.apply1(mul, [standard, scalar('rmlp_standard', high / (4 * width))], {}),
      graph.apply1(mul, [low, scalar('rmlp_reciprocal', mlp.rank / (4 * width))], {}),
    ],
    {},
  );
  return linear(bare, `${name}.c_proj`, joined, width, ctx.residualStd);
}
