/** Histograms of the optimizer's state: bins by definition, both backends, and a run that does not notice. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { type LogHistogram, logHistogram } from '@/experiment/log-histogram';
import { optimizerEvent } from '@/experiment/optimizer-event';
import { sampleBlocks, withoutPadding } from '@/experiment/state-sample';
import { effectiveStep } from '@/optim/effective-step';
import { stepPlan } from '@/optim/update';
import { type Overrides, testEngine, testExperiment } from '../support/experiment';

const TINY: Overrides = { model: { nLayer: 1, nHead: 2, nEmbd: 16, blockSize: 8 }, vocab: 17 };

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

const total = ({ zeros, counts }: LogHistogram): number => zeros + counts.reduce((a, b) => a + b, 0);

describe('histogram', () => {
  it('has four bins a decade; zeros apart; infinities and NaN in none', () => {
    expect(logHistogram([1, -1.7, 1.78, 9.99, 0, -0, NaN, Infinity])).toEqual({
      zeros: 2,
      first: 0,
      counts: [2, 1, 0, 1],
    });
    expect(logHistogram([1e-3, 1.1e-8])).toMatchObject({ first: -32, zeros: 0 });
    expect(logHistogram([0])).toEqual({ zeros: 1, first: 0, counts: [] });
    expect(logHistogram([1e-300, 1e300]).counts).toHaveLength(32 * 4); // beyond the edges: the outermost bins
  });

  it('samples evenly spaced blocks inside the arena, and no padding', () => {
    expect(sampleBlocks(100, 128)).toEqual([[0, 100]]);
    const blocks = sampleBlocks(10_000_000, 2 ** 17);
    expect(blocks).toHaveLength(16);
    expect(blocks.at(-1)![0] + blocks.at(-1)![1]).toBe(10_000_000);
    for (const [i, [at, n]] of blocks.entries()) if (i > 0) expect(at).toBeGreaterThanOrEqual(blocks[i - 1]![0] + n);
    const entries = [{ offset: 0, size: 3 }, { offset: 64, size: 10 }]; // prettier-ignore
    const parts = withoutPadding(
      Float32Array.from({ length: 70 }, (_, i) => i),
      1,
      entries,
    );
    expect(parts.map((p) => Array.from(p))).toEqual([[0, 1], [63, 64, 65, 66, 67, 68, 69]]); // prettier-ignore
  });
});

describe('effective step', () => {
  it.each(['sgd', 'adam', 'adamw', 'adamwadv'] as const)('of %s is what the update moved', async (kind) => {
    const overrides: Overrides = { ...TINY, optimizer: { kind, weightDecay: 0 } };
    const { config, model, corpus } = testExperiment(overrides);
    const backend = new ReferenceBackend(config, model, corpus);
    for (let step = 0; step < 5; step++) await (await backend.step(step)).result;
    const before = await backend.sampleState(5);
    await (
      await backend.step(5)
    ).result;
    const { w, slots } = await backend.sampleState(6);
    const { lr, t } = stepPlan(config.optimizer, config.training.maxIters, 5);
    const scale = { lr, eps: 1e-8, correction1: 1 - 0.9 ** t, correction2: 1 - 0.95 ** t };
    for (let i = 0; i < w.length; i++) {
      const [m, v, vMax, velocity] = (['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'momentum_buffer'] as const).map((s) => slots.get(s)?.[i] ?? 0); // prettier-ignore
      const step = effectiveStep(kind, { m: m!, v: v!, vMax: vMax!, velocity: velocity! }, scale)!;
      expect(Math.abs(Math.abs(w[i]! - before.w[i]!) - step)).toBeLessThanOrEqual(1e-9 * step + 1e-15);
    }
  });
});

describe('observer', () => {
  it('sees the same on both backends, every element once, pruned weights as zeros', async () => {
    const overrides: Overrides = { ...TINY, pruning: { start: 1, end: 4, every: 1, target: 0.5 } };
    const { config, model, corpus } = testExperiment(overrides);
    const gpu = await WebGpuBackend.create(engine, config, model, corpus, { eager: ['train', 'update', 'prune'] });
    const reference = new ReferenceBackend(config, model, corpus);
    const events = [];
    for (const backend of [gpu, reference]) {
      for (let step = 0; step < 6; step++) await (await backend.step(step)).result;
      const before = await backend.saveState();
      events.push(optimizerEvent(await backend.sampleState(6, 1 << 20), config, 6, backend.summary.parameters));
      const after = await backend.saveState();
      for (const [key, { data }] of before) expect(after.get(key)!.data, key).toEqual(data);
    }
    const [a, b] = events;
    expect(a!.sampled).toBe(gpu.summary.parameters);
    for (const what of ['w', 'g', 'm', 'v', 'update'] as const) {
      const [x, y] = [a![what]!, b![what]!];
      expect(total(x), what).toBe(a!.of);
      if (what !== 'g') expect(x.zeros, what).toBe(y.zeros);
      // Values at a bin's edge may fall on either side in f32; gradients of key biases are rounding alone.
      const moved = Array.from({ length: 128 }, (_, i) => i - 96).reduce((sum, bin) => sum + Math.abs((x.counts[bin - x.first] ?? 0) - (y.counts[bin - y.first] ?? 0)), 0); // prettier-ignore
      expect(moved, what).toBeLessThanOrEqual(0.02 * a!.of);
    }
    expect(a!.w.zeros).toBeGreaterThanOrEqual(Math.round(0.5 * 12 * 16 * 16));
    expect(a!.v!.zeros).toBeGreaterThanOrEqual(a!.w.zeros - 64);
    gpu.destroy();
  });
});
