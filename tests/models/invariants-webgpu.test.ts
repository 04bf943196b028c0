/**
 * Invariants 1, 3, 7, 8, 13, 15 and 18 of the attention specification on WebGPU, at a shape of its own (5 heads of 6, 9 tokens, batch 3),
 * and the same logits from the f64 reference. At other odd shapes: attention.test.ts, parity.test.ts, decode.test.ts.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import type { NamedTensors } from '@/experiment/backend';
import { openProbe } from '@/experiment/graph-probe';
import { initialValues } from '@/experiment/init';
import { Graph, type Tensor, attention as attentionOp } from '@/graph';
import { type AttentionConfig, BASELINE_ATTENTION } from '@/models/attention/config';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2 } from '@/models/gpt2';
import { testEngine } from '../support/experiment';
import { noise } from '../support/gpu';
import { SMALL } from '../support/model';

const [BATCH, SEQ, C, VOCAB] = [3, 9, 30, 13];
const T0 = 5;
const IDS = Array.from({ length: BATCH * SEQ }, (_, i) => (i * i * 7 + 3 * i) % VOCAB);
const LATER = IDS.map((t, i) => (i % SEQ >= T0 ? (t + 4) % VOCAB : t));
const ALL = { kind: 'all' } as const;
const splice = { kind: 'kvsplice', latent: 9, rank: 4, norm: true, layers: ALL } as const;

const model = (attention: Partial<AttentionConfig>): Gpt2Config => ({
  ...SMALL, nLayer: 1, nHead: 5, nEmbd: C, blockSize: SEQ, vocabSize: VOCAB,
  attention: { ...BASELINE_ATTENTION, ...attention },
}); // prettier-ignore

type Weights = Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** As a run draws them, normal ones times 12 so that attention is not uniform, branches open; the same name has the same numbers. */
function weightsOf(attention: Partial<AttentionConfig>): Weights {
  const { graph } = buildGpt2(model(attention), BATCH, SEQ);
  const place = (name: string): number => [...name].reduce((h, c) => (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0, 7) % 1000; // prettier-ignore
  return new Map(
    graph.parameters.map((p) => {
      const normal = p.source.kind === 'parameter' && p.source.init.kind === 'normal';
      const data = Float32Array.from(initialValues(p, place(p.name), 3), (x) => (normal ? 12 * x : x));
      return [p.name, { shape: p.shape, data: p.name.endsWith('ra_logit') ? data.fill(0.7) : data }];
    }),
  );
}

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

/** Logits of each list of tokens. */
async function forward(
  on: EngineDevice | null,
  attention: Partial<AttentionConfig>,
  weights: NamedTensors,
  ...texts: number[][]
) {
  const { graph, ids, logits } = buildGpt2(model(attention), BATCH, SEQ);
  const probe = await openProbe(on, { graph, weights, read: [logits], seed: 0 });
  const out: number[][] = [];
  for (const text of texts)
    out.push(Array.from((await probe.run(new Map([[ids, Uint32Array.from(text)]]))).get(logits)!));
  probe.destroy();
  return out;
}

const worst = (a: readonly number[], b: readonly number[]): number => a.reduce((w, x, i) => Math.max(w, Math.abs(x - b[i]!)), 0); // prettier-ignore
const at = (weights: Weights, name: string): Float32Array => weights.get(`transformer.h.0.attn.${name}`)!.data;

const VARIANTS: Readonly<Record<string, Partial<AttentionConfig>>> = {
  mha: {},
  rope: { position: 'rope' },
  gate: { gate: true },
  'kv tying': { kvTying: true },
  'ra learned': { ra: { form: 'learned', layers: ALL, heads: 2 } },
  'ra fixed': { ra: { form: 'fixed', layers: ALL, heads: 3 } },
  'ra delta, gated, rotated': { ra: { form: 'delta', layers: ALL, heads: 1 }, gate: true, position: 'both' },
  'ra fold': { ra: { form: 'fold', layers: ALL, heads: 1 } },
  'ra lens': { ra: { form: 'lens', layers: ALL, heads: 1 } },
  mla: { core: { kind: 'mla', latent: 11 }, position: 'both' },
  'kvs-head': { core: splice, position: 'both' },
  'kvs-single': { core: { ...splice, form: 'single' }, position: 'both' },
  askv: { core: { kind: 'askv', keyLatent: 7, valueLatent: 5, bits: 8 } },
};

describe.each(Object.entries(VARIANTS))('%s', (_name, attention) => {
  it('1: later tokens leave earlier logits as they are, bit for bit; the reference has the same logits', async () => {
    const weights = weightsOf(attention);
    const [before, after] = await forward(engine, attention, weights, IDS, LATER);
    const [expected] = await forward(null, attention, weights, IDS);
    expect(worst(before!, expected!)).toBeLessThan(2e-4);
    before!.forEach((x, i) => {
      if (Math.floor(i / VOCAB) % SEQ < T0) expect(after![i]).toBe(x);
    });
    expect(worst(before!, after!)).toBeGreaterThan(1e-2);
  });
});

it('1: the leak fails it', async () => {
  const attention = { ra: { form: 'leak', layers: ALL, heads: 1 } } as const;
  const [before, after] = await forward(engine, attention, weightsOf(attention), IDS, LATER);
  expect(before!.some((x, i) => Math.floor(i / VOCAB) % SEQ < T0 && after![i] !== x)).toBe(true);
});

it('3: rows of P sum to 1 and see no future: attention over ones is 1, over a later value is 0', async () => {
  const graph = new Graph();
  const [q, k, v] = ['q', 'k', 'v'].map((name) => graph.input(name, [BATCH, SEQ, C], 'f32')) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const o = graph.apply1(attentionOp, [q, k, v], { nHead: 5, scale: 0.4, dropout: 0, site: 0 });
  const probe = await openProbe(engine, { graph, weights: new Map(), read: [o], seed: 0 });
  const over = async (value: (t: number) => number): Promise<number[]> => {
    const values = Float32Array.from({ length: BATCH * SEQ * C }, (_, i) => value(Math.floor(i / C) % SEQ));
    const inputs = [[q, noise(q.shape, 1, 3)], [k, noise(k.shape, 2, 3)], [v, values]] as const; // prettier-ignore
    return Array.from((await probe.run(new Map<Tensor, Float32Array>(inputs))).get(o)!);
  };
  for (const x of await over(() => 1)) expect(Math.abs(x - 1)).toBeLessThan(1e-6);
  (await over((t) => (t === T0 ? 1 : 0))).forEach((x, i) => {
    if (Math.floor(i / C) % SEQ < T0) expect(x).toBe(0);
    else expect(x).toBeGreaterThan(0);
  });
  probe.destroy();
});

describe('against the baseline on WebGPU', () => {
  const baseline = async (weights: Weights): Promise<number[]> => (await forward(engine, {}, weights, IDS))[0]!;

  it('7: a = 0 is the baseline bit for bit', async () => {
    const weights = weightsOf(VARIANTS['ra learned']!);
    at(weights, 'ra_logit').fill(0);
    expect((await forward(engine, VARIANTS['ra learned']!, weights, IDS))[0]).toEqual(await baseline(weights));
  });

  it('8: with equal q and k the difference form is the baseline', async () => {
    const delta = { ra: { form: 'delta', layers: ALL, heads: 2 } } as const;
    const weights = weightsOf(delta);
    const fused = at(weights, 'c_attn.weight');
    for (let r = 0; r < C; r++) fused.copyWithin(r * 3 * C + C, r * 3 * C, r * 3 * C + C);
    at(weights, 'c_attn.bias').fill(0);
    expect(worst((await forward(engine, delta, weights, IDS))[0]!, await baseline(weights))).toBeLessThan(1e-5);
  });

  it('13: an open gate is the baseline, one that knows nothing halves attention', async () => {
    const weights = weightsOf({ gate: true });
    at(weights, 'gate.weight').fill(0);
    at(weights, 'gate.bias').fill(40);
    expect(worst((await forward(engine, { gate: true }, weights, IDS))[0]!, await baseline(weights))).toBeLessThan(
      1e-5,
    );
    at(weights, 'gate.bias').fill(0);
    const half = (await forward(engine, { gate: true }, weights, IDS))[0]!;
    at(weights, 'c_proj.weight').forEach((x, i, w) => (w[i] = x / 2));
    expect(worst(half, await baseline(weights))).toBeLessThan(1e-5);
  });

  it('15: a latent of q, k and v side by side is the baseline', async () => {
    const mla = { core: { kind: 'mla', latent: 2 * C } } as const;
    const weights = weightsOf({});
    const own = weightsOf(mla);
    for (const [name, tensor] of weights) if (own.has(name)) own.set(name, tensor);
    const fused = at(weights, 'c_attn.weight');
    for (let r = 0; r < C; r++) {
      at(own, 'q.weight').set(fused.subarray(r * 3 * C, r * 3 * C + C), r * C);
      at(own, 'kv_down.weight').set(fused.subarray(r * 3 * C + C, (r + 1) * 3 * C), r * 2 * C);
    }
    at(own, 'kv_up.weight').forEach((_, i, w) => (w[i] = Math.floor(i / (2 * C)) === i % (2 * C) ? 1 : 0));
    expect(worst((await forward(engine, mla, own, IDS))[0]!, await baseline(weights))).toBeLessThan(1e-4);
  });

  it('18: a full-rank orthonormal code is MLA without LayerNorm, and is not with it', async () => {
    const mla = { core: { kind: 'mla', latent: 9 }, position: 'both' } as const;
    const code = (norm: boolean) => ({ core: { ...splice, rank: 9, norm }, position: 'both' }) as const;
    const own = weightsOf(mla);
    const joined = (attention: Partial<AttentionConfig>): Weights => new Map([...weightsOf(attention), ...own]);
    const expected = (await forward(engine, mla, own, IDS))[0]!;
    expect(worst((await forward(engine, code(false), joined(code(false)), IDS))[0]!, expected)).toBeLessThan(1e-4);
    expect(worst((await forward(engine, code(true), joined(code(true)), IDS))[0]!, expected)).toBeGreaterThan(1e-2);
  });
});
