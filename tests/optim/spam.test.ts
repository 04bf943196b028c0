/** AdamWSPAM: invariant 6 of optimizers-pruning-fisher 10, the schedule in f64 and the kernels. */
import { describe, expect, it } from 'vitest';
import { SPAM_QUEUE, type SpamConfig, clipCoordinates, spamStep, spikeScore } from '@/optim/spam';
import type { OptimizerSettings } from '@/optim/update';
import { SETTINGS, Twin, emptyState, gpuStep, worst } from '../support/optimizer';
import { noise } from '../support/gpu';

const REPO: SpamConfig = { mode: 'repo', theta: 50, interval: 1000, warmup: 1000, zThreshold: 2 };
const FIXED: SpamConfig = { mode: 'fixed', theta: 5000, interval: 1000, warmup: 150, zThreshold: 0 };
const settings = (spam: SpamConfig): OptimizerSettings => ({ ...SETTINGS, kind: 'adamwspam', gradClip: 1, spam });
const resets = (spam: SpamConfig, n: number): number[] => [...Array(n).keys()].filter((i) => spamStep(i, spam).reset);

describe('when it resets', () => {
  it('repo with interval 1000: iterations 499, 999, ...; fixed: after 1000, 2000, ... updates', () => {
    expect(resets(REPO, 2600)).toEqual([499, 999, 1499, 1999, 2499]);
    expect(resets(FIXED, 2600)).toEqual([1000, 2000]); // before update 1001 = after update 1000
    expect(spamStep(999, FIXED).t).toBe(1000);
    expect(spamStep(1000, FIXED).t).toBe(1);
    expect(spamStep(999, REPO).t).toBe(1000);
  });

  it('repo with interval = warm-up never leaves the warm-up: mean factor 0.50', () => {
    const factors = Array.from({ length: 2000 }, (_, i) => spamStep(500 + i, REPO).lrScale);
    expect(Math.abs(factors.reduce((a, b) => a + b) / factors.length - 0.5)).toBeLessThan(0.01);
    expect(spamStep(498, REPO).lrScale).toBe(1);
    expect(spamStep(1200, FIXED).lrScale).toBe(1);
  });

  it('fixed does not clip coordinates for 50 updates after a start or a reset', () => {
    expect([0, 49, 50, 999, 1000, 1049, 1050].map((i) => spamStep(i, FIXED).theta)).toEqual([
      0, 0, 5000, 5000, 0, 0, 5000,
    ]);
    expect([0, 1].map((i) => spamStep(i, REPO).theta)).toEqual([0, 50]);
  });
});

describe('the coordinate clip', () => {
  const n = 192;
  it('bounds g^2 by theta (v + 1e-12), keeps signs, on both backends alike', async () => {
    const g = Float64Array.from(noise([n], 3, 2));
    const v = noise([n], 4).map((x) => x * x * 0.01);
    const kept = g.slice();
    const count = clipCoordinates(kept, v, 50);
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(n);
    kept.forEach((x, i) => {
      expect(x * x).toBeLessThanOrEqual(50 * (v[i]! + 1e-12) * (1 + 1e-6));
      expect(Math.sign(x)).toBe(Math.sign(g[i]!));
    });
    const config = { ...settings(REPO), gradClip: 0, beta1: 0 };
    const empty = emptyState(config, noise([n]));
    const before = { ...empty, state: { ...empty.state, exp_avg_sq: v } };
    const after = await gpuStep(config, before, Float32Array.from(g), 1);
    expect(after.norm[6]).toBe(count);
    expect(worst(after.state.exp_avg!, kept, 0)).toBeLessThan(1e-6); // beta1 = 0: exp_avg is the clipped gradient
  });
});

describe('norm spikes and resets', () => {
  const n = 64;
  const scaled = (step: number): Float32Array => noise([n], 7 + step, step === 15 ? 30 : 1);

  it('the kernel has the z-score of the f64 queue and halves the moments at a spike only', async () => {
    const config = settings({ ...REPO, theta: 0, zThreshold: 4 });
    const queue = new Float64Array(SPAM_QUEUE);
    let tensors = emptyState(config, noise([n]));
    for (let step = 0; step < 18; step++) {
      const g = scaled(step);
      const before = tensors;
      tensors = await gpuStep(config, before, g, step);
      const z = spikeScore(queue, step, Math.sqrt(g.reduce((sum, x) => sum + x * x, 0)));
      expect(Math.abs(tensors.norm[5]! - z)).toBeLessThan(1e-3 * (1 + Math.abs(z)));
      expect(tensors.norm[3], `step ${step}`).toBe(step === 15 ? 0.5 : 1);
      if (step !== 15) continue;
      const m = before.state.exp_avg!.map((x, i) => 0.9 * 0.5 * x + 0.1 * g[i]! * tensors.norm[1]!);
      expect(worst(tensors.state.exp_avg!, m)).toBeLessThan(1e-5);
    }
  });

  it('a reset clears the moments; only the fixed form clears max_exp_avg_sq and t', async () => {
    for (const [spam, at] of [
      [{ ...REPO, interval: 6, warmup: 0, theta: 0 }, 2],
      [{ ...FIXED, interval: 3, warmup: 1 }, 3],
    ] as const) {
      // prettier-ignore
      const config = settings(spam);
      expect(resets(spam, at + 1)).toEqual([at]);
      let tensors = emptyState(config, noise([n]));
      for (let step = 0; step < at; step++) tensors = await gpuStep(config, tensors, scaled(step), step);
      const g = scaled(at);
      const after = await gpuStep(config, tensors, g, at);
      const coefficient = after.norm[1]!;
      expect(
        worst(
          after.state.exp_avg!,
          g.map((x) => 0.1 * x * coefficient),
          1e-6,
        ),
      ).toBeLessThan(1e-6);
      const v = g.map((x) => 0.01 * (x * coefficient) ** 2);
      expect(worst(after.state.exp_avg_sq!, v, 1e-6)).toBeLessThan(1e-5);
      const peak = spam.mode === 'fixed' ? v : v.map((x, i) => Math.max(x, tensors.state.max_exp_avg_sq![i]!));
      expect(worst(after.state.max_exp_avg_sq!, peak, 1e-6)).toBeLessThan(1e-5);
    }
  });

  it('without clip, spike and reset it is AdamWAdv', () => {
    const config = settings({ ...FIXED, theta: 0, interval: 0 });
    const [a, b] = [new Twin(config, noise([n])), new Twin({ ...config, kind: 'adamwadv', spam: null }, noise([n]))];
    for (let step = 0; step < 10; step++) for (const twin of [a, b]) twin.step(scaled(step), step);
    expect(a.w).toEqual(b.w);
  });
});
