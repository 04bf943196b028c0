/** Loss through a store against the f64 training graph; invariant 33 of the attention specification. */
import { describe, expect, it } from 'vitest';
import { ReferenceDecoder } from '@/decode/backend-reference';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { type Calibration, calibrationRatio } from '@/decode/calibration';
import { scoreStore } from '@/decode/score';
import { F32_FORMAT, type KvDtype } from '@/graph';
import { testEngine } from '../support/experiment';
import { IDS, type SmallModel, smallModel } from '../support/model';

const weightsOf = (m: SmallModel) =>
  new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.of(p.name)) }]));

describe('scoreStore', () => {
  it('f32 equals the training graph; int8 stays near; int4 moves it more; bytes come from the allocation', async () => {
    const m = smallModel({}, { nEmbd: 32, nHead: 2 });
    m.run();
    const exact = m.values.get(m.model.loss.id)![0]!;
    const batch = {
      ids: Uint32Array.from(IDS),
      targets: Int32Array.from(IDS.map((t) => (t + 3) % 11)),
      lossScale: 1 / 14,
    };
    const engine = await testEngine();
    const score = (dtype: KvDtype) => {
      const format = { ...F32_FORMAT, dtype };
      const store = { k: format, v: format, fused: true, preBiasK: false };
      return scoreStore(engine, m.model.config, [2, 7], store, weightsOf(m), [batch, batch]);
    };
    const [f32, int8, int4] = [await score('f32'), await score('int8'), await score('int4')];
    expect(Math.abs(f32.loss - exact)).toBeLessThan(1e-5);
    expect(Math.abs(int8.loss - exact)).toBeLessThan(0.05);
    expect(Math.abs(int8.loss - exact)).toBeGreaterThan(1e-7);
    expect(Math.abs(int4.loss - exact)).toBeGreaterThan(Math.abs(int8.loss - exact));
    // 4 caches of 2 x 7 rows: 32 floats, or 8 words and one of scales, or 4 and one; each rounded up to 256 bytes.
    const bytes = (words: number): number => 4 * 256 * Math.ceil((4 * 14 * words) / 256);
    expect([f32.cacheBytes, int8.cacheBytes, int4.cacheBytes]).toEqual([bytes(32), bytes(9), bytes(5)]);
  });
});

describe.each(['reference', 'webgpu'])('33: the calibration ratio, %s', (kind) => {
  const calibrated = async (scale = 1, widths?: readonly [number, number]): Promise<Calibration> => {
    const m = smallModel({}, { nEmbd: 32, nHead: 2, weightTying: false });
    const weights = weightsOf(m);
    weights.get('lm_head.weight')!.data.forEach((x, i, all) => (all[i] = x * scale));
    const shape = { batch: 1, chunk: 4, capacity: 7 };
    const backend =
      kind === 'reference'
        ? new ReferenceDecoder(m.model.config, shape)
        : await WebGpuDecoder.create(await testEngine(), m.model.config, shape);
    backend.load(weights);
    const found = await calibrationRatio(backend, [IDS.slice(0, 7), IDS.slice(7)], widths);
    backend.destroy();
    return found;
  };

  it('is 1 for equal widths, above 1 for fewer bits, and blind to a constant factor of the logits', async () => {
    expect((await calibrated(1, [6, 6])).ratio).toBe(1);
    const { ratio, low, high } = await calibrated();
    expect(ratio).toBeGreaterThan(1);
    expect(ratio).toBeCloseTo(low / high, 12);
    expect((await calibrated(8)).ratio).toBeCloseTo(ratio, 5); // 8: exact in f32
  });
});
