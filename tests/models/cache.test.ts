/** Stated cache bytes: equal to those a decoder plans for every variant, the published ratios at any size, none where nothing decodes. */
import { describe, expect, it } from 'vitest';
import { planDecoder } from '@/decode/plan';
import { DEFAULT_TRAITS } from '@/engine/device';
import { readManifest } from '@/experiment/manifest/read';
import { stableJson } from '@/experiment/manifest/serialize';
import { planTraining } from '@/experiment/training-plan';
import { cacheBytesPerToken, layerCaches, undecodable } from '@/models/attention/cache';
import {
  type AttentionConfig,
  BASELINE_ATTENTION,
  type LayerAttention,
  resolveAttention,
} from '@/models/attention/config';
import { summarise } from '@/worker/summarise';
import { VARIANTS } from '../decode/variants';
import { trainManifest } from '../experiment/manifest/sample';
import { testExperiment } from '../support/experiment';
import { SMALL } from '../support/model';

const ALL = { kind: 'all' } as const;
const bytes = (layers: readonly LayerAttention[], nEmbd: number): number => cacheBytesPerToken(layers, nEmbd);
const leak: AttentionConfig = { ...BASELINE_ATTENTION, ra: { form: 'leak', layers: ALL, heads: 1 } };

describe('22: the cache that a decoder plans is the stated one', () => {
  const variants: typeof VARIANTS = {
    ...VARIANTS,
    'ra fold': { attention: { ra: { form: 'fold', layers: ALL, heads: 1 } } },
  };
  // 64 rows make every part whole blocks of 256 bytes: equality, not a bound.
  const [batch, capacity] = [3, 64];
  it.each(Object.entries(variants))('%s', (_name, { attention, mlp }) => {
    const config = {
      ...SMALL, nLayer: 3, nEmbd: 24, blockSize: capacity, attention: { ...BASELINE_ATTENTION, ...attention },
      ...(mlp ? { mlp } : {}),
    }; // prettier-ignore
    const { plan } = planDecoder(config, { batch, chunk: 5, capacity }, { traits: DEFAULT_TRAITS });
    const stated = bytes(resolveAttention(config.attention, config), config.nEmbd);
    expect(plan.buffers.find((b) => b.name === 'kv cache')!.bytes).toBe(batch * capacity * stated);
  });
});

it('22: L = C/3, r = L/2 on the last third: 6, 7.2 and 12 times smaller, exactly, at every size that divides', () => {
  for (const nEmbd of [12, 36, 48, 192, 384, 768])
    for (const nLayer of [3, 6, 9, 12]) {
      const sizes = { nLayer, nEmbd, nHead: 2 };
      const [latent, rank] = [nEmbd / 3, nEmbd / 6];
      const of = (core: AttentionConfig['core']): number =>
        bytes(resolveAttention({ ...BASELINE_ATTENTION, core }, sizes), nEmbd);
      const splice = (layers: typeof ALL | { kind: 'last'; count: number }) =>
        of({ kind: 'kvsplice', latent, rank, norm: true, layers });
      const mha = of({ kind: 'mha' });
      expect(mha).toBe(4 * 2 * nEmbd * nLayer);
      expect(mha / of({ kind: 'mla', latent })).toBe(6);
      expect(mha / splice({ kind: 'last', count: nLayer / 3 })).toBeCloseTo(7.2, 12);
      expect(mha / splice(ALL)).toBe(12);
    }
});

describe('a model that cannot decode', () => {
  it('has no cache in the plan of the page, and the reason instead', () => {
    const { config, model } = testExperiment({ model: { attention: leak, nHead: 2 } });
    const shape = { trainTokens: 1000, valTokens: 500, sampling: 'window' } as const;
    const summary = summarise(config, planTraining(config, model, shape, { traits: DEFAULT_TRAITS }));
    expect(summary.cacheBytesPerToken).toBeNull();
    expect(summary.cache).toEqual({ reason: 'RA_FORM_LEAK attends to the future and cannot decode' });
    expect(undecodable(resolveAttention(BASELINE_ATTENTION, config.model))).toBeNull();
  });

  it('is told layer by layer otherwise', () => {
    const { config, model } = testExperiment({
      model: { attention: { ...BASELINE_ATTENTION, ra: { form: 'learned', layers: { kind: 'last', count: 1 }, heads: 1 } } },
    }); // prettier-ignore
    const shape = { trainTokens: 1000, valTokens: 500, sampling: 'window' } as const;
    const { cache, cacheBytesPerToken: total } = summarise(config, planTraining(config, model, shape, { traits: DEFAULT_TRAITS })); // prettier-ignore
    expect(cache).toMatchObject({ layers: layerCaches(resolveAttention(config.model.attention, config.model), 48) });
    expect('layers' in cache && cache.layers.map(({ parts }) => parts.map((p) => `${p.part} ${p.width}`).join())).toEqual([
      'k 48,v 48', 'k 48,v 48,q 16',
    ]); // prettier-ignore
    expect(total).toBe(4 * (4 * 48 + 16));
  });

  it('may say so in its manifest', () => {
    const manifest = { ...trainManifest(), model: { name: 'gpt2', params: 100, kvBytesPerToken: null } };
    expect(readManifest(stableJson(manifest), null).findings).toEqual([]);
  });
});
