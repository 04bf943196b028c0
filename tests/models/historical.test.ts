/** Fold, lens, leak and two-lane attention: invariants 1, 2, 6, 10 and 20 of the attention specification, on both backends. */
import { describe, expect, it } from 'vitest';
import { ReferenceDecoder } from '@/decode/backend-reference';
import { Decoder } from '@/decode/decoder';
import { openProbe } from '@/experiment/graph-probe';
import { Graph, fakeQuant, reverseTime } from '@/graph';
import { packedBytesPerToken } from '@/models/attention/cache';
import { type AttentionConfig, BASELINE_ATTENTION, resolveAttention } from '@/models/attention/config';
import { buildGpt2, buildGpt2Decoder } from '@/models/gpt2';
import { IDS, SMALL, type SmallModel, smallModel, worstDifference } from '../support/model';
import { testEngine } from '../support/experiment';
import { compareOnGpu } from '../support/graph-gpu';
import { gradientError } from '../support/reference';

const ALL = { kind: 'all' } as const;
const form = (name: 'fold' | 'lens' | 'leak'): Partial<AttentionConfig> => ({
  ra: { form: name, layers: ALL, heads: 1 },
});
const askv = (bits: number, keyLatent = 9, valueLatent = 7): Partial<AttentionConfig> => ({
  core: { kind: 'askv', keyLatent, valueLatent, bits },
});
const WIDE = { nEmbd: 24 }; // heads of 8
const wide = (attention: Partial<AttentionConfig>, overrides = {}): SmallModel =>
  smallModel(attention, { ...WIDE, ...overrides }, 6);

const VARIANTS = {
  fold: form('fold'),
  'lens, gated': { ...form('lens'), gate: true },
  leak: form('leak'),
  askv: askv(8),
  'askv, rotated': { ...askv(5), position: 'both' },
} satisfies Readonly<Record<string, Partial<AttentionConfig>>>;

/** Logits with other tokens from position 4 on, and whether those before changed. */
function pastChanges(m: SmallModel): boolean {
  const before = m.run();
  const after = m.run(IDS.map((t, i) => (i % 7 >= 4 ? (t + 5) % 11 : t)));
  expect(worstDifference(before, after)).toBeGreaterThan(1e-3);
  return before.some((x, i) => Math.floor(i / 11) % 7 < 4 && after[i] !== x);
}

describe.each(Object.entries(VARIANTS))('%s', (name, attention) => {
  it(`1: tokens from t0 on ${name === 'leak' ? 'leak into' : 'do not change'} logits before t0`, () => {
    expect(pastChanges(wide(attention))).toBe(name === 'leak');
  });

  it('20: no parameter has a gradient of zero, but for key biases', () => {
    const m = wide(attention);
    m.run();
    for (const { name: p } of m.model.graph.parameters)
      if (!/k_(down|up)\.bias/.test(p)) expect(Math.max(...m.gradient(p).map(Math.abs)), p).toBeGreaterThan(1e-10);
  });

  it('WebGPU has the logits and every gradient of the reference', async () => {
    const m = wide(attention);
    m.run();
    const { graph, logits, gradients, ids, targets, lossScale } = m.model;
    const weights = new Map(
      graph.parameters.map((p) => [p.name, { shape: p.shape, data: Float32Array.from(m.values.get(p.id)!) }]),
    );
    const request = { graph, weights, read: [logits], roots: [m.model.loss], gradients, seed: 1 };
    const inputs = new Map<typeof ids, Uint32Array | Int32Array | Float32Array>([
      [ids, Uint32Array.from(IDS)],
      [targets, m.values.get(targets.id) as Int32Array],
      [lossScale, Float32Array.of(1 / 14)],
    ]);
    const [a, b] = await Promise.all(
      [await testEngine(), null].map(async (engine) => (await openProbe(engine, request)).run(inputs)),
    );
    for (const [tensor, expected] of b!) {
      const actual = a!.get(tensor)!;
      const norm = Math.sqrt(Array.from(expected).reduce((s, x) => s + x * x, 0));
      const difference = Math.sqrt(Array.from(expected).reduce((s, x, i) => s + (x - actual[i]!) ** 2, 0));
      expect(difference, tensor.name).toBeLessThan(1e-4 * norm + 2e-8);
    }
  });
});

describe('gradients', () => {
  it.each(['fold', 'lens', 'leak'] as const)('6: of %s agree with central differences', (name) => {
    const m = wide(form(name));
    m.run();
    const { worst, where } = gradientError(m.model.graph, m.values, m.model.loss, m.model.gradients, 4);
    expect(worst, where).toBeLessThan(5e-6);
  });

  it('6: of two lanes agree with central differences where nothing is rounded behind the parameter', () => {
    const m = wide(askv(8), { nLayer: 1 });
    m.run();
    const smooth = /attn\.(q|k_down|k_up|v_up|c_proj)|mlp|ln_2|ln_f/;
    const gradients = new Map([...m.model.gradients].filter(([p]) => smooth.test(p.name)));
    expect(gradients.size).toBeGreaterThan(10);
    const { worst, where } = gradientError(m.model.graph, m.values, m.model.loss, gradients, 4);
    expect(worst, where).toBeLessThan(5e-6);
  });
});

/** The baseline with the variant's weights where both have them; `edit` gets c_attn of both layers: rows of [q | k | v]. */
function baselineOf(m: SmallModel, edit: (row: Float64Array, isBias: boolean) => void): Float64Array {
  const base = wide({});
  for (const p of base.model.graph.parameters) base.of(p.name).set(m.of(p.name));
  for (const layer of [0, 1])
    for (const what of ['weight', 'bias']) {
      const w = base.of(`h.${layer}.attn.c_attn.${what}`);
      for (let at = 0; at < w.length; at += 72) edit(w.subarray(at, at + 72), what === 'bias');
    }
  return base.run();
}

describe('fold', () => {
  const gates = (m: SmallModel, standard: number, low: number): void => {
    for (const p of m.model.graph.parameters)
      if (p.name.includes('ra_fold')) m.of(p.name)[0] = p.name.endsWith('standard') ? standard : low;
  };
  const isLow = (column: number): boolean => column % 8 >= 4;
  /** The low channels of q and k change places: what the folded q and k are, fused. */
  const exchanged = (row: Float64Array): void => {
    for (let c = 0; c < 24; c++) if (isLow(c)) [row[c], row[24 + c]] = [row[24 + c]!, row[c]!];
  };

  it('10: open gates are the baseline; other gates weight two blocks of the score, without cross terms', () => {
    const m = wide(form('fold'));
    gates(m, 1, 1);
    expect(worstDifference(m.run(), baselineOf(m, exchanged))).toBeLessThan(1e-12);
    gates(m, 0.6, 0.3);
    const weighted = baselineOf(m, (row) => {
      exchanged(row);
      row.subarray(0, 24).forEach((x, c, q) => (q[c] = x * (isLow(c) ? 0.3 : 0.6)));
    });
    expect(worstDifference(m.run(), weighted)).toBeLessThan(1e-12);
  });

  it('10: a closed low gate is the baseline with the low channels of q at zero, and it stays closed', () => {
    const m = wide(form('fold'));
    gates(m, 1, 0);
    const without = baselineOf(m, (row) => row.subarray(0, 24).forEach((x, c, q) => (q[c] = isLow(c) ? 0 : x)));
    expect(worstDifference(m.run(), without)).toBeLessThan(1e-6);
    expect(m.gradient('h.0.attn.ra_fold.1.reciprocal')[0]).toBe(0);
    gates(m, 1, 0.1);
    m.run();
    expect(Math.abs(m.gradient('h.0.attn.ra_fold.1.reciprocal')[0]!)).toBeGreaterThan(1e-6);
  });

  it('starts at (d - 4) / d and 4 / d, and is refused for heads of 4', () => {
    const m = wide(form('fold'));
    expect(m.of('h.1.attn.ra_fold.2.standard')[0]).toBe(0.5);
    expect(m.of('h.1.attn.ra_fold.2.reciprocal')[0]).toBe(0.5);
    expect(() => smallModel(form('fold'))).toThrow('RA_FORM_FOLD needs heads wider than 4');
    expect(() => wide({ ...form('fold'), position: 'rope' })).toThrow('RA_FORM_FOLD needs POSITION_LEARNED');
  });
});

describe('lens', () => {
  const only = (m: SmallModel, open: string): void => {
    for (const p of m.model.graph.parameters)
      if (/ra_lens\.\d\.(standard|reciprocal|direction)/.test(p.name)) m.of(p.name)[0] = p.name.endsWith(open) ? 40 : -40; // prettier-ignore
  };

  it('each gate alone is a baseline: its own, the one with q and k exchanged, the one whose queries are u', () => {
    const m = wide(form('lens'));
    only(m, 'standard');
    expect(
      worstDifference(
        m.run(),
        baselineOf(m, () => undefined),
      ),
    ).toBeLessThan(1e-12);
    only(m, 'reciprocal');
    const exchanged = baselineOf(m, (row) => {
      const q = row.slice(0, 24);
      row.copyWithin(0, 24, 48);
      row.set(q, 24);
    });
    expect(worstDifference(m.run(), exchanged)).toBeLessThan(1e-12);
    only(m, 'direction');
    for (const layer of [0, 1])
      for (const h of [0, 1, 2]) m.of(`h.${layer}.attn.ra_lens.${h}.u`).set(m.of(`h.0.attn.ra_lens.${h}.u`));
    const directed = baselineOf(m, (row, isBias) => {
      row.fill(0, 0, 24);
      if (isBias) for (const h of [0, 1, 2]) row.set(m.of(`h.0.attn.ra_lens.${h}.u`), 8 * h);
    });
    expect(worstDifference(m.run(), directed)).toBeLessThan(1e-12);
  });

  it('starts with weights 0.76, 0.15 and 0.09', () => {
    const m = wide(form('lens'));
    const e = ['standard', 'reciprocal', 'direction'].map((g) => Math.exp(m.of(`h.0.attn.ra_lens.0.${g}`)[0]!));
    const sum = e.reduce((a, b) => a + b, 0);
    [0.76, 0.15, 0.09].forEach((w, i) => expect(e[i]! / sum).toBeCloseTo(w, 2));
  });
});

describe('leak', () => {
  it('is the baseline where its gate is closed, and refuses to decode', () => {
    const m = wide(form('leak'));
    for (const layer of [0, 1]) m.of(`h.${layer}.attn.ra_logit`)[0] = -800;
    expect(
      worstDifference(
        m.run(),
        baselineOf(m, () => undefined),
      ),
    ).toBe(0);
    expect(pastChanges(m)).toBe(false);
    expect(() => buildGpt2Decoder(m.model.config, 1, 1, 7)).toThrow('RA_FORM_LEAK attends to the future');
  });
});

describe('two lanes', () => {
  it('with full lanes, identities upwards and 16 bits, is the baseline to the rounding; with 2 bits it is not', () => {
    const difference = (bits: number): number => {
      const m = wide(askv(bits, 24, 24));
      const base = wide({});
      for (const p of base.model.graph.parameters) if (!p.name.includes('c_attn')) m.of(p.name).set(base.of(p.name));
      for (const layer of [0, 1])
        for (const [what, rows] of [['weight', 24], ['bias', 1]] as const) {
          const fused = base.of(`h.${layer}.attn.c_attn.${what}`);
          ['q', 'k_down', 'v_down'].forEach((name, block) => {
            for (let r = 0; r < rows; r++)
              m.of(`h.${layer}.attn.${name}.${what}`).set(fused.subarray(r * 72 + block * 24, r * 72 + block * 24 + 24), r * 24);
          });
          for (const up of ['k_up', 'v_up'])
            m.of(`h.${layer}.attn.${up}.${what}`).forEach((_, i, w) => (w[i] = what === 'weight' && Math.floor(i / 24) === i % 24 ? 1 : 0));
        } // prettier-ignore
      return worstDifference(m.run(), base.run());
    };
    expect(difference(16)).toBeLessThan(1e-3);
    expect(difference(2)).toBeGreaterThan(1e-2);
  });

  it('takes the bytes of the reported sizes, and refuses lanes wider than the model', () => {
    const sizes = { nLayer: 12, nHead: 12, nEmbd: 768 };
    const layers = resolveAttention({ ...BASELINE_ATTENTION, ...askv(8, 192, 128) }, sizes);
    expect(packedBytesPerToken(layers, 768)).toBe(6144);
    expect(packedBytesPerToken(resolveAttention(BASELINE_ATTENTION, sizes), 768)).toBe(36_864);
    const build = () => buildGpt2({ ...SMALL, attention: { ...BASELINE_ATTENTION, ...askv(8, 13) } }, 1, 7);
    expect(build).toThrow('ASKV_KEY_LATENT=13 must be 1 to 12');
  });
});

describe('row operations', () => {
  it('reversal is its own inverse; rounding stays within half a step and keeps the largest element', async () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 5, 7], 'f32');
    const turned = graph.apply1(reverseTime, [x], {});
    const rounded = graph.apply1(fakeQuant, [x], { bits: 4 });
    const outputs = [turned, graph.apply1(reverseTime, [turned], {}), rounded];
    for (const [name, error] of await compareOnGpu(graph, outputs)) expect(error, name).toBeLessThan(1e-6);
    const row = Float64Array.from([0.7, -0.34, 0.05, 0, -0.7, 0.149, 0.151]);
    const y = new Float64Array(7);
    const node = rounded.source.kind === 'node' ? rounded.source.node : null;
    fakeQuant.reference({ ...node!, attrs: { bits: 4 } } as never, [row], [y], undefined as never);
    expect(Array.from(y, (v) => +v.toFixed(12))).toEqual([0.7, -0.3, 0.1, 0, -0.7, 0.1, 0.2]);
    row.forEach((v, i) => expect(Math.abs(v - y[i]!)).toBeLessThanOrEqual(0.05 + 1e-12));
  });
});

describe('decoding', () => {
  it.each(['fold', 'lens, gated', 'askv', 'askv, rotated'] as const)('2: %s decodes as it forwards', async (name) => {
    const m = wide(VARIANTS[name]);
    for (const p of m.model.graph.parameters) m.of(p.name).forEach((x, i, all) => (all[i] = Math.fround(x)));
    const full = m.run();
    const backend = new ReferenceDecoder(m.model.config, { batch: 2, chunk: 3, capacity: 7 });
    backend.load(new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.of(p.name)) }])));
    const decoder = new Decoder(backend);
    const at = (t: number, logits: Float32Array): void =>
      logits.forEach((x, i) => expect(Math.abs(x - full[(Math.floor(i / 11) * 7 + t) * 11 + (i % 11)]!)).toBeLessThan(2e-6)); // prettier-ignore
    at(3, await decoder.prefill([IDS.slice(0, 4), IDS.slice(7, 11)]));
    for (const t of [4, 5, 6]) at(t, await decoder.step([IDS[t]!, IDS[7 + t]!]));
  });
});
