/** Fisher trace: invariants 24-26 of the attention specification, the nulls, finite differences, both backends. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { STREAM, drawBatch } from '@/experiment/batches';
import { fisherReport, gradientSquares } from '@/experiment/fisher-trace';
import { repoProbe } from '@/experiment/fisher-probe';
import { runReference } from '@/graph';
import { layerMeans } from '@/fisher/trace-layers';
import { eigenvalues, fisherMatrix, spectrumOf, uniformMatrix } from '@/fisher/trace-spectrum';
import { type QueryKey, forEachRow, headTrace, uniformTrace } from '@/fisher/trace';
import { BASELINE_ATTENTION } from '@/models/attention/config';
import { buildGpt2Training } from '@/models/gpt2';
import { testEngine, testExperiment } from '../support/experiment';
import { noise } from '../support/gpu';
import { testContext } from '../support/reference';

/** batch 3, seq 19, 2 heads of 5. */
const qk: QueryKey = {
  q: noise([3 * 19 * 10], 1, 3), k: noise([3 * 19 * 10], 2, 3), batch: 3, seq: 19, nHead: 2, headDim: 5, scale: 0.4,
}; // prettier-ignore

describe('closed forms', () => {
  it('24: the sum of the eigenvalues is 1 - E|p|^2, the smallest is 0, cond is 1e8 eigmax', () => {
    for (const head of [0, 1]) {
      const spectrum = spectrumOf(fisherMatrix(qk, head, 128));
      expect(spectrum.trace).toBeCloseTo(headTrace(qk, head).trace, 12);
      expect(Math.abs(spectrum.eigenvalues.at(-1)!)).toBeLessThan(1e-12);
      expect((spectrum.cond * 1e-8) / spectrum.eigmax).toBeCloseTo(1, 3);
    }
  });

  it('25: uniform causal attention over 128 positions', () => {
    const spectrum = spectrumOf(uniformMatrix(128));
    expect(uniformTrace(128).trace).toBeCloseTo(0.957554, 6);
    expect(spectrum.trace).toBeCloseTo(0.957554, 6);
    expect(spectrum.eigmax).toBeCloseTo(0.034634, 6);
    expect(spectrum.energy_r8).toBeCloseTo(0.220324, 6);
    expect(spectrum.energy_r16).toBeCloseTo(0.370883, 6);
    const zero = { ...qk, q: new Float32Array(3 * 19 * 10) };
    const flat = headTrace(zero, 1);
    for (const key of ['trace', 'collision', 'entropy'] as const)
      expect(flat[key], key).toBeCloseTo(uniformTrace(19)[key], 13);
  });

  it('26: F2 = (1 - F1) / T, so the rankings are opposite', () => {
    const heads = [0, 1].map((head) => headTrace(qk, head));
    for (const { trace, collision } of heads) expect(collision).toBeCloseTo((1 - trace) / 19, 15);
    expect(heads[0]!.trace > heads[1]!.trace).toBe(heads[0]!.collision < heads[1]!.collision);
  });

  it('rows are distributions; the matrix of the first positions is that of the shorter context', () => {
    forEachRow(qk, 0, (p, i) => expect(p.subarray(0, i + 1).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 13));
    const cut = (x: ArrayLike<number>) => Float32Array.from(Array.from(x).slice(0, 7 * 10));
    const short = { ...qk, q: cut(qk.q), k: cut(qk.k), batch: 1, seq: 7 };
    const whole = { ...qk, q: cut19(qk.q), k: cut19(qk.k), batch: 1 };
    expect(fisherMatrix(whole, 1, 7)).toEqual(fisherMatrix(short, 1, 7));
  });

  it('eigenvalues of a matrix with a known spectrum: 2 - 2 cos(pi k / (n + 1))', () => {
    const n = 11;
    const values = Float64Array.from({ length: n * n }, (_, i) => {
      const [r, c] = [Math.floor(i / n), i % n];
      return r === c ? 2 : Math.abs(r - c) === 1 ? -1 : 0;
    });
    const expected = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((Math.PI * (n - k)) / (n + 1)));
    eigenvalues({ n, values }).forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 12));
  });

  it('layer means take attention tensors alone', () => {
    const tensors: [string, number[]][] = [
      ['transformer.h.0.attn.c_attn.weight', [1, 2, 3]],
      ['transformer.h.0.attn.c_proj.bias', [6]],
      ['transformer.h.0.mlp.c_fc.weight', [100]],
      ['transformer.h.1.attn.c_attn.weight', [5]],
      ['transformer.wte.weight', [100]],
    ];
    expect(layerMeans(tensors, 2)).toEqual([3, 5]);
  });
});

const cut19 = (x: ArrayLike<number>): Float32Array => Float32Array.from(Array.from(x).slice(0, 190));

describe('on a checkpoint', () => {
  let engine: EngineDevice;
  beforeAll(async () => {
    engine = await testEngine();
  });
  const experiment = testExperiment({
    model: {
      nLayer: 2, nHead: 3, nEmbd: 24, blockSize: 13, dropout: 0.1,
      attention: { ...BASELINE_ATTENTION, ra: { form: 'learned', layers: { kind: 'last', count: 1 }, heads: 1 } },
    },
  }); // prettier-ignore

  /** Weights after 2 steps, scaled so that attention is not uniform; Adam's moments of the same step. */
  async function trained() {
    const backend = new ReferenceBackend(experiment.config, experiment.model, experiment.corpus);
    for (const step of [0, 1]) await (await backend.step(step)).result;
    const state = await backend.saveState();
    const moments = new Map([...state].flatMap(([name, { data }]) => (name.startsWith('exp_avg_sq.') ? [[name.slice(11), data as Float64Array] as const] : []))); // prettier-ignore
    const weights = new Map([...(await backend.parameters())].map(([name, { shape, data }]) => [name, { shape, data: /c_attn.weight|wte|wpe/.test(name) ? data.map((x) => 12 * x) : data }])); // prettier-ignore
    return { ...experiment, weights, moments, seed: 5, sequences: 3, spectrum: true };
  }

  it('both backends give the same traces, gradients and moments', async () => {
    const request = await trained();
    const [a, b] = [await fisherReport({ ...request, engine }), await fisherReport({ ...request, engine: null })];
    expect(a.layers.map(({ layer, branch, heads }) => [layer, branch, heads.length])).toEqual([
      [0, 'standard', 3],
      [1, 'standard', 3],
      [1, 'reciprocal', 1],
    ]);
    expect(b.uniform.trace - b.layers[0]!.trace).toBeGreaterThan(0.02);
    a.layers.forEach(({ heads, spectra }, i) =>
      heads.forEach((head, h) => {
        for (const key of ['trace', 'collision', 'entropy'] as const)
          expect(head[key], key).toBeCloseTo(b.layers[i]!.heads[h]![key], 6);
        expect(spectra![h]!.eigmax).toBeCloseTo(b.layers[i]!.spectra![h]!.eigmax, 6);
      }),
    );
    a.signals.f3.forEach((x, i) => expect(x / b.signals.f3[i]!).toBeCloseTo(1, 4));
    expect(a.signals.f4).toEqual(b.signals.f4);
    expect(a.rank_correlations['f1_f2']).toBeCloseTo(-1, 12);
    expect(Object.keys(a.rank_correlations)).toEqual(['f1_f2', 'f1_f3', 'f1_f4', 'f2_f3', 'f2_f4', 'f3_f4']);
  });

  it('F3 is the mean of squared slopes, taken by central differences', async () => {
    const request = await trained();
    const model = { ...request.model, dropout: 0 };
    const training = buildGpt2Training(model, 1, model.blockSize);
    const values = new Map<number, Float64Array | Uint32Array | Int32Array>();
    for (const p of training.graph.parameters) values.set(p.id, Float64Array.from(request.weights.get(p.name)!.data));
    const one = { rows: 1, seq: model.blockSize, sampling: request.corpus.sampling };
    const loss = (): number => {
      runReference(training.graph, values, testContext);
      return values.get(training.loss.id)![0]!;
    };
    const layer1 = training.graph.parameters.filter((p) => p.name.startsWith('transformer.h.1.attn.ra_'));
    let sum = 0;
    let count = 0;
    for (const p of layer1) {
      const w = values.get(p.id)!;
      count += w.length;
      for (let s = 0; s < request.sequences; s++) {
        const batch = drawBatch(request.corpus.val, one, request.seed, STREAM.EVAL, 0, s);
        values.set(training.ids.id, batch.ids);
        values.set(training.targets.id, batch.targets);
        values.set(training.lossScale.id, Float64Array.of(batch.lossScale));
        for (let i = 0; i < w.length; i++) {
          const kept = w[i]!;
          w[i] = kept + 1e-5;
          const up = loss();
          w[i] = kept - 1e-5;
          sum += ((up - loss()) / 2e-5) ** 2 / request.sequences;
          w[i] = kept;
        }
      }
    }
    // The probe reads every attention tensor; here only those of the reciprocal branch are left in the mean.
    const only = (name: string): boolean => name.startsWith('transformer.h.1.attn.ra_');
    const squares = await gradientSquares({ ...request, engine: null });
    const [, f3] = layerMeans(
      [...squares].filter(([name]) => only(name)),
      2,
    );
    expect(f3! / (sum / count)).toBeCloseTo(1, 5);
    expect(f3!).toBeGreaterThan(1e-12);
  });

  it('the faithful probe: three layers, 64 rows, dropout on, near the null on random tokens', async () => {
    const request = await trained();
    const probe = await repoProbe({ ...request, engine: null });
    expect(probe.layers.map(({ layer, heads }) => [layer, heads.length])).toEqual([
      [0, 3],
      [1, 3],
    ]);
    const onGpu = await repoProbe({ ...request, engine });
    probe.layers.forEach(({ heads }, i) => heads.forEach(({ trace }, h) => expect(onGpu.layers[i]!.heads[h]!.trace).toBeCloseTo(trace, 5))); // prettier-ignore
    const again = await repoProbe({ ...request, engine: null });
    expect(again).toEqual(probe);
  });

  it('names the tensor that a checkpoint lacks', async () => {
    const request = await trained();
    request.weights.delete('transformer.h.1.attn.c_attn.weight');
    for (const on of [engine, null])
      await expect(fisherReport({ ...request, engine: on })).rejects.toThrow(
        'the checkpoint has no tensor transformer.h.1.attn.c_attn.weight',
      );
  });
});
