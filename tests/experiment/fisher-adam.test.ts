/** Per-sequence gradients on both backends, and v beside the Fisher diagonal of a trained model. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrainingBackend } from '@/experiment/backend';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { type FisherAdamReport, agreement, compareFisherAdam } from '@/experiment/fisher-adam';
import { maskFlags, secondMoment } from '@/experiment/second-moment';
import { STEP_KEY } from '@/experiment/training-state';
import { testEngine, testExperiment } from '../support/experiment';

const SMALL = { model: { nLayer: 1, nHead: 2, nEmbd: 16, blockSize: 12 }, vocab: 17 };
const OPTIONS = {
  sequences: 96,
  batches: [1, 4, 16],
  beta2: [0.5, 0.95],
  bottom: [0.5, 0.9],
  sample: 100_000,
  seed: 1,
};

async function trained(steps: number, pruning?: { readonly target: number }) {
  const overrides = {
    ...SMALL,
    training: { maxIters: steps, batchSize: 4 },
    optimizer: { learningRate: 1e-2, minLr: 0, beta2: 0.98 },
    ...(pruning ? { pruning: { ...pruning, start: 10, end: 40, every: 10 } } : {}),
  };
  const { config, model, corpus } = testExperiment(overrides);
  const run = new ReferenceBackend(config, model, corpus);
  for (let step = 0; step < steps; step++) await (await run.step(step)).result;
  return { config, model, corpus, state: await run.saveState(), weights: await run.parameters() };
}

async function compared(run: Awaited<ReturnType<typeof trained>>): Promise<FisherAdamReport> {
  const training = { ...run.config.training, batchSize: 1 };
  const backend = new ReferenceBackend({ ...run.config, pruning: null, training }, run.model, run.corpus);
  await backend.loadParameters(run.weights);
  const vhat = secondMoment(run.state, run.config)!;
  const keep = maskFlags(run.state);
  return compareFisherAdam({ backend, vhat, keep, batch: 4, firstStep: run.config.training.maxIters }, OPTIONS);
}

describe('gradients', () => {
  let backends: readonly TrainingBackend[];
  beforeAll(async () => {
    const { config, model, corpus } = testExperiment({ ...SMALL, training: { batchSize: 1, gradientAccumulation: 2 } });
    backends = [
      new ReferenceBackend(config, model, corpus),
      await WebGpuBackend.create(await testEngine(), config, model, corpus),
    ];
  });

  it('are equal on both backends, differ by step, and move nothing', async () => {
    const [reference, gpu] = backends as [TrainingBackend, TrainingBackend];
    const before = await gpu.parameters();
    for (const step of [0, 7]) {
      const [a, b] = [await reference.gradient(step), await gpu.gradient(step)];
      expect([...b.keys()].sort()).toEqual([...a.keys()].sort());
      const scale = Math.max(...[...a.values()].flatMap(({ data }) => [...data].map(Math.abs)));
      for (const [name, { data }] of a)
        data.forEach((g, i) => expect(Math.abs(g - b.get(name)!.data[i]!)).toBeLessThan(2e-5 * scale));
    }
    const [first, second] = [await gpu.gradient(0), await gpu.gradient(1)];
    expect(first.get('transformer.ln_f.weight')!.data).not.toEqual(second.get('transformer.ln_f.weight')!.data);
    expect((await gpu.parameters()).get('transformer.wpe.weight')).toEqual(before.get('transformer.wpe.weight'));
  });
});

describe('v and F_emp after 300 steps with a learning rate that went to 0', () => {
  let report: FisherAdamReport;
  beforeAll(async () => void (report = await compared(await trained(300))), 120_000);

  it('rank alike, and B sum v / sum F lies in [0.5, 2]', () => {
    expect(report.pooled.spearman).toBeGreaterThan(0.8);
    expect(report.pooled.logPearson).toBeGreaterThan(0.8);
    expect(report.pooled.ratio).toBeGreaterThan(0.5);
    expect(report.pooled.ratio).toBeLessThan(2);
  });

  it('F_mb(1) is F_emp; F_mb of larger batches loses the rank slowly', () => {
    expect(report.overBatch.map(({ batch, groups }) => [batch, groups])).toEqual([[1, 96], [4, 24], [16, 6]]); // prettier-ignore
    expect(report.overBatch[0]!.spearman).toBeCloseTo(1, 12);
    expect(report.overBatch[0]!.ratio).toBeCloseTo(1, 12);
    expect(report.overBatch[2]!.spearman).toBeGreaterThan(0.5);
  });

  it('a longer window at rest ranks closer to F_emp', () => {
    const [short, long] = report.overBeta2;
    expect(long!.spearman).toBeGreaterThan(short!.spearman);
    expect(report.tensors.reduce((s, { sumF }) => s + sumF, 0)).toBeGreaterThan(0);
    expect(report.bottom.every(({ score, value }) => score > value)).toBe(true);
  });
});

describe('a pruned run', () => {
  it('leaves pruned weights out', async () => {
    const run = await trained(60, { target: 0.5 });
    const report = await compared(run);
    const total = [...run.weights.values()].reduce((n, { data }) => n + data.length, 0);
    const prunable = [...maskFlags(run.state).values()].reduce((n, keep) => n + keep.length, 0);
    expect(report.parameters).toBe(total - prunable / 2);
  });

  it('v^ divides by 1 - beta2^t', async () => {
    const { state, config } = await trained(3);
    const raw = state.get('exp_avg_sq.transformer.ln_f.weight')!.data as Float64Array;
    const corrected = secondMoment(state, config)!.get('transformer.ln_f.weight')!;
    expect(corrected[0]! / raw[0]!).toBeCloseTo(1 / (1 - 0.98 ** 3), 9);
    expect(secondMoment(new Map([[STEP_KEY, state.get(STEP_KEY)!]]), config)).toBeNull();
  });
});

describe('agreement', () => {
  const all = Uint32Array.of(0, 1, 2, 3);
  const x = Float64Array.of(1, 2, 4, 8);
  const limits = { sample: 10, seed: 1 };

  it('is 1 with itself and any power of itself by rank, -1 with its inverse; the ratio is of sums', () => {
    expect(agreement(x, x, all, 3, limits)).toEqual({ n: 4, spearman: 1, logPearson: 1, ratio: 3 });
    expect(
      agreement(
        x.map((v) => v ** 3),
        x,
        all,
        1,
        limits,
      ),
    ).toMatchObject({ spearman: 1, logPearson: 1 });
    expect(
      agreement(
        x.map((v) => 1 / v),
        x,
        all,
        1,
        limits,
      ),
    ).toMatchObject({ spearman: -1, logPearson: -1 });
  });

  it('leaves zeros out of the logarithms only', () => {
    const withZero = Float64Array.of(0, 2, 4, 8);
    expect(agreement(withZero, x, all, 1, limits)).toMatchObject({ n: 4, spearman: 1, logPearson: 1, ratio: 14 / 15 });
  });
});
