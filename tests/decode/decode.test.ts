/** Invariants 2, 11 and 22 of the attention specification: decoding with a cache equals the full forward. */
import { describe, expect, it } from 'vitest';
import { ReferenceDecoder } from '@/decode/backend-reference';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { type DecodeBackend, Decoder, type Weights } from '@/decode/decoder';
import { DecodeError, planDecoder } from '@/decode/plan';
import { cacheBytesPerToken } from '@/models/attention/cache';
import { BASELINE_ATTENTION, resolveAttention } from '@/models/attention/config';
import { IDS, SMALL, type SmallModel, smallModel } from '../support/model';
import { testEngine } from '../support/experiment';
import { VARIANTS } from './variants';

const [BATCH, SEQ, VOCAB] = [2, 7, 11];
const rows = [IDS.slice(0, SEQ), IDS.slice(SEQ)];

function openBranches(m: SmallModel): void {
  for (const p of m.model.graph.parameters) if (p.name.endsWith('ra_logit')) m.of(p.name)[0] = 0.7;
}

const weightsOf = (m: SmallModel): Weights =>
  new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.values.get(p.id)!) }]));

/** Largest difference of decoded logits from the full forward, prefilling `first[b]` tokens of row b and stepping from there. */
async function difference(backend: DecodeBackend, full: Float64Array, first: readonly number[]): Promise<number> {
  const decoder = new Decoder(backend);
  let worst = 0;
  const compare = (logits: Float32Array, at: readonly number[]): void => {
    expect(logits.length).toBe(BATCH * VOCAB);
    logits.forEach((x, i) => {
      const b = Math.floor(i / VOCAB);
      worst = Math.max(worst, Math.abs(x - full[(b * SEQ + at[b]!) * VOCAB + (i % VOCAB)]!));
    });
  };
  const at = first.map((n) => n - 1);
  compare(await decoder.prefill(rows.map((row, b) => row.slice(0, first[b]))), at);
  while (Math.max(...at) < SEQ - 1) {
    at.forEach((_, b) => at[b]!++);
    compare(await decoder.step(at.map((t, b) => rows[b]![t]!)), at);
  }
  return worst;
}

const make = (name: string): SmallModel => {
  const { attention, mlp } = VARIANTS[name]!;
  const m = smallModel(attention, mlp ? { mlp } : {});
  openBranches(m);
  for (const p of m.model.graph.parameters) m.of(p.name).forEach((x, i, all) => (all[i] = Math.fround(x)));
  return m;
};

describe.each(Object.keys(VARIANTS))('%s', (name) => {
  const shape = { batch: BATCH, chunk: 3, capacity: SEQ };

  it('2: the f64 reference decodes as it forwards, for prompts of equal and of different lengths', async () => {
    const m = make(name);
    const full = m.run();
    for (const first of [
      [1, 1],
      [5, 5],
      [6, 2],
      [7, 7],
    ]) {
      const backend = new ReferenceDecoder(m.model.config, shape);
      backend.load(weightsOf(m));
      expect(await difference(backend, full, first), first.join()).toBeLessThan(2e-6); // logits leave as f32
    }
  });

  it('2, 22: WebGPU decodes as the reference forwards, with the bytes that the model states', async () => {
    const m = make(name);
    const full = m.run();
    const backend = await WebGpuDecoder.create(await testEngine(), m.model.config, shape);
    backend.load(weightsOf(m));
    expect(await difference(backend, full, [6, 2])).toBeLessThan(1e-4);
    const layers = resolveAttention({ ...BASELINE_ATTENTION, ...VARIANTS[name]!.attention }, SMALL);
    const stated = cacheBytesPerToken(layers, SMALL.nEmbd) * BATCH * SEQ;
    const elements = backend.planned.caches.reduce((sum, c) => sum + c.shape.reduce((a, b) => a * b, 1), 0);
    expect(4 * elements).toBe(stated);
    // The allocation rounds each part up to 256 bytes, and no further.
    expect(backend.cacheBytes).toBeGreaterThanOrEqual(stated);
    expect(backend.cacheBytes).toBeLessThan(stated + 256 * backend.planned.caches.length);
    backend.destroy();
  });
});

describe('decoder', () => {
  it('11: with the stored queries lost, reciprocal attention decodes other logits', async () => {
    const m = make('ra learned');
    const full = m.run();
    const backend = new ReferenceDecoder(m.model.config, { batch: BATCH, chunk: 4, capacity: SEQ });
    backend.load(weightsOf(m));
    const decoder = new Decoder(backend);
    await decoder.prefill(rows.map((row) => row.slice(0, 6)));
    const caches = new Map([...(await backend.readCaches())].map(([k, c]) => [k, k.endsWith('.q') ? c.fill(0) : c]));
    backend.writeCaches(caches);
    const logits = await decoder.step(rows.map((row) => row[6]!));
    const worst = logits.reduce(
      (d, x, i) => Math.max(d, Math.abs(x - full[(Math.floor(i / VOCAB) * SEQ + 6) * VOCAB + (i % VOCAB)]!)),
      0,
    );
    expect(worst).toBeGreaterThan(1e-3);
  });

  it('36: the stored rows of a prefix continue as the full forward does; an empty prefix is the model', async () => {
    const m = make('mha');
    const full = m.run();
    const shape = { batch: BATCH, chunk: 4, capacity: SEQ };
    const teacher = new ReferenceDecoder(m.model.config, shape);
    teacher.load(weightsOf(m));
    await new Decoder(teacher).prefill(rows.map((row) => row.slice(0, 4)));
    const engine = await testEngine();
    const backend = await WebGpuDecoder.create(engine, m.model.config, shape);
    backend.load(weightsOf(m));
    backend.writeCaches(await teacher.readCaches());
    for (const prefix of [4, 0]) {
      const decoder = new Decoder(backend);
      decoder.reset(prefix);
      const logits = await decoder.prefill(rows.map((row) => row.slice(prefix)));
      logits.forEach((x, i) =>
        expect(Math.abs(x - full[(Math.floor(i / VOCAB) * SEQ + 6) * VOCAB + (i % VOCAB)]!)).toBeLessThan(1e-4),
      );
    }
    backend.destroy();
  });

  it('refuses a full cache, an empty prompt and a context beyond the learned positions', async () => {
    const m = make('mha');
    const backend = new ReferenceDecoder(m.model.config, { batch: 1, chunk: 4, capacity: 3 });
    backend.load(weightsOf(m));
    const decoder = new Decoder(backend);
    await expect(decoder.prefill([[1, 2, 3, 4]])).rejects.toThrow(
      /sequence 0 has 0 tokens and 4 more exceed its cache of 3/,
    );
    await expect(decoder.prefill([[]])).rejects.toThrow(/prompt 0 is empty/);
    expect(() => new ReferenceDecoder(m.model.config, { batch: 1, chunk: 4, capacity: 8 })).toThrow(DecodeError);
  });
});

describe('22: cache bytes of the plan at sizes whose parts are whole 256-byte blocks', () => {
  const sizes = { ...SMALL, nLayer: 6, nHead: 6, nEmbd: 192, blockSize: 64 };
  const splice = { kind: 'kvsplice', latent: 64, rank: 32, norm: true, layers: { kind: 'last', count: 2 } } as const;
  it.each([
    ['mha', {}, 4 * 2 * 192 * 6],
    ['kv tying', { kvTying: true }, 4 * 192 * 6],
    ['ra', { ra: { form: 'learned', layers: { kind: 'centre', count: 2 }, heads: 1 } }, 4 * (2 * 192 * 6 + 2 * 32)],
    ['mla', { core: { kind: 'mla', latent: 64 } }, 4 * 64 * 6],
    ['kvs-head', { core: splice }, 4 * (64 * 4 + 32 * 2)],
    ['kvs-single', { core: { ...splice, form: 'single' } }, 4 * (64 * 4 + 32 * 2)],
  ] as const)('%s', (_name, attention, perToken) => {
    const config = { ...sizes, attention: { ...BASELINE_ATTENTION, ...attention } };
    const traits = { software: true, subgroupSize: 4, maxWorkgroupStorage: 16384, maxInvocations: 256 };
    const { plan } = planDecoder(config, { batch: 2, chunk: 8, capacity: 64 }, { traits });
    expect(plan.buffers.find((b) => b.name === 'kv cache')!.bytes).toBe(2 * 64 * perToken);
    expect(cacheBytesPerToken(resolveAttention(config.attention, config), 192)).toBe(perToken);
  });
});
