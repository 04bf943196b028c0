/** One-shot pruning: calibration against its definition, masks, losses (optimizers-pruning-fisher 10, the second half of 19). */
import { describe, expect, it } from 'vitest';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { calibrate, pruneOnce, type OneShotScore } from '@/experiment/one-shot';
import { STREAM, drawBatch } from '@/experiment/batches';
import { runReference, type RefValues } from '@/graph';
import { buildGpt2Training } from '@/models/gpt2';
import { testExperiment } from '../support/experiment';

const { config, model, corpus } = testExperiment({
  model: { nLayer: 2, nHead: 2, nEmbd: 16, blockSize: 12 }, training: { maxIters: 80, batchSize: 4, evalBatches: 4 },
  optimizer: { learningRate: 1e-2, minLr: 1e-3 }, vocab: 17,
}); // prettier-ignore

describe('one-shot pruning of a trained model', () => {
  const trained = (async () => {
    const backend = new ReferenceBackend(config, model, corpus);
    for (let step = 0; step < 80; step++) await (await backend.step(step)).result;
    return backend;
  })();
  const options = { sparsity: 0.5, eps: 1e-8, seed: 3, sequences: 4, scope: 'global' } as const;

  it('random loses more than magnitude, fisher, wanda and bitter7; exact counts; weights are restored', async () => {
    const backend = await trained;
    const before = await backend.parameters();
    const state = await backend.saveState();
    const calibration = calibrate(model, corpus, before, 3, 4);
    const run = (score: OneShotScore) => pruneOnce(backend, { ...options, score }, state as never, calibration);
    const [random, magnitude, fisher, wanda, bitter7] = [await run('random'), await run('magnitude'), await run('fisher'), await run('wanda'), await run('bitter7')]; // prettier-ignore
    for (const result of [magnitude, fisher, wanda, bitter7]) {
      expect(result.loss).toBeLessThan(random.loss);
      expect(result.pruned).toBe(Math.round(0.5 * result.prunable));
    }
    expect(random.loss).toBeGreaterThan(random.lossBefore);
    expect(magnitude.jaccardMagnitude).toBe(1);
    expect(random.jaccardMagnitude).toBeLessThan(0.5);
    expect((await backend.parameters()).get('transformer.wte.weight')).toEqual(before.get('transformer.wte.weight'));
    expect((await run('magnitude')).lossBefore).toBe(magnitude.lossBefore);
  });

  it('calibration: one sequence is its squared gradient, and the mean square of c_fc inputs', async () => {
    const weights = await (await trained).parameters();
    const { fisher, inputs } = calibrate(model, corpus, weights, 3, 1);
    const { graph, ids, targets, lossScale, gradients } = buildGpt2Training(model, 1, model.blockSize);
    const batch = drawBatch(corpus.train, { rows: 1, seq: 12, sampling: 'window' }, 3, STREAM.TRAIN, 0, 0);
    const values: RefValues = new Map();
    values.set(ids.id, batch.ids);
    values.set(targets.id, batch.targets);
    values.set(lossScale.id, Float64Array.of(batch.lossScale));
    for (const p of graph.parameters) values.set(p.id, Float64Array.from(weights.get(p.name)!.data));
    runReference(graph, values, { seed: 3, dropoutStream: 0, uniform: () => 0.5 });
    const name = 'transformer.h.1.mlp.c_fc.weight';
    const parameter = graph.parameters.find((p) => p.name === name)!;
    const g = values.get(gradients.get(parameter)!.id)!;
    fisher.get(name)!.forEach((f, i) => expect(f).toBeCloseTo(Number(g[i]) ** 2, 14));
    const x = inputs.get(name)!;
    expect(x.length).toBe(16);
    const ln = weights.get('transformer.h.1.ln_2.weight')!.data;
    // Behind a LayerNorm the mean square of a feature is about its squared gain; summed over features it is close to C.
    const sum = x.reduce((a, v, i) => a + v / ln[i]! ** 2, 0);
    expect(Math.abs(sum / 16 - 1)).toBeLessThan(0.2);
  });
});
