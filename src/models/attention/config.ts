/** Attention as configured, and as resolved for one layer. Spec: attention-and-kv 2-5, 7. */
import { ModelConfigError } from '../errors';
import { type LayerPolicy, selectLayers } from './policy';

/** `learned`: the table wpe; `rope`: rotation of q and k; `both`: as in MLA's source. */
export type PositionKind = 'learned' | 'rope' | 'both';

/** How the reciprocal attention Att(k, q, v) enters the output. Spec: attention-and-kv 2.2, 2.3. */
export type ReciprocalForm = 'learned' | 'fixed' | 'delta';

export interface ReciprocalConfig {
  readonly form: ReciprocalForm;
  readonly layers: LayerPolicy;
  /** The last `heads` heads of a layer take part. */
  readonly heads: number;
}

export type AttentionCore =
  | { readonly kind: 'mha' }
  | { readonly kind: 'mla'; readonly latent: number }
  | {
      readonly kind: 'kvsplice';
      readonly latent: number;
      readonly rank: number;
      /** LayerNorm on the code, before it is stored. */
      readonly norm: boolean;
      readonly layers: LayerPolicy;
    };

export interface AttentionConfig {
  readonly core: AttentionCore;
  readonly position: PositionKind;
  readonly gate: boolean;
  /** k = v: one projection fewer. */
  readonly kvTying: boolean;
  readonly ra: ReciprocalConfig | null;
}

export const BASELINE_ATTENTION: AttentionConfig = {
  core: { kind: 'mha' },
  position: 'learned',
  gate: false,
  kvTying: false,
  ra: null,
};

/** What one layer builds. */
export interface LayerAttention {
  readonly nHead: number;
  readonly rope: boolean;
  readonly gate: boolean;
  readonly core:
    | { readonly kind: 'mha'; readonly kvTying: boolean }
    | {
        readonly kind: 'mla';
        readonly latent: number;
        readonly splice: { readonly rank: number; readonly norm: boolean; readonly key: number } | null;
      };
  readonly ra: { readonly form: ReciprocalForm; readonly heads: number } | null;
}

interface Sizes {
  readonly nLayer: number;
  readonly nHead: number;
  readonly nEmbd: number;
}

/** Checks the attention part of a configuration against the model's sizes. Throws ModelConfigError. */
function validate({ core, position, kvTying, ra }: AttentionConfig, { nHead, nEmbd }: Sizes): void {
  const within = (symbol: string, value: number, max: number, what: string): void => {
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new ModelConfigError(`${symbol}=${value} must be 1 to ${max}, ${what}`);
  };
  if (core.kind !== 'mha')
    within('MLA_LATENT', core.latent, 2 * nEmbd, `no wider than k and v together (2 x GPT2_N_EMBD)`);
  if (core.kind === 'kvsplice') within('KVSPLICE_RANK', core.rank, core.latent, `no wider than MLA_LATENT`);
  if (position !== 'learned' && (nEmbd / nHead) % 2 !== 0)
    throw new ModelConfigError(
      `rotary positions need an even head width; GPT2_N_EMBD=${nEmbd} / GPT2_N_HEAD=${nHead} is ${nEmbd / nHead}`,
    );
  if (kvTying && core.kind !== 'mha')
    throw new ModelConfigError('ATTN_KV_TYING needs ATTN_MHA: a latent has no k to tie');
  if (ra && core.kind !== 'mha') throw new ModelConfigError('ATTN_RA needs ATTN_MHA');
  if (ra) within('RA_HEADS', ra.heads, nHead, `the heads of a layer (GPT2_N_HEAD)`);
}

/** Resolves policies to one plain description a layer. Throws ModelConfigError naming the option that is wrong. */
export function resolveAttention(config: AttentionConfig, sizes: Sizes): readonly LayerAttention[] {
  validate(config, sizes);
  const { core, ra } = config;
  const { nLayer, nHead } = sizes;
  const reciprocal = ra ? selectLayers(ra.layers, nLayer, 'RA_LAYERS') : [];
  const spliced = core.kind === 'kvsplice' ? selectLayers(core.layers, nLayer, 'KVSPLICE_LAYERS') : [];
  return Array.from({ length: nLayer }, (_, layer) => ({
    nHead,
    rope: config.position !== 'learned',
    gate: config.gate,
    core:
      core.kind === 'mha'
        ? { kind: 'mha', kvTying: config.kvTying }
        : {
            kind: 'mla',
            latent: core.latent,
            splice:
              core.kind === 'kvsplice' && spliced.includes(layer)
                ? { rank: core.rank, norm: core.norm, key: layer }
                : null,
          },
    ra: ra && reciprocal.includes(layer) ? { form: ra.form, heads: ra.heads } : null,
  }));
}
