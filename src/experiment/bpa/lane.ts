/**
 * The decode lane: attention of one token against caches of B sequences and T tokens, timed on the adapter. A sample is the mean
 * of enough dispatches that it lasts at least 50 quanta of the clock; every sample is kept. Plain f32 kernel, layers side by
 * side in one dispatch: the lane measures how cache bytes turn into time, not a whole model.
 */
import source from '@shaders/decode/attention_f32.wgsl?raw';
import { noise } from '@/engine/noise';
import { type Kernel, timed } from '@/engine/probe';
import { meanAndStd } from '../manifest/checks-points';
import type { ManifestPoint } from '../manifest/schema';

export interface LaneModel {
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
}

export const LANE = 'decode-f32';
export const LANE_MODEL: LaneModel = { layers: 4, heads: 4, headDim: 32 };

/** 2 L H d 4 bytes. */
export const laneKvBytes = ({ layers, heads, headDim }: LaneModel): number => 2 * layers * heads * headDim * 4;

const GROUP = 64;

export function laneShader(context: number, { headDim }: LaneModel): string {
  if (headDim > GROUP) throw new RangeError(`a head of ${headDim} does not fit the lane's groups of ${GROUP}`);
  const values: Record<string, string> = {
    context: String(context),
    dim: String(headDim),
    group: String(GROUP),
    scale: (1 / Math.sqrt(headDim)).toString(),
  };
  return source.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name]!);
}

export interface LaneBuffers {
  readonly kernel: Kernel;
  readonly q: GPUBuffer;
  readonly k: GPUBuffer;
  readonly v: GPUBuffer;
  readonly out: GPUBuffer;
}

/** Buffers and kernel of one point. Contents are zeros until the caller writes others. */
export function laneBuffers(device: GPUDevice, batch: number, context: number, model: LaneModel): LaneBuffers {
  const rows = model.layers * batch * model.heads * model.headDim;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const make = (elements: number): GPUBuffer => device.createBuffer({ size: 4 * elements, usage });
  const [q, k, v, out] = [make(rows), make(rows * context), make(rows * context), make(rows)] as const;
  const kernel: Kernel = {
    code: laneShader(context, model),
    buffers: [q, k, v, out],
    workgroups: [model.heads, batch, model.layers],
  };
  return { kernel, q, k, v, out };
}

export interface LaneOptions {
  readonly device: GPUDevice;
  /** Name of the adapter in records. */
  readonly name: string;
  readonly model: LaneModel;
  readonly warmup: number;
  readonly measured: number;
  readonly quantumNs: number;
  readonly maxBindingBytes: number;
}

/** Measures one point; a failure becomes status "failed", a point that does not fit "skipped", with the reason. */
export async function measurePoint(batch: number, context: number, options: LaneOptions): Promise<ManifestPoint> {
  const { device, name, model, warmup, measured, quantumNs, maxBindingBytes } = options;
  const kvBytesPerToken = laneKvBytes(model);
  const base = {
    device: name,
    lane: LANE,
    batch,
    context,
    warmup,
    measured,
    kvBytesPerToken,
    kvBytes: batch * context * kvBytesPerToken,
  };
  if (base.kvBytes / 2 > maxBindingBytes)
    return {
      ...base,
      status: 'skipped',
      reason: `the keys need ${base.kvBytes / 2} bytes in one binding, the adapter allows ${maxBindingBytes}`,
    };
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  const { kernel, q, k, v, out } = laneBuffers(device, batch, context, model);
  try {
    for (const [buffer, seed] of [[q, 1], [k, 2], [v, 3]] as const) device.queue.writeBuffer(buffer, 0, noise(buffer.size / 4, seed)); // prettier-ignore
    const run = await timed(device, kernel);
    let repeats = 1;
    for (let i = 0; i < warmup; i++) {
      const ms = await run(repeats);
      if (ms * 1e6 < 50 * quantumNs) repeats *= 2;
    }
    const samplesMs: number[] = [];
    for (let i = 0; i < measured; i++) samplesMs.push((await run(repeats)) / repeats);
    const problem = (await device.popErrorScope()) ?? (await device.popErrorScope());
    if (problem) return { ...base, status: 'failed', reason: problem.message.split('\n')[0]!.slice(0, 200) };
    const { mean, std } = meanAndStd(samplesMs);
    return {
      ...base,
      status: 'ok',
      origin: 'measured',
      samplesMs,
      meanMs: mean,
      stdMs: std,
      tokPerS: (1000 * batch) / mean,
      bwGBs: base.kvBytes / (mean * 1e6),
    };
  } finally {
    for (const buffer of [q, k, v, out]) buffer.destroy();
  }
}
