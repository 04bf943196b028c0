/** Recorded measurements for the Decode page: plausible figures of a software adapter, by scenario. */
import { DEVICE_LOST, type MeasureApi, type MeasureResult, type OpDot } from '@/worker/decode-protocol';

const roof = { fmaGflops: 12.86, fmaSingleChainGflops: 6.1, bandwidthGBs: 9.8, ridge: 12.86 / 9.8 };

const op = (sequence: string, family: string, flops: number, bytes: number, ms: number): OpDot => {
  const [gflops, gbs, intensity] = [flops / ms / 1e6, bytes / ms / 1e6, flops / bytes];
  const roofGflops = Math.min(roof.fmaGflops, roof.bandwidthGBs * intensity);
  return {
    sequence, scope: 'h.0', family, variant: '32x32', label: `h.0 ${family}`, code: `// ${family}\n@compute @workgroup_size(64)\nfn main() {}\n`,
    workgroups: [32, 4, 1], workgroupSize: [64], parity: family === 'gemv' ? { twin: 'naive', error: 0 } : null, dispatches: 4, repeats: 1000, flops, bytes, ms, gflops, gbs, intensity, roofGflops,
    ofRoof: flops > 0 ? gflops / roofGflops : gbs / roof.bandwidthGBs,
  }; // prettier-ignore
};

const points = (batch: (i: number) => number, context: (i: number) => number, n: number) =>
  Array.from({ length: n }, (_, i) => {
    const medianMs = 8 + 0.6 * batch(i) + 0.02 * context(i);
    return {
      batch: batch(i), context: context(i), cacheBytes: 131_072 * batch(i), samplesMs: [medianMs, medianMs + 0.3], submitsPerSample: 1,
      medianMs, tokensPerSecond: (1000 * batch(i)) / medianMs,
    }; // prettier-ignore
  });

const fitted = <P extends string>(model: string, params: Record<P, number>) => ({
  model, params, ci95: Object.fromEntries((Object.entries(params) as [P, number][]).map(([name, value]) => [name, { low: 0.9 * value, high: 1.1 * value }])), r2: 0.998, rmse: 0.1, n: 5, dof: 3, residuals: [], inputPoints: [], converged: true, units: {},
}); // prettier-ignore

const manifest = { schema: 'wb-decode/1', preset: 'recorded' } as unknown as MeasureResult['manifest'];

const common = { manifest, adapter: 'SwiftShader driver-5.0.0', software: true, timing: 'fenced', subject: 'random initial weights', preset: 'gpt2-char-s' } as const; // prettier-ignore

const score = (k: 'f32' | 'int4', v: 'f32' | 'int4', delta: number, cache_bytes: number) => ({
  k, v, loss: 2.1, perplexity: 8.17 * (1 + delta / 100), delta_perplexity_pct: delta, cache_bytes,
}); // prettier-ignore

const results: { readonly [K in MeasureResult['kind']]: () => MeasureResult } = {
  roofline: () => ({
    ...common, kind: 'roofline', timing: 'timestamp-query', roof,
    ladder: { size: 256, rungs: [['a loop an element', 'naive loop', 41, 0.82, 0], ['register tile 4 x 4', 'register-4x4-8x8', 6.1, 5.5, 2e-7], ['tile of a four-lane subgroup', 'subgroup4-16x64', 3.6, 9.3, 2e-7]].map(([step, variant, ms, gflops, error]) => ({ step, variant, ms, gflops, error })) as never },
    ops: [op('train', 'gemm', 134e6, 1.6e6, 18), op('train', 'layer norm', 1e6, 1e6, 0.4), op('update', 'adamw', 9e6, 25e6, 4), op('decode', 'gemv', 131e3, 265e3, 0.06), op('decode', 'decode attention', 65e3, 131e3, 0.05)],
  }),
  saturation: () => ({
    ...common, kind: 'saturation', points: points((i) => 2 ** i, () => 128, 5),
    hill: fitted('hill', { sMax: 1600, bHalf: 17.5, gamma: 1.02 }), hill_gamma_1: fitted('hill', { sMax: 1666, bHalf: 17.6, gamma: 1 }), affine: fitted('affine', { a: 10.56, b: 0.6 }),
  } as unknown as MeasureResult),
  context: () => ({ ...common, kind: 'context', points: points(() => 1, (i) => 16 * (i + 1), 8), affine: fitted('affine', { a: 8.6, b: 0.02 }) } as unknown as MeasureResult),
  fusion: () => ({
    ...common, kind: 'fusion', shape: { batch: 8, heads: 4, headDim: 32, context: 2048 },
    rows: [['f32', 12, 16_777_216, 1], ['f16', 10.4, 8_388_608, 1.15], ['int4_unpacked_first', 13.3, 2_359_296, 0.9], ['int4_fused', 4.7, 2_359_296, 2.55]].map(([name, ms, cache_bytes, speed_up_over_f32]) => ({ name, ms, cache_bytes, dispatches: 2, variant: 'heads-stretch-s16-k1', speed_up_over_f32, speed_up_least: 0.9 * Number(speed_up_over_f32), speed_up_greatest: 1.1 * Number(speed_up_over_f32) })),
  } as unknown as MeasureResult),
  asymmetry: () => ({ ...common, kind: 'asymmetry', tokens: 4096, rows: [score('f32', 'f32', 0, 524_288), score('f32', 'int4', 0.02, 294_912), score('int4', 'f32', 0.4, 294_912), score('int4', 'int4', 0.5, 73_728)] }),
  bandwidth: () => ({
    ...common, kind: 'bandwidth', variant: 'heads-stretch-s16-k1', shape: { batch: 4, heads: 4, headDim: 32, context: 2048 }, bytes: 8_388_608, ms: 9.1, share: { median: 0.82, least: 0.74, greatest: 0.95 }, ofRead: { median: 0.9, least: 0.8, greatest: 1 }, processorShare: null, medians: { streamGBs: 1.1, attentionGBs: 0.93, readGBs: 1.02 },
    rounds: [[1.1, 0.9, 1.0], [1.15, 0.94, 1.05], [1.09, 0.93, 1.02]].map(([streamGBs, attentionGBs, readGBs]) => ({ streamGBs, attentionGBs, readGBs })) as never,
  }),
  calibration: () => ({ ...common, kind: 'calibration', ratio: 4.8, low: 0.024, high: 0.005, prompts: 5, keepKeysExact: true }),
  store: () => ({ ...common, kind: 'store', tokens: 4096, rows: [score('f32', 'f32', 0, 524_288), score('int4', 'int4', 0.5, 73_728)] }),
}; // prettier-ignore

/** In the scenario `slow` a measurement goes on until it is cancelled; in `lost` the second one loses its device; in `full` none fits; in `crash` the worker dies of it. */
export function fakeMeasure(scenario: string): MeasureApi {
  let cancel: (() => void) | null = null;
  let count = 0;
  return {
    measure: async ({ what }, onProgress) => {
      if (scenario === 'reference') throw new Error('this browser has no WebGPU: there is no adapter to measure');
      onProgress({ stage: 'recorded', done: 1, total: 4 });
      count++;
      if (scenario === 'lost' && count === 2) throw Object.assign(new Error('the graphics device was lost while measuring (driver reset)'), { name: DEVICE_LOST }); // prettier-ignore
      if (scenario === 'full') throw new Error('K of 4 x 2048 tokens takes 4194304 bytes, and SwiftShader binds at most 1048576: take fewer sequences or a shorter context'); // prettier-ignore
      if (scenario === 'crash') setTimeout(() => { throw new Error('out of memory'); }, 50); // prettier-ignore
      if (scenario === 'crash') await new Promise(() => undefined);
      if (scenario === 'slow') await new Promise<void>((_, reject) => (cancel = () => reject(new Error('cancelled'))));
      return results[what.kind]();
    },
    cancelMeasurement: () => {
      cancel?.();
      return Promise.resolve();
    },
  };
}
