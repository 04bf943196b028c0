/** Attention as configured, and as resolved for one layer. Spec: attention-and-kv 2-5, 7. */
import { ModelConfigError } from '../errors';
import { type LayerPolicy, selectLayers } from './policy';

/** `learned`: the table wpe; `rope`: rotation of q and k; `both`: as in MLA's source. */
export type PositionKind = 'learned' | 'rope' | 'both';

/** How the reciprocal attention Att(k, q, v) enters the output. Spec: attention-and-kv 2.2, 2.3. */
export type ReciprocalForm = BranchForm | ScoreForm;
/** A second attention on the last heads. */
export type BranchForm = 'learned' | 'fixed' | 'delta';
/** All heads' scores changed (historical.ts). `leak` sees the future: a demonstration. */
export type ScoreForm = 'fold' | 'lens' | 'leak';

export const isScoreForm = (form: ReciprocalForm): form is ScoreForm =>
  form === 'fold' || form === 'lens' || form === 'leak';

export interface ReciprocalConfig {
  readonly form: ReciprocalForm;
  readonly layers: LayerPolicy;
  /** The last `heads` heads of a layer take part. */
  readonly heads: number;
}

export type AttentionCore =
  | { readonly kind: 'mha' }
  | { readonly kind: 'mla'; readonly latent: number }
  /** Keys and values from latents of their own; the value latent is kept in `bits` bits. */
  | { readonly kind: 'askv'; readonly keyLatent: number; readonly valueLatent: number; readonly bits: number }
  | {
      readonly kind: 'kvsplice';
      /** `head`: all heads read the expanded code; `single`: one head of the code's width. */
      readonly form?: 'head' | 'single';
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
      }
    | { readonly kind: 'askv'; readonly keyLatent: number; readonly valueLatent: number; readonly bits: number }
    | {
        readonly kind: 'single';
        readonly latent: number;
        readonly rank: number;
        readonly norm: boolean;
        readonly key: number;
      };
  readonly ra: { readonly form: ReciprocalForm; readonly heads: number } | null;
}

/** Channels of a head that `fold` exchanges between q and k. */
export const FOLD_RANK = 4;

interface Sizes {
  readonly nLayer: number;
  readonly nHead: number;
  readonly nEmbd: number;
}

/** Checks the attention part of a configuration against the model's sizes. Throws ModelConfigError. */
function validate({ core, position, gate, kvTying, ra }: AttentionConfig, { nHead, nEmbd }: Sizes): void {
  const within = (symbol: string, value: number, max: number, what: string): void => {
    if (!Number.isInteger(value) || value < 1 || value > max)
      throw new ModelConfigError(`${symbol}=${value} must be 1 to ${max}, ${what}`);
  };
  if (core.kind === 'askv') {
    within('ASKV_KEY_LATENT', core.keyLatent, nEmbd, 'no wider than the keys (GPT2_N_EMBD)');
    within('ASKV_VALUE_LATENT', core.valueLatent, nEmbd, 'no wider than the values (GPT2_N_EMBD)');
  }
  if (core.kind === 'mla' || core.kind === 'kvsplice')
    within('MLA_LATENT', core.latent, 2 * nEmbd, `no wider than k and v together (2 x GPT2_N_EMBD)`);
  if (core.kind === 'kvsplice') within('KVSPLICE_RANK', core.rank, core.latent, `no wider than MLA_LATENT`);
  if (position !== 'learned' && (nEmbd / nHead) % 2 !== 0)
    throw new ModelConfigError(
      `rotary positions need an even head width; GPT2_N_EMBD=${nEmbd} / GPT2_N_HEAD=${nHead} is ${nEmbd / nHead}`,
    );
  if (core.kind === 'kvsplice' && core.form === 'single') {
    if (gate) throw new ModelConfigError('ATTN_GATE needs heads to gate: KVSPLICE_SINGLE has one of its own width');
    if (position !== 'learned' && core.rank % 2 !== 0)
      throw new ModelConfigError(`KVSPLICE_RANK=${core.rank} must be even for rotary positions with KVSPLICE_SINGLE`);
  }
  if (kvTying && core.kind !== 'mha')
    throw new ModelConfigError('ATTN_KV_TYING needs ATTN_MHA: a latent has no k to tie');
  if (ra && core.kind !== 'mha') throw new ModelConfigError('ATTN_RA needs ATTN_MHA');
  if (ra && isScoreForm(ra.form) && (kvTying || position !== 'learned'))
    throw new ModelConfigError(
      `RA_FORM_${ra.form.toUpperCase()} needs POSITION_LEARNED and no ATTN_KV_TYING: it rearranges q and k themselves`,
    );
  if (ra && ra.form === 'fold' && nEmbd / nHead <= FOLD_RANK)
    throw new ModelConfigError(
      `RA_FORM_FOLD needs heads wider than ${FOLD_RANK}; GPT2_N_EMBD=${nEmbd} / GPT2_N_HEAD=${nHead} is ${nEmbd / nHead}`,
    );
  if (ra) within('RA_HEADS', ra.heads, nHead, `the heads of a layer (GPT2_N_HEAD)`);
}

function layerCore({ core, kvTying }: AttentionConfig, layer: number, spliced: boolean): LayerAttention['core'] {
  if (core.kind === 'mha') return { kind: 'mha', kvTying };
  if (core.kind === 'askv') return core;
  const { latent } = core;
  if (core.kind === 'mla' || !spliced) return { kind: 'mla', latent, splice: null };
  const splice = { rank: core.rank, norm: core.norm, key: layer };
  return core.form === 'single' ? { kind: 'single', latent, ...splice } : { kind: 'mla', latent, splice };
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
    core: layerCore(config, layer, spliced.includes(layer)),
    ra: ra && reciprocal.includes(layer) ? { form: ra.form, heads: ra.heads } : null,
  }));
}
