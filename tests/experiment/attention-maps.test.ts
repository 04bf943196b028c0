/** Attention maps: rows are distributions over the past, the engine agrees with the reference, closed forms of the branches. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { attentionMaps } from '@/experiment/attention-maps';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { BASELINE_ATTENTION, type ReciprocalForm } from '@/models/attention/config';
import { testEngine, testExperiment } from '../support/experiment';

const TOKENS = [3, 1, 4, 1, 5, 9, 2];
const HEADS = 3;

/** Two layers, the last with a branch on its last two heads; weights scaled so that attention is not uniform. */
async function model(form: ReciprocalForm, scale = 12) {
  const experiment = testExperiment({
    model: {
      nLayer: 2, nHead: HEADS, nEmbd: 24, blockSize: 13, dropout: 0.1,
      attention: { ...BASELINE_ATTENTION, ra: { form, layers: { kind: 'last', count: 1 }, heads: 2 } },
    },
  }); // prettier-ignore
  const backend = new ReferenceBackend(experiment.config, experiment.model, experiment.corpus);
  const weights = new Map(
    [...(await backend.parameters())].map(([name, { shape, data }]) => {
      if (name.endsWith('ra_logit')) return [name, { shape, data: data.map(() => 0.5) }];
      return [name, { shape, data: /c_attn.weight|wte|wpe/.test(name) ? data.map((x) => scale * x) : data }];
    }),
  );
  return { model: experiment.model, weights };
}

const row = (rows: Float32Array, i: number): number[] => [...rows.subarray((i * (i + 1)) / 2, ((i + 1) * (i + 2)) / 2)];

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

describe('attention maps', () => {
  it('rows sum to 1, and a later token changes no earlier row', async () => {
    const request = { engine: null, ...(await model('delta')) };
    const maps = await attentionMaps({ ...request, tokens: TOKENS });
    const other = await attentionMaps({ ...request, tokens: [...TOKENS.slice(0, -1), 8] });
    expect(maps.map((m) => `${m.layer}.${m.head} ${m.kind}`).sort()).toEqual([
      '0.0 standard', '0.1 standard', '0.2 standard', '1.0 standard', '1.1 mixed', '1.1 reciprocal', '1.1 standard',
      '1.2 mixed', '1.2 reciprocal', '1.2 standard',
    ]); // prettier-ignore
    maps.forEach(({ rows }, m) => {
      TOKENS.forEach((_, i) => {
        const sum = row(rows, i).reduce((a, b) => a + b, 0);
        expect(sum).toBeCloseTo(1, 6);
        const same = row(rows, i).every((p, j) => p === row(other[m]!.rows, i)[j]);
        if (i < TOKENS.length - 1) expect(same).toBe(true);
        else expect(same).toBe(false);
      });
    });
  });

  it('zero queries and keys attend evenly', async () => {
    const maps = await attentionMaps({ engine: null, ...(await model('delta', 0)), tokens: TOKENS });
    for (const { rows } of maps)
      TOKENS.forEach((_, i) => row(rows, i).forEach((p) => expect(p).toBeCloseTo(1 / (i + 1), 6)));
  });

  it.each([
    { form: 'fixed', share: 0.0625 },
    { form: 'delta', share: Math.tanh(0.5) },
  ] as const)('mixes as $form does', async ({ form, share }) => {
    const maps = await attentionMaps({ engine: null, ...(await model(form)), tokens: TOKENS });
    const of = (kind: string): Float32Array => maps.find((m) => m.layer === 1 && m.head === 2 && m.kind === kind)!.rows;
    expect([...of('reciprocal')]).not.toEqual([...of('standard')]);
    of('mixed').forEach((p, i) =>
      expect(p).toBeCloseTo((1 - share) * of('standard')[i]! + share * of('reciprocal')[i]!, 6),
    );
  });

  it('shows neither a mixture of the learned form nor the half of the leak that sees the future', async () => {
    const kinds = async (form: ReciprocalForm): Promise<Set<string>> =>
      new Set((await attentionMaps({ engine: null, ...(await model(form)), tokens: TOKENS })).map((m) => m.kind));
    expect(await kinds('learned')).toEqual(new Set(['standard', 'reciprocal']));
    expect(await kinds('leak')).toEqual(new Set(['standard']));
  });

  it('the engine agrees with the reference', async () => {
    const request = { ...(await model('delta')), tokens: TOKENS };
    const expected = await attentionMaps({ engine: null, ...request });
    const maps = await attentionMaps({ engine, ...request });
    expect(maps.length).toBe(expected.length);
    maps.forEach(({ rows }, m) =>
      rows.forEach((p, i) => expect(Math.abs(p - expected[m]!.rows[i]!)).toBeLessThan(1e-4)),
    );
  });
});
