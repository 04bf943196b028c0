/** The attention part of an experiment, from symbols. */
import type { AttentionConfig, AttentionCore, PositionKind, ReciprocalForm } from '@/models/attention/config';
import type { LayerPolicy } from '@/models/attention/policy';
import type { MlpConfig } from '@/models/mlp';
import { ConfigError, type Reader } from './config-reader';

type Kind = LayerPolicy['kind'];

/** The policy that `<PREFIX>_POLICY_<KIND>` chooses with the count in `<PREFIX>_LAYERS`. */
function policyOf(read: Reader, prefix: string, kinds: readonly Kind[]): LayerPolicy {
  const symbol = (kind: Kind): string => {
    switch (kind) {
      case 'lowest':
        return `${prefix}_POLICY_LOWEST_TRACE`;
      case 'highest':
        return `${prefix}_POLICY_HIGHEST_TRACE`;
      default:
        return `${prefix}_POLICY_${kind.toUpperCase()}`;
    }
  };
  const kind = read.choice<Kind>(
    `${prefix}_POLICY`,
    kinds.map((k) => [symbol(k), k] as const),
  );
  if (kind === 'all') return { kind };
  const count = read.int(`${prefix}_LAYERS`);
  switch (kind) {
    case 'random':
      return { kind, count, seed: read.int(`${prefix}_POLICY_SEED`) };
    case 'lowest':
    case 'highest':
      return {
        kind,
        count,
        signal: `${prefix}_TRACES (from ${prefix}_TRACE_RUN=DIR)`,
        values: traces(read, `${prefix}_TRACES`),
      };
    default:
      return { kind, count };
  }
}

/** One number a layer, or null where none were measured. */
function traces(read: Reader, symbol: string): readonly number[] | null {
  const text = read.values.get(symbol)?.trim() ?? '';
  return text === '' ? null : read.reals(symbol);
}

/** The model takes up to 2 C (nothing is lost then, which tests use); an experiment with more than C is a slip. */
function latentOf(read: Reader): number {
  const latent = read.int('MLA_LATENT');
  const width = read.int('GPT2_N_EMBD');
  if (latent > width)
    throw new ConfigError(
      'MLA_LATENT',
      `MLA_LATENT=${latent} is wider than the model, GPT2_N_EMBD=${width}; choose at most ${width} (a third, ${Math.max(1, Math.round(width / 3))}, keeps the reported ratios)`,
    );
  return latent;
}

function coreOf(read: Reader): AttentionCore {
  const kind = read.choice('attention', [
    ['ATTN_MHA', 'mha'],
    ['ATTN_MLA', 'mla'],
    ['ATTN_MLA_NOPE', 'mla'],
    ['ATTN_KVSPLICE', 'kvsplice'],
    ['ATTN_ASKV', 'askv'],
  ] as const);
  switch (kind) {
    case 'mha':
      return { kind };
    case 'mla':
      return { kind, latent: latentOf(read) };
    case 'askv':
      return {
        kind,
        keyLatent: read.int('ASKV_KEY_LATENT'),
        valueLatent: read.int('ASKV_VALUE_LATENT'),
        bits: read.int('ASKV_VALUE_BITS'),
      };
    case 'kvsplice':
      return {
        kind,
        form: read.choice('KVSPLICE_FORM', [
          ['KVSPLICE_HEAD', 'head'],
          ['KVSPLICE_SINGLE', 'single'],
        ] as const),
        latent: latentOf(read),
        rank: read.int('KVSPLICE_RANK'),
        norm: read.bool('KVSPLICE_NORM'),
        layers: policyOf(read, 'KVSPLICE', ['all', 'first', 'last', 'random', 'lowest']),
      };
  }
}

export function attentionConfig(read: Reader): AttentionConfig {
  return {
    core: coreOf(read),
    position: read.choice<PositionKind>('position', [
      ['POSITION_LEARNED', 'learned'],
      ['POSITION_ROPE', 'rope'],
      ['POSITION_BOTH', 'both'],
    ]),
    gate: read.bool('ATTN_GATE'),
    kvTying: read.bool('ATTN_KV_TYING'),
    ra: read.bool('ATTN_RA')
      ? {
          form: read.choice<ReciprocalForm>('RA_FORM', [
            ['RA_FORM_LEARNED', 'learned'],
            ['RA_FORM_FIXED', 'fixed'],
            ['RA_FORM_DELTA', 'delta'],
            ['RA_FORM_FOLD', 'fold'],
            ['RA_FORM_LENS', 'lens'],
            ['RA_FORM_LEAK', 'leak'],
          ]),
          layers: policyOf(read, 'RA', ['centre', 'first', 'last', 'random', 'lowest', 'highest', 'all']),
          heads: read.values.get('RA_HEADS') ? read.int('RA_HEADS') : 1, // absent where all heads take part
        }
      : null,
  };
}

/** What observers/attention.ts measures after every evaluation. */
export interface AttentionWatch {
  /** Held-out sequences of the Fisher trace; 0: not measured. */
  readonly fisherSequences: number;
  /** Gates and reciprocal branches, where the model has them. */
  readonly branches: boolean;
}

export const attentionWatch = (read: Reader): AttentionWatch => ({
  fisherSequences: read.bool('FISHER_TRACE_LIVE') ? read.int('FISHER_TRACE_SEQUENCES') : 0,
  branches: read.bool('ATTN_WATCH'),
});

export function mlpConfig(read: Reader): MlpConfig {
  const kind = read.choice('mlp', [
    ['MLP_PLAIN', 'plain'],
    ['MLP_RATIO', 'ratio'],
    ['MLP_RECIPROCAL', 'reciprocal'],
  ] as const);
  switch (kind) {
    case 'plain':
      return { kind };
    case 'ratio':
      return { kind, ratio: read.real('MLP_RATIO_VALUE', 0.1, 16) };
    case 'reciprocal':
      return { kind, rank: read.int('RMLP_RANK') };
  }
}
