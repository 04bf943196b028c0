/** Every attention variant at small odd sizes (3 heads of 4, or 8 for rotary single heads). */
import type { AttentionConfig } from '@/models/attention/config';
import type { MlpConfig } from '@/models/mlp';

const ALL = { kind: 'all' } as const;
const splice = { kind: 'kvsplice', latent: 5, rank: 3, norm: true, layers: { kind: 'last', count: 1 } } as const;

export const VARIANTS: Readonly<Record<string, { attention: Partial<AttentionConfig>; mlp?: MlpConfig }>> = {
  mha: { attention: {} },
  rope: { attention: { position: 'rope' } },
  both: { attention: { position: 'both' } },
  gate: { attention: { gate: true } },
  'kv tying': { attention: { kvTying: true } },
  'kv tying, rotated': { attention: { kvTying: true, position: 'rope' } },
  'kv tying, reciprocal': { attention: { kvTying: true, ra: { form: 'delta', layers: ALL, heads: 2 } } },
  'ra learned': { attention: { ra: { form: 'learned', layers: ALL, heads: 2 } } },
  'ra learned, gated, rotated': {
    attention: { ra: { form: 'learned', layers: ALL, heads: 1 }, gate: true, position: 'rope' },
  },
  'ra fixed': { attention: { ra: { form: 'fixed', layers: { kind: 'last', count: 1 }, heads: 1 } } },
  'ra delta': { attention: { ra: { form: 'delta', layers: ALL, heads: 3 } } },
  'ra lens': { attention: { ra: { form: 'lens', layers: ALL, heads: 2 } } },
  askv: { attention: { core: { kind: 'askv', keyLatent: 5, valueLatent: 4, bits: 4 } } },
  'mla nope': { attention: { core: { kind: 'mla', latent: 5 } } },
  mla: { attention: { core: { kind: 'mla', latent: 5 }, position: 'both' } },
  'kvs-head': { attention: { core: splice, position: 'both' } },
  'kvs-head, no norm': { attention: { core: { ...splice, norm: false, layers: ALL }, position: 'both' } },
  'kvs-single': { attention: { core: { ...splice, form: 'single', rank: 4 }, position: 'both' } },
  'kvs-single, no norm': { attention: { core: { ...splice, form: 'single', norm: false, layers: ALL } } },
  'reciprocal mlp': { attention: {}, mlp: { kind: 'reciprocal', rank: 5 } },
};
