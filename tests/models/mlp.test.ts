/** MLP variants: invariants 1, 6, 14 and the RATIO widths of attention-and-kv 7. */
import { describe, expect, it } from 'vitest';
import { resolveAttention, BASELINE_ATTENTION } from '@/models/attention/config';
import { buildGpt2 } from '@/models/gpt2';
import { attentionWeights, ratioWidth } from '@/models/mlp';
import { IDS, SMALL, smallModel, worstDifference } from '../support/model';
import { gradientError } from '../support/reference';

const C = SMALL.nEmbd;
const RANK = 5;
const reciprocal = { mlp: { kind: 'reciprocal', rank: RANK } } as const;

describe('reciprocal MLP', () => {
  it('1: sees no future token', () => {
    const m = smallModel({}, reciprocal);
    const before = m.run();
    const after = m.run(IDS.map((t, i) => (i % 7 >= 4 ? (t + 5) % 11 : t)));
    before.forEach((x, i) => {
      if (Math.floor(i / 11) % 7 < 4) expect(after[i]).toBe(x);
    });
    expect(worstDifference(before, after)).toBeGreaterThan(1e-3);
  });

  it('6: gradients agree with central differences', () => {
    const m = smallModel({}, reciprocal);
    m.run();
    const { worst, where } = gradientError(m.model.graph, m.values, m.model.loss, m.model.gradients, 4);
    expect(worst, where).toBeLessThan(5e-6);
  });

  it('14: with alpha = 0 and both weights 1 it is the plain MLP without biases', () => {
    const one = { nLayer: 1 };
    const plain = smallModel({}, { ...one, bias: true });
    const m = smallModel({}, { ...one, ...reciprocal });
    for (const p of plain.model.graph.parameters) {
      const name = p.name.replace('transformer.', '');
      if (name.includes('mlp')) continue;
      m.of(name).set(plain.of(name));
    }
    const high = 4 * C - RANK;
    const whole = plain.of('h.0.mlp.c_fc.weight');
    for (let i = 0; i < C; i++)
      for (let j = 0; j < 4 * C; j++)
        if (j < high) m.of('h.0.mlp.c_fc.weight')[i * high + j] = whole[i * 4 * C + j]!;
        else m.of('h.0.mlp.c_fc_low.weight')[i * RANK + j - high] = whole[i * 4 * C + j]!;
    m.of('h.0.mlp.c_proj.weight').set(plain.of('h.0.mlp.c_proj.weight'));
    for (const name of ['rmlp_standard', 'rmlp_reciprocal']) m.of(`h.0.mlp.${name}`)[0] = 1;
    m.of('h.0.mlp.rmlp_alpha')[0] = 0;
    expect(worstDifference(m.run(), plain.run())).toBeLessThan(1e-12); // the plain one's biases are zero
    m.of('h.0.mlp.rmlp_alpha')[0] = 1;
    expect(worstDifference(m.run(), plain.run())).toBeGreaterThan(1e-3);
  });

  it('refuses a rank that leaves a path empty', () => {
    const config = { ...SMALL, mlp: { kind: 'reciprocal', rank: 4 * C } as const };
    expect(() => buildGpt2(config, 1, 7)).toThrow(`RMLP_RANK=${4 * C} must be 1 to ${4 * C - 1}`);
  });
});

describe('RATIO width', () => {
  const [layer] = resolveAttention(BASELINE_ATTENTION, { nLayer: 1, nHead: 12, nEmbd: 768 });

  it('gives 3840 for attention : MLP = 1 : 2.5 at width 768, GPT-2 its own 4 C at 1 : 2, 2560 for 1,572,864 weights', () => {
    expect(ratioWidth(attentionWeights(layer!, 768), 768, 2.5)).toBe(3840);
    expect(ratioWidth(attentionWeights(layer!, 768), 768, 2)).toBe(3072);
    expect(ratioWidth(1_572_864, 768, 2.5)).toBe(2560);
    expect(() => ratioWidth(attentionWeights(layer!, 12), 12, 2.5)).not.toThrow();
    expect(() => ratioWidth(100, 12, 2)).toThrow(/MLP_RATIO_VALUE=2 .* narrower than 32/);
  });

  it('counts the weights that the graph has', () => {
    for (const core of [
      { kind: 'mha' },
      { kind: 'mla', latent: 5 },
      { kind: 'kvsplice', latent: 5, rank: 3, norm: false, layers: { kind: 'all' } },
      { kind: 'kvsplice', form: 'single', latent: 5, rank: 3, norm: false, layers: { kind: 'all' } },
    ] as const)
      for (const kvTying of core.kind === 'mha' ? [false, true] : [false]) {
        const attention = { ...BASELINE_ATTENTION, core, kvTying };
        const { graph } = buildGpt2({ ...SMALL, nLayer: 1, attention }, 1, 7);
        const matrices = graph.parameters.filter((p) => p.name.includes('.attn.') && p.name.endsWith('.weight'));
        const counted = matrices.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
        const [resolved] = resolveAttention(attention, { ...SMALL, nLayer: 1 });
        expect(attentionWeights(resolved!, C), core.kind).toBe(counted);
      }
  });
});
