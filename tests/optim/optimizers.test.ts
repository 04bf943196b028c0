/** Update rules: against PyTorch, kernels against f64, and the invariants 1-7 of optimizers-pruning-fisher 10. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type OptimizerKind, decays } from '@/optim/kinds';
import { learningRateAt } from '@/optim/schedule';
import { sinkDirection } from '@/optim/sinkgd';
import type { OptimizerSettings } from '@/optim/update';
import { scoreOf } from '@/pruning/scores';
import { selectSmallest } from '@/pruning/select';
import { SETTINGS, Twin, emptyState, gpuStep, worst } from '../support/optimizer';
import { noise } from '../support/gpu';

interface Fixture {
  readonly elements: number;
  readonly steps: number;
  readonly cases: Readonly<
    Record<string, { readonly w: number[]; readonly state: Readonly<Record<string, number[]>> }>
  >;
}
const torch = JSON.parse(readFileSync('tests/oracle/optimizers.json', 'utf8')) as Fixture;
const settingsOf = (kind: OptimizerKind, over: Partial<OptimizerSettings> = {}): OptimizerSettings => ({
  ...SETTINGS,
  kind,
  ...over,
});
const RULES: readonly OptimizerKind[] = ['sgd', 'adam', 'adamw', 'adamwadv'];

/** The generator draws element by element, so a longer array begins with the fixture's numbers. */
const gradient = (step: number, n: number): Float32Array => noise([n], 100 + step, 1 + step / 7);

describe.each(RULES)('%s against PyTorch, 20 steps', (kind) => {
  const expected = torch.cases[kind]!;
  it('in f64: 1e-12', () => {
    const twin = new Twin(settingsOf(kind), noise([torch.elements]));
    for (let s = 0; s < torch.steps; s++) twin.step(gradient(s, torch.elements), s);
    expect(worst(twin.w, expected.w)).toBeLessThan(1e-12);
    for (const [slot, values] of Object.entries(expected.state))
      expect(worst(twin.state[slot as keyof typeof twin.state]!, values), slot).toBeLessThan(1e-12);
  });

  it('the kernel: 2e-6', async () => {
    const settings = settingsOf(kind);
    let tensors = emptyState(settings, noise([64]));
    for (let s = 0; s < torch.steps; s++) tensors = await gpuStep(settings, tensors, gradient(s, 64), s);
    expect(worst(tensors.w.slice(0, torch.elements), expected.w, 0.05)).toBeLessThan(2e-6);
    for (const [slot, values] of Object.entries(expected.state))
      expect(
        worst(tensors.state[slot as keyof typeof tensors.state]!.slice(0, torch.elements), values, 0.05),
        slot,
      ).toBeLessThan(2e-6);
  });
});

describe('invariants', () => {
  const n = 192;
  it('1: the first AdamW step without decay moves each weight by -lr g / (|g| + eps)', async () => {
    const settings = settingsOf('adamw', { weightDecay: 0 });
    const w = new Float32Array(n);
    const g = noise([n], 5, 2);
    const { w: moved } = await gpuStep(settings, emptyState(settings, w), g, 0);
    expect(worst(moved, g.map((x) => (-3e-3 * x) / (Math.abs(x) + 1e-8)), 0)).toBeLessThan(1e-6); // prettier-ignore
  });

  it.each([['sgd', 100], ['adam', 100], ['adamwadv', 100], ['adamw', 1000]] as const)(
    '1: %s over %i steps: within 1e-6 of f64 after 100, 1e-5 after 1,000, of the largest weight',
    async (kind, steps) => {
      const settings = settingsOf(kind);
      const twin = new Twin(settings, noise([64]));
      let tensors = emptyState(settings, noise([64]));
      const off = (): number => {
        const largest = twin.w.reduce((a, x) => Math.max(a, Math.abs(x)), 0);
        return twin.w.reduce((a, x, i) => Math.max(a, Math.abs(x - tensors.w[i]!)), 0) / largest;
      };
      for (let s = 0; s < steps; s++) {
        const g = gradient(s % 40, 64);
        twin.step(g, s);
        tensors = await gpuStep(settings, tensors, g, s);
        if (s === 99) expect(off()).toBeLessThan(1e-6);
      }
      expect(off()).toBeLessThan(1e-5);
    },
  ); // prettier-ignore

  it('22: a loss times c makes v c^2 times as large, exactly for powers of two; with eps = 0 every ranking stays', async () => {
    const settings = settingsOf('adamw', { gradClip: 0 });
    const scaled = async (c: number) => {
      let tensors = emptyState(settings, noise([n]));
      for (let s = 0; s < 3; s++)
        tensors = await gpuStep(
          settings,
          tensors,
          gradient(s, n).map((x) => c * x),
          s,
        );
      return tensors.state;
    };
    const [one, four] = [await scaled(1), await scaled(4)];
    const w = noise([n], 8);
    expect([...four.exp_avg_sq!]).toEqual([...one.exp_avg_sq!.map((v) => 16 * v)]);
    for (const score of ['bitter0', 'bitter3', 'bitter6', 'bitter7', 'bitter8m', 'bitter10z', 'genericV'] as const) {
      const keep = ({ exp_avg: m, exp_avg_sq: v }: typeof one): number[] => {
        const settings = { eps: 0, q: 0.5, correction1: 0.3, correction2: 0.03 };
        const of = (x: number, i: number): number => scoreOf(score, { w: x, m: m![i]!, v: v![i]!, movement: 0, initial: 0, sigma: 1, random: 0 }, settings); // prettier-ignore
        return [...selectSmallest(Float64Array.from(w, of), n / 2)];
      };
      expect(keep(four), score).toEqual(keep(one));
    }
  });

  it('2: with g = 0 AdamW shrinks decayed weights by 1 - lr wd and leaves the others', async () => {
    for (const kind of ['adamw', 'adamwadv'] as const) {
      const settings = settingsOf(kind);
      const w = noise([n]);
      const { w: after } = await gpuStep(settings, emptyState(settings, w), new Float32Array(n), 0, { decayed: 128 });
      expect([...after.slice(128)]).toEqual([...w.slice(128)]);
      expect(worst(after.slice(0, 128), w.slice(0, 128).map((x) => x * (1 - 3e-3 * 0.1)), 0)).toBeLessThan(2e-7); // prettier-ignore
    }
    expect(decays('clean', { name: 'transformer.h.0.ln_1.weight', decay: false })).toBe(false);
    expect(decays('repo', { name: 'transformer.h.0.ln_1.weight', decay: false })).toBe(true);
    for (const name of ['transformer.wte.weight', 'transformer.wpe.weight', 'transformer.h.0.ln_1.bias'])
      expect(decays('repo', { name, decay: false }), name).toBe(false);
  });

  it('3: constant g: v hat = g^2 and m hat = g; AMSGrad never decreases and bounds v', async () => {
    const settings = settingsOf('adamwadv', { weightDecay: 0 });
    const g = noise([n], 3);
    let tensors = emptyState(settings, noise([n]));
    for (let s = 0; s < 12; s++) {
      const before = tensors.state.max_exp_avg_sq!;
      tensors = await gpuStep(settings, tensors, s < 8 ? g : g.map((x) => x / 10), s);
      const { exp_avg: m, exp_avg_sq: v, max_exp_avg_sq: peak } = tensors.state;
      for (let i = 0; i < n; i++) {
        expect(peak![i]!).toBeGreaterThanOrEqual(v![i]!);
        expect(peak![i]!).toBeGreaterThanOrEqual(before[i]!);
      }
      if (s >= 8) continue;
      expect(
        worst(
          m!.map((x) => x / (1 - 0.9 ** (s + 1))),
          g,
          0,
        ),
      ).toBeLessThan(1e-6);
      expect(worst(v!.map((x) => x / (1 - 0.99 ** (s + 1))), g.map((x) => x * x), 0)).toBeLessThan(2e-6); // prettier-ignore
    }
  });

  it('4: clipping scales to the bound, and is the identity below it', async () => {
    const g = noise([n], 9);
    const norm = Math.sqrt(g.reduce((sum, x) => sum + x * x, 0));
    const m = async (gradClip: number): Promise<Float32Array> => {
      const settings = settingsOf('adamw', { gradClip, beta1: 0 });
      return (await gpuStep(settings, emptyState(settings, noise([n])), g, 0)).state.exp_avg!;
    };
    expect([...(await m(2 * norm))]).toEqual([...g]); // beta1 = 0: exp_avg is the clipped gradient
    const clipped = await m(1);
    const after = Math.sqrt(clipped.reduce((sum, x) => sum + x * x, 0));
    expect(after).toBeLessThanOrEqual(1 + 1e-6);
    expect(after).toBeGreaterThan(1 - 1e-5);
  });

  it('5: the schedule meets lr and minLr and falls in between; lr = 0 leaves weights bit-identical', async () => {
    const schedule = { learningRate: 1e-3, minLr: 1e-4, warmupSteps: 10, decayLr: true, maxIters: 100 };
    expect(learningRateAt(9, schedule)).toBe(1e-3);
    expect(learningRateAt(100, schedule)).toBeCloseTo(1e-4, 15);
    for (let s = 11; s < 100; s++) expect(learningRateAt(s, schedule)).toBeLessThan(learningRateAt(s - 1, schedule));
    for (const kind of RULES) {
      const settings = settingsOf(kind, { learningRate: 0, minLr: 0 });
      const w = noise([n]);
      expect([...(await gpuStep(settings, emptyState(settings, w), noise([n], 4), 0)).w], kind).toEqual([...w]);
    }
  });

  it('7: a NaN or infinite gradient leaves weights and state unchanged', async () => {
    for (const kind of RULES)
      for (const bad of [NaN, Infinity]) {
        const settings = settingsOf(kind);
        const before = await gpuStep(settings, emptyState(settings, noise([n])), noise([n], 2), 0);
        const g = noise([n], 3);
        g[77] = bad;
        const after = await gpuStep(settings, before, g, 1);
        expect(after.w, kind).toEqual(before.w);
        expect(after.state, kind).toEqual(before.state);
        expect(after.norm[2]).toBe(0);
      }
  });

  it('masked: pruned weights and their state are exactly 0, the others do not see the mask', async () => {
    for (const kind of RULES) {
      const settings = settingsOf(kind);
      const mask = Uint32Array.from({ length: n / 32 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0);
      const kept = (i: number): boolean => ((mask[i >> 5]! >>> (i & 31)) & 1) === 1;
      const g = noise([n], 8);
      const start = await gpuStep(settings, emptyState(settings, noise([n])), noise([n], 2), 0);
      const a = await gpuStep(settings, start, g, 1, { mask });
      const b = await gpuStep(settings, start, g.map((x, i) => (kept(i) ? x : 0)), 1); // prettier-ignore
      expect(a.norm[0]).toBe(b.norm[0]);
      for (const [x, y] of [
        [a.w, b.w],
        ...Object.keys(a.state).map((k) => [a.state[k as 'exp_avg']!, b.state[k as 'exp_avg']!]),
      ] as const)
        // prettier-ignore
        x!.forEach((value, i) => expect(value, `${kind} ${i}`).toBe(kept(i) ? y![i] : 0));
    }
  });
});

describe('SinkGD', () => {
  it('keeps the RMS of the gradient, balances rows and columns, and maps zero to zero', () => {
    const g = Float64Array.from(noise([12 * 20], 3), (x, i) => x * (1 + (i % 20)));
    const d = sinkDirection(g, [12, 20]);
    const rms = (x: Float64Array): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
    expect(Math.abs(rms(d) / rms(g) - 1)).toBeLessThan(1e-12);
    d.forEach((x, i) => expect(Math.sign(x)).toBe(Math.sign(g[i]!)));
    const spread = (x: Float64Array): number => {
      const sums = Array.from({ length: 20 }, (_, c) => x.reduce((s, v, i) => s + (i % 20 === c ? Math.abs(v) : 0), 0));
      return Math.max(...sums) / Math.min(...sums);
    };
    expect(spread(g)).toBeGreaterThan(8);
    expect(spread(d)).toBeLessThan(2);
    expect(sinkDirection(new Float64Array(6), [2, 3]).every((x) => x === 0)).toBe(true);
  });
});
