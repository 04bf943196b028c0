/** Decoding over quantised caches: invariants 29, 32 of the attention specification, kernels against the f64 reference. */
import { describe, expect, it } from 'vitest';
import { ReferenceDecoder } from '@/decode/backend-reference';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { type DecodeBackend, Decoder, type Weights } from '@/decode/decoder';
import { F32_FORMAT, type KvDtype, type KvFormat } from '@/graph';
import type { AttentionConfig } from '@/models/attention/config';
import type { KvStore } from '@/models/layers';
import { testEngine } from '../support/experiment';
import { smallModel, type SmallModel } from '../support/model';

const WIDE = { nEmbd: 32, nHead: 2 };
const IDS = [1, 2, 3, 2, 1, 10, 0];
const format = (dtype: KvDtype, o: Partial<KvFormat> = {}): KvFormat => ({ ...F32_FORMAT, dtype, ...o });
const store = (k: KvFormat, v: KvFormat, o: Partial<KvStore> = {}): KvStore => ({
  k,
  v,
  fused: true,
  preBiasK: false,
  ...o,
});

function make(attention: Partial<AttentionConfig>): { m: SmallModel; weights: Weights } {
  const m = smallModel(attention, WIDE);
  for (const p of m.model.graph.parameters) if (p.name.endsWith('ra_logit')) m.of(p.name)[0] = 0.7;
  return {
    m,
    weights: new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.of(p.name)) }])),
  };
}

async function last(backend: DecodeBackend): Promise<Float32Array> {
  const decoder = new Decoder(backend);
  const both = [IDS, [...IDS].reverse()];
  await decoder.prefill(both.map((row) => row.slice(0, 5)));
  await decoder.step(both.map((row) => row[5]!));
  return decoder.step(both.map((row) => row[6]!));
}

const shape = { batch: 2, chunk: 3, capacity: 7 };
const gpu = async (
  { m, weights }: ReturnType<typeof make>,
  s: KvStore,
): Promise<{ logits: Float32Array; bytes: number }> => {
  const backend = await WebGpuDecoder.create(await testEngine(), m.model.config, { ...shape, store: s });
  backend.load(weights);
  const result = { logits: await last(backend), bytes: backend.cacheBytes };
  backend.destroy();
  return result;
};
const reference = ({ m, weights }: ReturnType<typeof make>, s: KvStore): Promise<Float32Array> => {
  const backend = new ReferenceDecoder(m.model.config, { ...shape, store: s });
  backend.load(weights);
  return last(backend);
};
const worst = (a: Float32Array, b: Float32Array): number => a.reduce((w, x, i) => Math.max(w, Math.abs(x - b[i]!)), 0);

const PAIRS: readonly [string, KvFormat, KvFormat][] = [
  ['K f16, V f32', format('f16'), format('f32')],
  ['K int8, V int4', format('int8'), format('int4')],
  ['K int4 asymmetric, V int8', format('int4', { asymmetric: true }), format('int8')],
  ['K int8 asymmetric, V int4 without cap', format('int8', { asymmetric: true }), format('int4', { cap: 0 })],
];

describe.each(PAIRS)('%s', (_name, k, v) => {
  it('29: fused equals unpacked-first, and both the f64 reference', async () => {
    const model = make({});
    const expected = await reference(model, store(k, v));
    const fused = await gpu(model, store(k, v));
    const unfused = await gpu(model, store(k, v, { fused: false }));
    expect(worst(fused.logits, unfused.logits)).toBeLessThan(1e-5);
    expect(fused.bytes).toBe(unfused.bytes);
    // A code may differ where f32 and f64 round a tie apart; steps here are below 0.2 of activations of O(1).
    expect(worst(fused.logits, expected)).toBeLessThan(2e-3);
    const exact = await reference(model, store(F32_FORMAT, F32_FORMAT));
    expect(worst(expected, exact)).toBeGreaterThan(1e-5);
  });
});

describe('formats', () => {
  it('29: f32 for both is the unquantised decoder bit for bit', async () => {
    const model = make({});
    const backend = await WebGpuDecoder.create(await testEngine(), model.m.model.config, shape);
    backend.load(model.weights);
    expect((await gpu(model, store(F32_FORMAT, F32_FORMAT))).logits).toEqual(await last(backend));
    backend.destroy();
  });

  it.each([
    ['reciprocal', { ra: { form: 'delta', layers: { kind: 'all' }, heads: 1 } }],
    ['tied', { kvTying: true }],
    ['rotary', { position: 'rope' }],
    ['mla', { core: { kind: 'mla', latent: 16 } }],
    ['kvs-head', { core: { kind: 'kvsplice', latent: 16, rank: 8, norm: true, layers: { kind: 'all' } } }],
  ] as [string, Partial<AttentionConfig>][])(
    '%s attention reads packed rows as the reference does',
    async (_n, attention) => {
      const model = make(attention);
      const s = store(format('int8'), format('int8'));
      expect(worst((await gpu(model, s)).logits, await reference(model, s))).toBeLessThan(2e-3);
    },
  );

  it('32: keys without their bias are as good without rotary positions, and far better to quantise under a large bias', async () => {
    const model = make({});
    const plain = await reference(model, store(F32_FORMAT, F32_FORMAT));
    expect(worst(await reference(model, store(F32_FORMAT, F32_FORMAT, { preBiasK: true })), plain)).toBeLessThan(1e-5);
    for (const [name, { data }] of model.weights)
      if (name.endsWith('c_attn.bias')) for (let c = 32; c < 64; c++) data[c]! += 40;
    const biased = await reference(model, store(F32_FORMAT, F32_FORMAT));
    expect(worst(biased, plain)).toBeLessThan(1e-4);
    const error = async (preBiasK: boolean): Promise<number> =>
      worst(await reference(model, store(format('int4'), F32_FORMAT, { preBiasK })), biased);
    expect(await error(true)).toBeLessThan(0.5 * (await error(false)));
    const onGpu = await gpu(model, store(format('int8'), F32_FORMAT, { preBiasK: true }));
    expect(
      worst(onGpu.logits, await reference(model, store(format('int8'), F32_FORMAT, { preBiasK: true }))),
    ).toBeLessThan(5e-3);
    const rotary = (): unknown =>
      reference(make({ position: 'rope' }), store(F32_FORMAT, F32_FORMAT, { preBiasK: true }));
    expect(rotary).toThrow(/preBiasK needs keys that are not rotated/);
  });
});
