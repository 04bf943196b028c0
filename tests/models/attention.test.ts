/** Attention variants in the f64 reference: invariants 1, 6-9, 12, 13, 15, 17-22 and 34 of the attention specification. */
import { describe, expect, it } from 'vitest';
import { Graph, type RefValues, type Tensor, rope, runReference } from '@/graph';
import { attend } from '@/models/attention/attend';
import { cacheBytesPerToken } from '@/models/attention/cache';
import { type AttentionConfig, BASELINE_ATTENTION, resolveAttention } from '@/models/attention/config';
import { reciprocal } from '@/models/attention/reciprocal';
import { selectLayers } from '@/models/attention/policy';
import { buildGpt2 } from '@/models/gpt2';
import { IDS, SMALL, smallModel, worstDifference } from '../support/model';
import { noise } from '../support/gpu';
import { gradientError, testContext } from '../support/reference';

const ALL = { kind: 'all' } as const;
const splice = { kind: 'kvsplice', latent: 5, rank: 3, norm: true, layers: { kind: 'last', count: 1 } } as const;
const VARIANTS: Readonly<Record<string, Partial<AttentionConfig>>> = {
  mha: {},
  rope: { position: 'rope' },
  both: { position: 'both' },
  gate: { gate: true },
  'kv tying': { kvTying: true },
  'ra learned': { ra: { form: 'learned', layers: ALL, heads: 2 } },
  'ra learned, gated, rotated': { ra: { form: 'learned', layers: ALL, heads: 1 }, gate: true, position: 'rope' },
  'ra fixed': { ra: { form: 'fixed', layers: ALL, heads: 1 } },
  'ra delta': { ra: { form: 'delta', layers: ALL, heads: 3 } },
  'mla nope': { core: { kind: 'mla', latent: 5 } },
  mla: { core: { kind: 'mla', latent: 5 }, position: 'both' },
  'kvs-head': { core: splice, position: 'both' },
  'kvs-head, no norm': { core: { ...splice, norm: false, layers: ALL }, position: 'both' },
};

/** Moves the scalars that start at zero, so that the branch they open takes part. */
function openBranches(m: ReturnType<typeof smallModel>): void {
  for (const p of m.model.graph.parameters) if (p.name.endsWith('ra_logit')) m.of(p.name)[0] = 0.7;
}

describe.each(Object.entries(VARIANTS))('%s', (_name, attention) => {
  it('1: tokens from t0 on do not change logits before t0', () => {
    const m = smallModel(attention);
    openBranches(m);
    const before = m.run();
    const after = m.run(IDS.map((t, i) => (i % 7 >= 4 ? (t + 5) % 11 : t)));
    before.forEach((x, i) => {
      if (Math.floor(i / 11) % 7 < 4) expect(after[i]).toBe(x);
    });
    expect(worstDifference(before, after)).toBeGreaterThan(1e-3);
  });

  it('6: gradients agree with central differences', () => {
    const m = smallModel(attention);
    openBranches(m);
    m.run();
    const { worst, where } = gradientError(m.model.graph, m.values, m.model.loss, m.model.gradients, 4);
    expect(worst, where).toBeLessThan(5e-6);
  });

  it('20: no parameter has a gradient of zero, but for key biases', () => {
    const m = smallModel(attention);
    openBranches(m);
    m.run();
    for (const p of m.model.graph.parameters)
      expect(Math.max(...m.gradient(p.name).map(Math.abs)), p.name).toBeGreaterThan(1e-9);
  });
});

describe('reciprocal attention', () => {
  const ra = (form: 'learned' | 'fixed' | 'delta', heads = 1) => ({ ra: { form, layers: ALL, heads } }) as const;
  /** The shared weights of the baseline under the variant's own. */
  const twin = (attention: Partial<AttentionConfig>) => {
    const base = smallModel({});
    const variant = smallModel(attention);
    for (const p of base.model.graph.parameters) variant.of(p.name).set(base.of(p.name));
    return { base, variant };
  };

  it('7: at a = 0 the logits are the baseline, and a alone has a gradient: the sum of dy u', () => {
    const { base, variant } = twin(ra('learned', 2));
    expect(variant.run()).toEqual(base.run());
    for (const p of ['ra_proj.weight', 'ra_proj.bias', 'ra_ln.weight', 'ra_ln.bias'])
      for (const layer of [0, 1])
        expect(Math.max(...variant.gradient(`h.${layer}.attn.${p}`).map(Math.abs)), p).toBe(0);
    const h = 1e-6;
    const loss = (a: number): number => {
      variant.of('h.1.attn.ra_logit')[0] = a;
      variant.run();
      return variant.values.get(variant.model.loss.id)![0]!;
    };
    const numeric = (loss(h) - loss(-h)) / (2 * h);
    loss(0);
    expect(variant.gradient('h.1.attn.ra_logit')[0]).toBeCloseTo(numeric, 8);
    expect(Math.abs(numeric)).toBeGreaterThan(1e-6);
  });

  it('8: with equal q and k the difference form is the baseline', () => {
    const { base, variant } = twin(ra('delta', 3));
    openBranches(variant);
    for (const m of [base, variant])
      for (const layer of [0, 1])
        for (const [name, rows] of [
          ['weight', 12],
          ['bias', 1],
        ] as const) {
          const w = m.of(`h.${layer}.attn.c_attn.${name}`);
          for (let r = 0; r < rows; r++) w.copyWithin(r * 36 + 12, r * 36, r * 36 + 12);
        }
    expect(worstDifference(variant.run(), base.run())).toBeLessThan(1e-12);
  });

  it('9: exchanging q and k exchanges the branches of the fixed form: f(q, k) + f(k, q) = Att(q, k) + Att(k, q)', () => {
    const graph = new Graph();
    const [q, k, v] = ['q', 'k', 'v'].map((name) => graph.input(name, [2, 7, 12], 'f32')) as [Tensor, Tensor, Tensor];
    const ctx = { graph, bias: true, dropout: 0, residualStd: 0.02, nextSite: () => 0 };
    const mixed = (a: Tensor, b: Tensor): Tensor =>
      reciprocal(ctx, 'attn', { q: a, k: b, v, tail: () => ({ q: a, k: b, v }) }, attend(ctx, 3, a, b, v), {
        nHead: 3,
        form: 'fixed',
        heads: 3,
      });
    const outputs = [mixed(q, k), mixed(k, q), attend(ctx, 3, q, k, v), attend(ctx, 3, k, q, v)];
    const values: RefValues = new Map([q, k, v].map((t, i) => [t.id, Float64Array.from(noise(t.shape, i + 1, 2))]));
    runReference(graph, values, testContext);
    const [fqk, fkq, aqk, akq] = outputs.map((t) => values.get(t.id) as Float64Array) as Float64Array[];
    expect(
      worstDifference(
        fqk!.map((x, i) => x + fkq![i]!),
        aqk!.map((x, i) => x + akq![i]!),
      ),
    ).toBeLessThan(1e-14);
    expect(worstDifference(fqk!, fkq!)).toBeGreaterThan(1e-2);
  });

  it('12: the centre rule', () => {
    const centre = (nLayer: number, count: number) => selectLayers({ kind: 'centre', count }, nLayer, 'RA_LAYERS');
    expect(centre(12, 3)).toEqual([5, 6, 7]);
    expect(centre(12, 1)).toEqual([6]);
    expect(centre(6, 2)).toEqual([2, 3]);
    expect(centre(6, 1)).toEqual([3]);
  });
});

describe('gate', () => {
  it('13: closed at one half, open at the baseline', () => {
    const base = smallModel({});
    const gate = smallModel({ gate: true });
    for (const p of base.model.graph.parameters) gate.of(p.name).set(base.of(p.name));
    for (const layer of [0, 1]) {
      gate.of(`h.${layer}.attn.gate.weight`).fill(0);
      gate.of(`h.${layer}.attn.gate.bias`).fill(40);
    }
    expect(worstDifference(gate.run(), base.run())).toBeLessThan(1e-6);
    for (const layer of [0, 1]) {
      gate.of(`h.${layer}.attn.gate.bias`).fill(0);
      base.of(`h.${layer}.attn.c_proj.weight`).forEach((x, i, w) => (w[i] = x / 2));
    }
    expect(worstDifference(gate.run(), base.run())).toBeLessThan(1e-12);
  });
});

describe('latent attention', () => {
  const C = 12;

  it('15: with L = 2 C, an identity up and stacked keys and values down, it is the baseline', () => {
    const base = smallModel({});
    const mla = smallModel({ core: { kind: 'mla', latent: 2 * C } });
    for (const p of base.model.graph.parameters) if (!p.name.includes('c_attn')) mla.of(p.name).set(base.of(p.name));
    for (const layer of [0, 1]) {
      const at = (name: string): Float64Array => mla.of(`h.${layer}.attn.${name}`);
      for (const [name, rows] of [
        ['weight', C],
        ['bias', 1],
      ] as const) {
        const fused = base.of(`h.${layer}.attn.c_attn.${name}`);
        for (let r = 0; r < rows; r++) {
          at(`q.${name}`).set(fused.subarray(r * 3 * C, r * 3 * C + C), r * C);
          at(`kv_down.${name}`).set(fused.subarray(r * 3 * C + C, (r + 1) * 3 * C), r * 2 * C);
        }
      }
      at('kv_up.weight').forEach((_, i, w) => (w[i] = Math.floor(i / (2 * C)) === i % (2 * C) ? 1 : 0));
      at('kv_up.bias').fill(0);
    }
    expect(worstDifference(mla.run(), base.run())).toBeLessThan(1e-12);
  });

  const full = (norm: boolean) =>
    ({ core: { kind: 'kvsplice', latent: 5, rank: 5, norm, layers: ALL }, position: 'both' }) as const;

  it('18: a full-rank code is the identity without LayerNorm, and is not with it', () => {
    const mla = smallModel({ core: { kind: 'mla', latent: 5 }, position: 'both' });
    const square = smallModel(full(false));
    const normed = smallModel(full(true));
    for (const p of mla.model.graph.parameters) for (const m of [square, normed]) m.of(p.name).set(mla.of(p.name));
    const expected = mla.run();
    expect(worstDifference(square.run(), expected)).toBeLessThan(1e-6);
    expect(worstDifference(normed.run(), expected)).toBeGreaterThan(1e-3);
    for (const layer of [0, 1])
      for (const name of ['splice_down', 'splice_up'])
        square.of(`h.${layer}.attn.${name}.weight`).forEach((_, i, w) => (w[i] = i % 6 === 0 ? 1 : 0));
    expect(square.run()).toEqual(expected);
  });

  it('19: the code starts orthonormal, and the way back is its transpose', () => {
    const m = smallModel({ core: splice });
    const down = m.of('h.1.attn.splice_down.weight'); // [5, 3]
    const up = m.of('h.1.attn.splice_up.weight'); // [3, 5]
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++) {
        let dot = 0;
        for (let l = 0; l < 5; l++) dot += down[l * 3 + a]! * down[l * 3 + b]!;
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 6);
      }
    for (let a = 0; a < 3; a++) for (let l = 0; l < 5; l++) expect(up[a * 5 + l]).toBe(down[l * 3 + a]);
    expect(m.model.graph.parameters.some((p) => p.name.startsWith('transformer.h.0.attn.splice'))).toBe(false);
  });

  it('21: the rank of what attention reads is at most r', () => {
    const m = smallModel({ core: { ...splice, norm: false, layers: ALL } });
    m.run();
    const up = m.parameter('h.0.attn.splice_up.weight');
    const node = m.model.graph.nodes.find((n) => n.inputs[1] === up && n.op.name === 'matmul')!;
    const rows = m.values.get(node.outputs[0]!.id) as Float64Array; // [14, 5]
    expect(rank(rows, 5)).toBe(3);
  });
});

/** Rank by elimination with pivoting. */
function rank(values: Float64Array, cols: number): number {
  const rows = Array.from({ length: values.length / cols }, (_, r) =>
    Array.from(values.subarray(r * cols, (r + 1) * cols)),
  );
  let found = 0;
  for (let c = 0; c < cols; c++) {
    const pivot = rows
      .slice(found)
      .reduce((best, row, i) => (Math.abs(row[c]!) > Math.abs(rows[best]![c]!) ? found + i : best), found);
    if (pivot >= rows.length || Math.abs(rows[pivot]![c]!) < 1e-9) continue;
    [rows[found], rows[pivot]] = [rows[pivot]!, rows[found]!];
    for (let r = found + 1; r < rows.length; r++) {
      const f = rows[r]![c]! / rows[found]![c]!;
      for (let k = c; k < cols; k++) rows[r]![k]! -= f * rows[found]![k]!;
    }
    found++;
  }
  return found;
}

it('17: rotation keeps norms, is undone by its inverse, and scores depend on the distance alone', () => {
  const graph = new Graph();
  const attrs = { nHead: 2, theta: 10_000 };
  const x = graph.input('x', [1, 6, 8], 'f32');
  const y = graph.apply1(rope, [x], attrs);
  const back = graph.apply1(rope, [y], { ...attrs, inverse: true });
  const row = Array.from(noise([8], 1));
  const values: RefValues = new Map([[x.id, Float64Array.from(Array(6).fill(row).flat() as number[])]]);
  runReference(graph, values, testContext);
  const turned = values.get(y.id) as Float64Array;
  const at = (t: number): Float64Array => turned.slice(8 * t, 8 * t + 4);
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((s, v, i) => s + v * b[i]!, 0);
  for (let t = 0; t < 6; t++) expect(dot(at(t), at(t))).toBeCloseTo(dot(at(0), at(0)), 12);
  for (let t = 0; t + 3 < 6; t++) expect(dot(at(t + 3), at(t))).toBeCloseTo(dot(at(3), at(0)), 12);
  expect(worstDifference(values.get(back.id) as Float64Array, values.get(x.id) as Float64Array)).toBeLessThan(1e-14);
});

describe('layer policies', () => {
  it('20, 27: last-n of all layers is all; choices are distinct, sorted and a function of the seed', () => {
    expect(selectLayers({ kind: 'last', count: 6 }, 6, 'X')).toEqual(selectLayers(ALL, 6, 'X'));
    const random = (seed: number) => selectLayers({ kind: 'random', count: 4, seed }, 12, 'X');
    expect(random(5)).toEqual(random(5));
    expect(new Set(random(5)).size).toBe(4);
    expect(
      [1, 2, 3, 4, 5, 6].map((s) => random(s).join()).filter((s, i, all) => all.indexOf(s) === i).length,
    ).toBeGreaterThan(3);
    const signal = { signal: 'the trace', values: [0.9, 0.2, 0.5, 0.7], count: 2 };
    expect(selectLayers({ kind: 'lowest', ...signal }, 4, 'X')).toEqual([1, 2]);
    expect(selectLayers({ kind: 'highest', ...signal }, 4, 'X')).toEqual([0, 3]);
  });

  it('say what is wrong', () => {
    const select = (count: number) => selectLayers({ kind: 'first', count }, 4, 'RA_LAYERS');
    expect(() => select(0)).toThrow('RA_LAYERS=0 selects no layer; give 1 to 4');
    expect(() => select(5)).toThrow('RA_LAYERS=5 selects more layers than the 4 of GPT2_N_LAYER=4');
    const unmeasured = { kind: 'lowest', count: 1, signal: 'the trace', values: null } as const;
    expect(() => selectLayers(unmeasured, 4, 'X')).toThrow('no checkpoint to measure it was given');
    const build = (attention: Partial<AttentionConfig>) =>
      buildGpt2({ ...SMALL, attention: { ...BASELINE_ATTENTION, ...attention } }, 1, 7);
    expect(() => build({ core: { kind: 'mla', latent: 25 } })).toThrow('MLA_LATENT=25 must be 1 to 24');
    expect(() => build({ core: { ...splice, rank: 6 } })).toThrow(
      'KVSPLICE_RANK=6 must be 1 to 5, no wider than MLA_LATENT',
    );
    expect(() => build({ ra: { form: 'fixed', layers: ALL, heads: 4 } })).toThrow('RA_HEADS=4 must be 1 to 3');
  });
});

describe('cache', () => {
  it('22, 34: the published bytes per token, reciprocal queries and tied keys', () => {
    const sizes = { nLayer: 12, nHead: 12, nEmbd: 768 };
    const bytes = (attention: Partial<AttentionConfig>): number =>
      cacheBytesPerToken(resolveAttention({ ...BASELINE_ATTENTION, ...attention }, sizes), 768, 2);
    const kvs = (layers: typeof ALL | { kind: 'last'; count: number }) =>
      ({ core: { kind: 'kvsplice', latent: 256, rank: 128, norm: true, layers } }) as const;
    expect(bytes({})).toBe(36_864);
    expect(bytes({ core: { kind: 'mla', latent: 256 } })).toBe(6_144);
    expect(bytes(kvs({ kind: 'last', count: 4 }))).toBe(5_120);
    expect(bytes(kvs(ALL))).toBe(3_072);
    expect(bytes({ kvTying: true })).toBe(18_432);
    expect(bytes({ ra: { form: 'learned', layers: { kind: 'centre', count: 3 }, heads: 1 } })).toBe(36_864 + 384);
  });
});
