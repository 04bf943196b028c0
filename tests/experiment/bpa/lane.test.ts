/** The decode kernel against attention in f64, and a measured point against the manifest's checks. */
import { beforeAll, describe, expect, it } from 'vitest';
import { timed } from '@/engine/probe';
import { type LaneModel, laneBuffers, laneKvBytes, measurePoint } from '@/experiment/bpa/lane';
import { readManifest } from '@/experiment/manifest/read';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { testDevice } from '../../support/gpu';
import { benchManifest } from '../manifest/sample';

let device: GPUDevice;
beforeAll(async () => {
  device = await testDevice();
});

async function readBack(buffer: GPUBuffer): Promise<Float32Array> {
  const staging = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  return new Float32Array(staging.getMappedRange().slice(0));
}

describe('the decode lane', () => {
  it.each([1, 63, 64, 200])('is softmax attention of one token over %i cached ones', async (context) => {
    const model: LaneModel = { layers: 2, heads: 3, headDim: 32 };
    const batch = 2;
    const { kernel, q, k, v, out } = laneBuffers(device, batch, context, model);
    const rows = model.layers * batch * model.heads;
    let state = 7;
    const values = (n: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: n }, () => ((state = (state * 1103515245 + 12345) & 0x7fffffff) / 2 ** 30 - 1) * 2); // prettier-ignore
    const [qs, ks, vs] = [values(rows * 32), values(rows * context * 32), values(rows * context * 32)];
    device.queue.writeBuffer(q, 0, qs);
    device.queue.writeBuffer(k, 0, ks);
    device.queue.writeBuffer(v, 0, vs);
    await (
      await timed(device, kernel)
    )(1);
    const got = await readBack(out);
    for (let row = 0; row < rows; row++) {
      const scores = Array.from({ length: context }, (_, t) => {
        let s = 0;
        for (let d = 0; d < 32; d++) s += qs[row * 32 + d]! * ks[(row * context + t) * 32 + d]!;
        return s / Math.sqrt(32);
      });
      const top = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - top));
      const total = weights.reduce((a, b) => a + b, 0);
      for (let d = 0; d < 32; d++) {
        const expected = weights.reduce((sum, w, t) => sum + w * vs[(row * context + t) * 32 + d]!, 0) / total;
        expect(Math.abs(got[row * 32 + d]! - expected)).toBeLessThan(2e-5);
      }
    }
  });

  it('a point satisfies the checks of the manifest, and one that does not fit says why', async () => {
    const options = { device, name: 'test', model: { layers: 1, heads: 2, headDim: 32 }, warmup: 2, measured: 4, quantumNs: 100, maxBindingBytes: 1 << 24 }; // prettier-ignore
    const point = await measurePoint(2, 128, options);
    expect(point).toMatchObject({
      status: 'ok',
      samplesMs: { length: 4 },
      kvBytesPerToken: laneKvBytes(options.model),
    });
    const skipped = await measurePoint(64, 65536, options);
    expect(skipped).toMatchObject({ status: 'skipped', reason: expect.stringMatching(/one binding/) as string });
    expect(readManifest(serializeManifest(benchManifest(point, skipped))).findings).toEqual([]);
  });
});
