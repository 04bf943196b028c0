/** Scores, ramps, budgets: invariants 10, 12, 13, 15, 16, 17 of optimizers-pruning-fisher 10; the kernels' keys against f64. */
import { describe, expect, it } from 'vitest';
import { type PruningConfig, isMaskEvent } from '@/pruning/config';
import { BudgetError, budgetOf, depthSparsities, prunableTensors, ratioBudgets } from '@/pruning/domains';
import { chunkTable, scoreKeys } from '@/pruning/kernels';
import { sparsityAt } from '@/pruning/ramps';
import { accumulateMovement } from '@/pruning/reference';
import { jaccard } from '@/pruning/report';
import { STATE_SCORES, type ScoreName, isSigned, scoreOf } from '@/pruning/scores';
import { keyScore, selectSmallest } from '@/pruning/select';
import { noise, operand, runKernels } from '../support/gpu';

const N = 4096;
const SETTINGS = { eps: 1e-8, q: 0.25, correction1: 0.6, correction2: 0.3 };
const w = Float64Array.from(noise([N], 1));
/** Log-normal, as squared gradients are. */
const lognormal = (mean: number): Float64Array =>
  Float64Array.from(
    { length: N },
    (_, i) => mean * Math.exp([...Array(4).keys()].reduce((s, j) => s + noise([N], 31 + j)[i]!, 0)),
  );
const V = lognormal(1e-6);
const m = Float64Array.from(noise([N], 5, 1e-3));

interface State {
  readonly m?: Float64Array;
  readonly v?: Float64Array;
}
const scores = (name: ScoreName, { m: mm = m, v = V }: State = {}, settings = SETTINGS): Float64Array =>
  w.map((x, i) => scoreOf(name, { w: x, m: mm[i]!, v: v[i]!, movement: 0, initial: 0, sigma: 1, random: 0 }, settings));
const keepOf = (name: ScoreName, state?: State, settings = SETTINGS): Uint8Array =>
  selectSmallest(scores(name, state, settings), N / 2);
const overlap = (a: Uint8Array, b: Uint8Array): number => {
  const both = a.reduce((sum, x, i) => sum + (x || b[i] ? 0 : 1), 0);
  return jaccard(N / 2, N / 2, both);
};

describe('scores', () => {
  it('12: constant state gives the magnitude mask; q = 0 is magnitude; q = 1/2 ranks as w^2 (v + eps)', () => {
    const magnitude = keepOf('magnitude');
    const constant = { m: new Float64Array(N).fill(-3e-4), v: new Float64Array(N).fill(2e-7) };
    for (const name of [
      'bitter7',
      'bitter8',
      'bitter3',
      'bitter7s',
      'bitter8m',
      'genericV',
      'genericM2',
      'bitter1',
      'bitter2',
    ] as const)
      // prettier-ignore
      expect(keepOf(name, constant), name).toEqual(magnitude);
    expect(keepOf('genericV', {}, { ...SETTINGS, q: 0 })).toEqual(magnitude);
    const root = scores('genericV', {}, { ...SETTINGS, q: 0.5 });
    const squared = w.map((x, i) => x * x * (V[i]! + SETTINGS.eps));
    const rank = (x: Float64Array): number[] => [...x.keys()].sort((a, b) => x[a]! - x[b]!);
    expect(rank(root)).toEqual(rank(squared));
    expect(overlap(keepOf('bitter7'), magnitude)).toBeLessThan(0.95); // and with varying state it is not
  });

  it('13: scaling v with eps leaves bitter7 alone; v alone moves it towards magnitude', () => {
    const scaled = { v: V.map((x) => 100 * x) };
    expect(keepOf('bitter7', scaled, { ...SETTINGS, eps: 1e-6 })).toEqual(keepOf('bitter7'));
    const magnitude = keepOf('magnitude');
    const at = [1e-6, 1e-7, 1e-8, 1e-9, 1e-10].map((mean) => overlap(keepOf('bitter7', { v: V.map((x) => (x * mean) / 1e-6) }), magnitude)); // prettier-ignore
    for (let i = 1; i < at.length; i++) expect(at[i]).toBeGreaterThan(at[i - 1]!);
    expect(at.at(-1)).toBeGreaterThan(0.99);
    // The split form does not saturate.
    expect(overlap(keepOf('bitter7s', { v: V.map((x) => x * 1e-4) }), keepOf('bitter7s'))).toBeGreaterThan(0.999);
  });

  it('15: movement: S_T = -T g w; weights that move away from zero score higher', () => {
    const s = new Float64Array(2);
    for (let t = 0; t < 7; t++) accumulateMovement(s, [-0.2, 0.2], [0.5, 0.5], 1);
    expect(s[0]).toBeCloseTo(0.7, 12);
    expect(s[1]).toBeCloseTo(-0.7, 12);
    expect(scoreOf('movementRepo', { w: 0.5, m: 0, v: 0, movement: 0, initial: 0.2, sigma: 1, random: 0 }, SETTINGS)).toBeCloseTo(0.15, 12); // prettier-ignore
  });

  it.each([...STATE_SCORES, 'magnitude', 'movement', 'movementRepo'] as const)(
    '%s: the kernel has the f64 score to 2e-6',
    async (score) => {
      const state = new Float32Array(N).map((_, i) => (i % 97 === 0 ? 0 : V[i]!));
      const moved = noise([N], 8);
      const initial = noise([N], 9);
      const table = chunkTable([{ name: 'transformer.h.0.attn.c_attn.weight', shape: [N], size: N, offset: 0 }], [0]);
      const f32 = (region: number) => operand(region, [N]);
      const u32 = (region: number, n: number, access: 'read' | 'read_write' = 'read_write') =>
        operand(region, [n], access, 'u32');
      const args = {
      label: 't', score, chunks: u32(0, table.data.length, 'read'), w: f32(1), expAvg: f32(2), expAvgSq: f32(3), movement: f32(4),
      initial: f32(5), mask: u32(6, N / 32), keys: u32(7, N), stats: u32(8, 8),
    }; // prettier-ignore
      const host = new Map<number, Float32Array | Uint32Array>([
      [0, table.data], [1, Float32Array.from(w)], [2, Float32Array.from(m)], [3, state], [4, moved], [5, initial],
      [6, new Uint32Array(N / 32).fill(0xffff7fff)], [7, new Uint32Array(N)], [8, new Uint32Array(8)],
    ]); // prettier-ignore
      const { eps, q, correction1, correction2 } = SETTINGS;
      const out = await runKernels([scoreKeys.build(args, { name: '', params: {} })], host, [7, 8], {
      prune_eps: eps, prune_q: q, correction1, correction2,
    }); // prettier-ignore
      const keys = new Uint32Array(out.get(7)!);
      let saturated = 0;
      for (let i = 0; i < N; i++) {
        saturated += state[i]! < eps ? 1 : 0;
        if (i % 32 === 15 && !isSigned(score)) {
          expect(keys[i]).toBe(0); // pruned: below every score
          continue;
        }
        const exact = scoreOf(score, { w: w[i]!, m: m[i]!, v: state[i]!, movement: moved[i]!, initial: initial[i]!, sigma: 2.5, random: 0 }, SETTINGS); // prettier-ignore
        const scale = score === 'bitter5' || score === 'movementRepo' ? 1 : 0; // differences cancel
        expect(Math.abs(keyScore(keys[i]!) - exact)).toBeLessThanOrEqual(2e-6 * (Math.abs(exact) + scale));
      }
      const stats = new Uint32Array(out.get(8)!);
      expect(stats[0]).toBe(0);
      if (/bitter[05-9]$|7s|9r|10z|genericV/.test(score)) expect(stats[1]).toBe(saturated);
    },
  );
});

describe('ramps', () => {
  const base: PruningConfig = {
    method: 'magnitude', score: 'magnitude', eps: 0, q: 0, target: 0.8, start: 100, end: 500, every: 30, ramp: 'cubic',
    scope: 'global', set: 'blocks', rebalance: true, sample: null, maskState: 'all', epsOfMedian: false,
  }; // prettier-ignore

  it('10: 0 at the start, the target at the end, monotone; target/8, 7 target/8, target/2 half-way', () => {
    for (const [ramp, half] of [
      ['cubic', 0.1],
      ['zhuGupta', 0.7],
      ['linear', 0.4],
    ] as const) {
      // prettier-ignore
      const config = { ...base, ramp };
      expect([0, 100, 300, 500, 900].map((t) => sparsityAt(t, config))).toEqual([
        0,
        0,
        expect.closeTo(half, 12),
        0.8,
        0.8,
      ]);
      for (let t = 101; t <= 500; t++) expect(sparsityAt(t, config)).toBeGreaterThan(sparsityAt(t - 1, config));
    }
  });

  it('events: every `every` updates past the start, and at the end', () => {
    const events = [...Array(1000).keys()].filter((t) => isMaskEvent(t, base));
    expect(events.slice(0, 2)).toEqual([130, 160]);
    expect(events.slice(-2)).toEqual([490, 500]);
  });
});

describe('budgets', () => {
  /** GPT-2 124M: 48 block matrices and the tied table. */
  const gpt2 = [...Array(12).keys()].flatMap((i) =>
    [['attn.c_attn', 768, 2304], ['attn.c_proj', 768, 768], ['mlp.c_fc', 768, 3072], ['mlp.c_proj', 3072, 768]].map(([part, a, b]) => ({
      name: `transformer.h.${i}.${part}.weight`, shape: [a as number, b as number],
    })),
  ); // prettier-ignore
  const parameters = [
    { name: 'transformer.wte.weight', shape: [50304, 768] }, { name: 'transformer.wpe.weight', shape: [1024, 768] },
    ...gpt2, { name: 'transformer.h.0.ln_1.weight', shape: [768] }, { name: 'transformer.h.0.mlp.c_fc.bias', shape: [3072] },
  ].map((p) => ({ ...p, size: p.shape.reduce((a, b) => a * b, 1), offset: 0 })); // prettier-ignore
  const total = (list: readonly { size: number }[]): number => list.reduce((sum, { size }) => sum + size, 0);

  it('prunable sets: 84.93 M in the blocks, 123.57 M with the head', () => {
    expect(total(prunableTensors(parameters, 'blocks'))).toBe(84_934_656);
    expect(total(prunableTensors(parameters, 'repo'))).toBe(84_934_656 + 50304 * 768);
    expect(prunableTensors(parameters, 'repo')).toHaveLength(49);
    expect(prunableTensors(parameters, 'repo').at(-1)!.name).toBe('transformer.wte.weight');
  });

  it('16: depth: ends 0.7 s and 1.3 s, rebalanced to s; without it 54.6 % of GPT-2 for 50 %', () => {
    const sizes = prunableTensors(parameters, 'repo').map(({ size }) => size);
    const sum = sizes.reduce((a, b) => a + b);
    const at = (s: number, rebalance: boolean): number =>
      depthSparsities(sizes, s, rebalance).reduce((a, share, i) => a + share * sizes[i]!, 0) / sum;
    const plain = depthSparsities(sizes, 0.5, false);
    expect([plain[0], plain.at(-1)]).toEqual([0.35, expect.closeTo(0.65, 12)]);
    expect(depthSparsities(sizes, 0.9, false).at(-1)).toBe(0.95);
    expect(at(0.5, false)).toBeCloseTo(0.5458, 3);
    expect(at(0.7, false)).toBeCloseTo(0.764, 3);
    expect(at(0.9, false)).toBeCloseTo(0.884, 3);
    for (const s of [0.1, 0.5, 0.7, 0.9]) expect(Math.abs(at(s, true) - s)).toBeLessThan(1e-9);
    const budget = budgetOf(prunableTensors(parameters, 'repo'), 'depth', {
      sparsity: 0.5,
      target: 0.5,
      rebalance: true,
    });
    expect(Math.abs(budget.pruned.reduce((a, b) => a + b) - 0.5 * sum)).toBeLessThanOrEqual(49);
  });

  it('17: RATIO: the sum is S and what remains stands at r', () => {
    const [A, M, S, r] = [1.57, 3.93, 0.5, 2.5];
    const { alpha, mu } = ratioBudgets(A, M, S, r);
    expect(alpha * A + mu * M).toBeCloseTo(S * (A + M), 9);
    expect((M * (1 - mu)) / (A * (1 - alpha))).toBeCloseTo(r, 9);
    expect([alpha, mu]).toEqual([expect.closeTo(0.49955, 5), expect.closeTo(0.50018, 5)]);
    expect(ratioBudgets(4, 8, 0.5)).toEqual({
      alpha: expect.closeTo(0.571, 3) as number,
      mu: expect.closeTo(0.464, 3) as number,
    });
    expect(() => budgetOf(prunableTensors(parameters, 'blocks'), 'ratio', { sparsity: 0.05, target: 0.05, rebalance: true })).toThrow(BudgetError); // prettier-ignore
  });
});
