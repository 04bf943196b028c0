/** How fast decode attention reads its cache on an adapter. Spec: attention-and-kv 8.2; bytes are K and V read once. */
import type { DeviceTraits, KernelProgram, Operand } from '@/engine/kernel';
import { attentionCached } from '@/engine/kernels/decode';
import { bestTime, timed } from '@/engine/probe';
import { keySplits } from '@/graph';

export interface AttentionShape {
  readonly batch: number;
  readonly heads: number;
  readonly headDim: number;
  /** Tokens in the cache of every sequence, all of them read. */
  readonly context: number;
}

export interface AttentionTime {
  readonly ms: number;
  /** Bytes of K and V. */
  readonly bytes: number;
  readonly gbs: number;
  readonly programs: readonly KernelProgram[];
}

/** Regions of the kernels' operands, in the order of the buffers that `attentionBuffers` makes. */
export const REGION = { q: 0, k: 1, v: 2, positions: 3, parts: 4, out: 5 } as const;

const operand = (region: number, shape: readonly number[], dtype: Operand['dtype'] = 'f32'): Operand => ({
  region, offset: 0, rowStride: shape[shape.length - 1]!, shape, dtype, access: 'read_write',
}); // prettier-ignore

/** The kernels of one query a sequence against a full cache, in dispatch order. */
export function attentionPrograms(
  { batch, heads, headDim, context }: AttentionShape,
  traits: DeviceTraits,
): KernelProgram[] {
  const width = heads * headDim;
  const splits = keySplits(batch * heads, context);
  const args = {
    label: 'decode attention', nHead: heads, scale: 1 / Math.sqrt(headDim), splits, batch, rows: 1, capacity: context,
    headDim, headDimV: headDim,
    q: operand(REGION.q, [batch, 1, width]),
    k: operand(REGION.k, [batch, context, width]),
    v: operand(REGION.v, [batch, context, width]),
    positions: operand(REGION.positions, [batch], 'u32'),
    parts: operand(REGION.parts, [batch * heads * splits, 4 * (Math.ceil(headDim / 4) + 1)]),
    out: operand(REGION.out, [batch, 1, width]),
  }; // prettier-ignore
  return attentionCached.map((family) => family.build(args, family.variants(args, traits)[0]!));
}

/** Values in [-1, 1): zeros would let a driver or a CPU adapter look faster than it is. */
export function noise(elements: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length: elements }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function attentionBuffers(device: GPUDevice, { batch, heads, headDim, context }: AttentionShape): GPUBuffer[] {
  const width = heads * headDim;
  const splits = keySplits(batch * heads, context);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const of = (data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): GPUBuffer => {
    const buffer = device.createBuffer({ size: Math.max(16, Math.ceil(data.byteLength / 16) * 16), usage });
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  return [
    of(noise(batch * width, 1)),
    of(noise(batch * context * width, 2)),
    of(noise(batch * context * width, 3)),
    of(new Uint32Array(batch).fill(context - 1)),
    of(new Float32Array(batch * heads * splits * 4 * (Math.ceil(headDim / 4) + 1))),
    of(new Float32Array(batch * width)),
  ];
}

/** Best of several samples, each of enough dispatches to outlast the clock; both kernels. */
export async function measureAttention(
  device: GPUDevice,
  shape: AttentionShape,
  traits: DeviceTraits,
): Promise<AttentionTime> {
  const buffers = attentionBuffers(device, shape);
  const programs = attentionPrograms(shape, traits);
  let ms = 0;
  for (const { code, regions, workgroups } of programs)
    ms += await bestTime(await timed(device, { code, buffers: regions.map((r) => buffers[r]!), workgroups }));
  for (const buffer of buffers) buffer.destroy();
  const bytes = 2 * 4 * shape.batch * shape.context * shape.heads * shape.headDim;
  return { ms, bytes, gbs: bytes / (1e6 * ms), programs };
}
