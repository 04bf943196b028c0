/** Invariants 1-5 of the attention specification, section 12 (6, the gradient check, is in tests/graph). */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { initialValues } from '@/experiment/init';
import { Graph, attention, runReference } from '@/graph';
import { BASELINE_ATTENTION } from '@/models/attention/config';
import { buildGpt2, buildGpt2Training } from '@/models/gpt2';
import { noise } from '../support/gpu';
import { testEngine, testExperiment } from '../support/experiment';
import { testContext } from '../support/reference';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

const config = (overrides: object) => ({
  nLayer: 2, nHead: 2, nEmbd: 16, blockSize: 12, vocabSize: 23, bias: true, dropout: 0, gelu: 'gelu_erf' as const,
  weightTying: true, attention: BASELINE_ATTENTION, ...overrides,
}); // prettier-ignore

describe('baseline invariants', () => {
  it('1: changing tokens >= t0 leaves logits before t0 bitwise unchanged, and 2: each position is its prefix', async () => {
    const {
      config: experiment,
      model,
      corpus,
    } = testExperiment({ model: { nLayer: 2, nHead: 3, nEmbd: 24, blockSize: 13 }, training: { batchSize: 1 } });
    const gpu = await WebGpuBackend.create(engine, experiment, model, corpus, { eager: ['sample'] });
    const reference = new ReferenceBackend(experiment, model, corpus);
    const tokens = [5, 9, 1, 33, 64, 2, 2, 7, 0, 12, 50, 3, 8];
    for (const t0 of [3, 7, 11]) {
      const prefix = await gpu.nextLogits(tokens.slice(0, t0));
      const { sampleLogits } = gpu.training.regions;
      await gpu.nextLogits([...tokens.slice(0, t0), ...tokens.slice(t0).map((t) => (t + 31) % 65)]);
      const changed = new Float32Array(
        await gpu.executor.read(sampleLogits, (t0 - 1) * model.vocabSize, model.vocabSize),
      );
      expect(changed, `t0 = ${t0}`).toEqual(prefix);
      const exact = await reference.nextLogits(tokens.slice(0, t0));
      for (let i = 0; i < exact.length; i++) expect(Math.abs(prefix[i]! - exact[i]!)).toBeLessThan(1e-5);
    }
    gpu.destroy();
  });

  it('3: rows of P sum to 1 and see no future: attention over v = 1 is 1, over a one-hot future value is 0', () => {
    const graph = new Graph();
    const [b, t, h, d] = [2, 7, 3, 4];
    const q = graph.input('q', [b, t, h * d], 'f32');
    const k = graph.input('k', [b, t, h * d], 'f32');
    const v = graph.input('v', [b, t, h], 'f32');
    const o = graph.apply1(attention, [q, k, v], { nHead: h, scale: 0.5, dropout: 0, site: 0 });
    const run = (values: Float64Array) => {
      const bound = new Map<number, Float64Array>([
        [q.id, Float64Array.from(noise(q.shape, 1, 3))],
        [k.id, Float64Array.from(noise(k.shape, 2, 3))],
        [v.id, values],
      ]);
      runReference(graph, bound, testContext);
      return bound.get(o.id)!;
    };
    for (const x of run(new Float64Array(b * t * h).fill(1))) expect(Math.abs(x - 1)).toBeLessThan(1e-12);
    const future = run(Float64Array.from({ length: b * t * h }, (_, i) => (Math.floor(i / h) % t === 5 ? 1 : 0)));
    future.forEach((x, i) => (Math.floor(i / h) % t < 5 ? expect(x).toBe(0) : expect(x).toBeGreaterThan(0)));
  });

  it('4: parameter counts: 12 C^2 + 13 C a layer, 124,475,904 for GPT-2 124M; the tied table is one tensor', () => {
    const count = (overrides: object) => buildGpt2(config(overrides), 1, 8).graph.parameterCount;
    const c = 48;
    expect(count({ nEmbd: c, nLayer: 3, nHead: 3 }) - count({ nEmbd: c, nLayer: 2, nHead: 3 })).toBe(
      12 * c * c + 13 * c,
    );
    const small = { nLayer: 12, nHead: 12, nEmbd: 768, blockSize: 1024, vocabSize: 50304 };
    expect(count(small)).toBe(124_475_904);
    const training = buildGpt2Training(config({}), 2, 8);
    expect(training.graph.parameters.filter((p) => p.name.includes('wte') || p.name.includes('lm_head')).length).toBe(
      1,
    );
  });

  it('5: initial statistics: c_proj 0.02 / sqrt(2N) and other linears 0.02 within 3 %, loss near ln V + C 0.02^2 / 2', async () => {
    const nLayer = 4;
    const { graph } = buildGpt2(config({ nLayer, nEmbd: 192, nHead: 4, vocabSize: 256 }), 1, 8);
    graph.parameters.forEach((parameter, i) => {
      if (!/(c_attn|c_fc|c_proj|wte)\.weight$/.test(parameter.name)) return;
      const values = initialValues(parameter, i, 99);
      const std = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
      const expected = parameter.name.includes('c_proj') ? 0.02 / Math.sqrt(2 * nLayer) : 0.02;
      expect(Math.abs(std / expected - 1), parameter.name).toBeLessThan(0.03);
    });
    const { config: experiment, model, corpus } = testExperiment({ model: { nEmbd: 96, nHead: 3 } });
    const { loss } = await (await new ReferenceBackend(experiment, model, corpus).step(0)).result;
    expect(Math.abs(loss - (Math.log(65) + 0.5 * 0.02 ** 2 * 96))).toBeLessThan(0.1);
  });
});
