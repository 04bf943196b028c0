/** One-shot pruning: calibration against its definition, masks, losses (optimizers-pruning-fisher 10, the second half of 19). */
import { describe, expect, it } from 'vitest';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { calibrate } from '@/experiment/calibration';
import { OneShot, pruneOnce, type OneShotScore } from '@/experiment/one-shot';
import { STREAM, drawBatch } from '@/experiment/batches';
import { runReference, type RefValues } from '@/graph';
import { buildGpt2Training } from '@/models/gpt2';
import { testEngine, testExperiment } from '../support/experiment';

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
  const options = { sparsity: 0.5, eps: 1e-8, seed: 3, scope: 'global' } as const;

  it('random loses more than magnitude, fisher, wanda and bitter7; exact counts; weights are restored', async () => {
    const backend = await trained;
    const before = await backend.parameters();
    const state = await backend.saveState();
    const calibration = await calibrate({ engine: null, model, corpus, weights: before, seed: 3, sequences: 4 });
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

  it('19: random loses more than magnitude at 50 % on each of four disjoint evaluation sets', async () => {
    const weights = await (await trained).parameters();
    const shot = new OneShot({ weights, state: new Map(), calibration: null });
    const losses = async (score: OneShotScore): Promise<number[]> => {
      const out: number[] = [];
      for (let set = 0; set < 4; set++) {
        const val = corpus.val.slice(250 * set, 250 * (set + 1));
        const backend = new ReferenceBackend(config, model, { ...corpus, val });
        await backend.loadParameters(shot.masked(shot.keep({ ...options, score })));
        out.push((await backend.evaluate()).loss);
      }
      return out;
    };
    const [random, magnitude] = [await losses('random'), await losses('magnitude')];
    random.forEach((loss, set) => expect(loss, `set ${set}`).toBeGreaterThan(magnitude[set]!));
  });

  it('calibration: one sequence is its squared gradient, and the mean square of c_fc inputs', async () => {
    const weights = await (await trained).parameters();
    const { fisher, inputs } = await calibrate({ engine: null, model, corpus, weights, seed: 3, sequences: 1 });
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

  it('calibration on the engine equals the reference', async () => {
    const weights = await (await trained).parameters();
    const request = { model, corpus, weights, seed: 3, sequences: 2 };
    const exact = await calibrate({ ...request, engine: null });
    const engine = await calibrate({ ...request, engine: await testEngine() });
    for (const what of ['fisher', 'inputs'] as const)
      for (const [name, values] of exact[what]) {
        const scale = values.reduce((a, b) => Math.max(a, b), 0);
        const found = engine[what].get(name)!;
        expect(found).toHaveLength(values.length);
        values.forEach((x, i) => expect(Math.abs(found[i]! - x), `${what} ${name}`).toBeLessThanOrEqual(1e-4 * scale));
      }
  });

  it('one ranking serves every sparsity: counts, nesting, zeros, and the kept share of each tensor', async () => {
    const backend = await trained;
    const weights = await backend.parameters();
    const shot = new OneShot({ weights, state: (await backend.saveState()) as never, calibration: null });
    for (const score of ['bitter7', 'random'] as const) {
      let last: Uint8Array | null = null;
      for (const sparsity of [0, 0.3, 0.6, 0.95]) {
        const keep = shot.keep({ ...options, score, sparsity });
        const { pruned, prunable, density } = shot.describe(keep, { ...options, score, sparsity });
        expect(pruned).toBe(Math.round(sparsity * prunable));
        last?.forEach((kept, i) => expect(kept || !keep[i]).toBeTruthy()); // what is gone stays gone
        last = keep;
        const masked = shot.masked(keep);
        for (const { name, size } of shot.tensors)
          expect(masked.get(name)!.data.filter((w) => w !== 0)).toHaveLength(Math.round(density[name]! * size));
      }
    }
    const perTensor = { ...options, score: 'magnitude', scope: 'tensor', sparsity: 0.25 } as const;
    for (const share of Object.values(shot.describe(shot.keep(perTensor), perTensor).density)) expect(share).toBe(0.75);
  });
});
