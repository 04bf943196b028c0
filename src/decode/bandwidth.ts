/** How fast decode attention reads its cache on an adapter. Spec: attention-and-kv 8.2; bytes are K and V read once. */
import { tunedPlan } from '@/engine/autotune';
import { DeviceError, type EngineDevice } from '@/engine/device';
import type { DeviceTraits, KernelProgram, Operand } from '@/engine/kernel';
import { attentionCached, cachedAttentionKey, combineArgs } from '@/engine/kernels/attention-cached';
import { cacheUnpack } from '@/engine/kernels/decode';
import type { PackedOperand } from '@/engine/kernels/kv-rows';
import { noise } from '@/engine/noise';
import { type Dispatch, type ExecutionPlan, dispatchOf } from '@/engine/plan';
import { type TimedRun, timed } from '@/engine/probe';
import type { Tuning } from '@/engine/tuning';
import { F32_FORMAT, type KvFormat, keySplits, packRow, packedWords } from '@/graph';

export interface AttentionShape {
  readonly batch: number;
  readonly heads: number;
  readonly headDim: number;
  /** Tokens in the cache of every sequence, all of them read. */
  readonly context: number;
}

/** How K and V are stored and read; absent: f32. */
export interface AttentionForm {
  readonly k: KvFormat;
  readonly v: KvFormat;
  readonly fused: boolean;
}

export const F32_FORM: AttentionForm = { k: F32_FORMAT, v: F32_FORMAT, fused: true };

/** Regions of the kernels' operands, in the order of the buffers that `attentionBuffers` makes. */
export const REGION = { q: 0, k: 1, v: 2, positions: 3, parts: 4, out: 5, packedK: 6, packedV: 7 } as const;

const operand = (region: number, shape: readonly number[], dtype: Operand['dtype'] = 'f32'): Operand => ({
  region, offset: 0, rowStride: shape[shape.length - 1]!, shape, dtype, access: 'read_write',
}); // prettier-ignore

/** Words of a stored row, as allocated. */
const rowWords = (format: KvFormat, width: number): number =>
  format.dtype === 'f32' ? width : packedWords(format, width).total;

/** Bytes of every region; those that a form does not bind are as small as a buffer can be. */
function regionBytes({ batch, heads, headDim, context }: AttentionShape, { k, v, fused }: AttentionForm): number[] {
  const width = heads * headDim;
  const stored = (words: number): number => Math.max(16, 16 * Math.ceil((batch * context * words) / 4));
  const plain = (format: KvFormat): number => (format.dtype === 'f32' || !fused ? stored(width) : 16);
  const packed = (format: KvFormat): number => (format.dtype === 'f32' ? 16 : stored(rowWords(format, width)));
  const bytes: Record<keyof typeof REGION, number> = {
    q: 4 * batch * width, k: plain(k), v: plain(v), positions: 16 * Math.ceil(batch / 4),
    parts: 16 * batch * heads * keySplits(batch * heads, context) * (Math.ceil(headDim / 4) + 1), out: 4 * batch * width,
    packedK: packed(k), packedV: packed(v),
  }; // prettier-ignore
  return (Object.keys(REGION) as (keyof typeof REGION)[]).map((name) => bytes[name]);
}

/** The dispatches of one query a sequence against a full cache, and the regions that they bind, as a plan has them. */
export function attentionPlan(
  shape: AttentionShape,
  traits: DeviceTraits,
  form: AttentionForm = F32_FORM,
  choice?: (key: string) => string | undefined,
): Pick<ExecutionPlan, 'regions' | 'sequences'> {
  const { batch, heads, headDim, context } = shape;
  const { k, v, fused } = form;
  const width = heads * headDim;
  const room = keySplits(batch * heads, context);
  const rows = (region: number): Operand => operand(region, [batch, context, width]);
  const packed = (format: KvFormat, region: number): PackedOperand | null =>
    format.dtype === 'f32'
      ? null
      : { cache: operand(region, [batch, context, rowWords(format, width)], 'u32'), format, width, column: 0 };
  const [packedK, packedV] = [packed(k, REGION.packedK), packed(v, REGION.packedV)];
  const args = {
    label: 'decode attention', nHead: heads, nKvHead: heads, scale: 1 / Math.sqrt(headDim), room, batch, rows: 1, capacity: context,
    headDim, headDimV: headDim, q: operand(REGION.q, [batch, 1, width]), k: rows(REGION.k), v: rows(REGION.v),
    packedK: fused ? packedK : null, packedV: fused ? packedV : null, positions: operand(REGION.positions, [batch], 'u32'),
    parts: operand(REGION.parts, [batch * heads * room, 4 * (Math.ceil(headDim / 4) + 1)]),
    out: operand(REGION.out, [batch, 1, width]),
  }; // prettier-ignore
  const unpack = (source: PackedOperand | null, region: number): Dispatch[] =>
    source && !fused
      ? [dispatchOf(cacheUnpack, { label: 'unpack', packed: source, y: rows(region) }, traits, '', '')]
      : [];
  const [split, combine] = attentionCached;
  const first = dispatchOf(split, args, traits, '', cachedAttentionKey(args), choice);
  const second = dispatchOf(combine, combineArgs(args, traits, first.program), traits, '', '');
  const sequence = [...unpack(packedK, REGION.k), ...unpack(packedV, REGION.v), first, second];
  const regions = regionBytes(shape, form).map((bytes) => ({ buffer: 'activations' as const, offset: 0, bytes }));
  return { regions, sequences: { attention: sequence } };
}

/** Throws DeviceError where a stored K or V is larger than a buffer of this device, before anything is allocated. */
function checkFits({ device, adapter }: EngineDevice, shape: AttentionShape, form: AttentionForm): void {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  const bytes = Math.max(...regionBytes(shape, form));
  if (bytes > limit)
    throw new DeviceError(
      'out-of-memory',
      `K of ${shape.batch} x ${shape.context} tokens takes ${bytes} bytes, and ${adapter.description || 'the adapter'} binds at most ${limit}: take fewer sequences or a shorter context`,
    );
}

/** The kernels that this device should run, measured first where `tuning` says so. */
async function attentionPrograms(
  engine: EngineDevice,
  shape: AttentionShape,
  form: AttentionForm,
  tuning: Tuning | undefined,
): Promise<readonly KernelProgram[]> {
  checkFits(engine, shape, form);
  const make = (choice?: (key: string) => string | undefined) => attentionPlan(shape, engine.traits, form, choice);
  const plan = tuning ? await tunedPlan(engine, make, (made) => made, tuning) : make();
  const programs = plan.sequences.attention!.map(({ program }) => program);
  engine.dispatched?.(programs);
  return programs;
}

/** 64 distinct rows of noise, repeated: packing millions of rows on the CPU would take longer than measuring them. */
function packedRows(rows: number, width: number, format: KvFormat, seed: number): Uint32Array<ArrayBuffer> {
  const words = rowWords(format, width);
  const block = Math.min(64, rows);
  const values = Float64Array.from(noise(block * width, seed));
  const out = new Uint32Array(rows * words);
  for (let r = 0; r < block; r++) packRow(values, r * width, width, format, out, r * words);
  for (let r = block; r < rows; r++) out.copyWithin(r * words, (r % block) * words, ((r % block) + 1) * words);
  return out;
}

/** Buffers of every region that the programs of a form bind; `bytes` are those of the stored K and V. */
async function attentionBuffers(
  device: GPUDevice,
  { batch, heads, headDim, context }: AttentionShape,
  { k, v, fused }: AttentionForm,
): Promise<{ readonly buffers: ReadonlyMap<number, GPUBuffer>; readonly bytes: number }> {
  const width = heads * headDim;
  const room = keySplits(batch * heads, context);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffers = new Map<number, GPUBuffer>();
  const put = (region: number, data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): number => {
    const buffer = device.createBuffer({ size: Math.max(16, Math.ceil(data.byteLength / 16) * 16), usage });
    device.queue.writeBuffer(buffer, 0, data);
    buffers.set(region, buffer);
    return buffer.size;
  };
  device.pushErrorScope('out-of-memory');
  put(REGION.q, noise(batch * width, 1));
  put(REGION.positions, new Uint32Array(batch).fill(context - 1));
  put(REGION.parts, new Float32Array(batch * heads * room * 4 * (Math.ceil(headDim / 4) + 1)));
  put(REGION.out, new Float32Array(batch * width));
  const stored = (format: KvFormat, plain: number, packed: number, seed: number): number => {
    if (format.dtype === 'f32') return put(plain, noise(batch * context * width, seed));
    if (!fused) put(plain, new Float32Array(batch * context * width));
    return put(packed, packedRows(batch * context, width, format, seed));
  };
  const bytes = stored(k, REGION.k, REGION.packedK, 2) + stored(v, REGION.v, REGION.packedV, 3);
  const refused = await device.popErrorScope();
  if (refused) {
    for (const buffer of buffers.values()) buffer.destroy();
    throw new DeviceError(
      'out-of-memory',
      `the device has no room for ${bytes} bytes of K and V: ${refused.message || 'take fewer sequences or a shorter context'}`,
    );
  }
  return { buffers, bytes };
}

/** An attention that can be timed; it holds its buffers until `destroy`. */
export interface PreparedAttention {
  /** All its kernels, in order. */
  readonly run: TimedRun;
  /** Bytes of K and V as stored, from their buffers. */
  readonly bytes: number;
  readonly programs: readonly KernelProgram[];
  /** By region, those that the kernels bind. */
  readonly buffers: ReadonlyMap<number, GPUBuffer>;
  destroy(): void;
}

/** Throws DeviceError where K or V does not fit. */
export async function prepareAttention(
  engine: EngineDevice,
  shape: AttentionShape,
  form: AttentionForm = F32_FORM,
  tuning: Tuning | undefined = engine.tuning,
): Promise<PreparedAttention> {
  const programs = await attentionPrograms(engine, shape, form, tuning);
  const { buffers, bytes } = await attentionBuffers(engine.device, shape, form);
  const destroy = (): void => {
    for (const buffer of buffers.values()) buffer.destroy();
  };
  const kernels = programs.map(({ code, regions, workgroups }) => ({
    code,
    buffers: regions.map((r) => buffers.get(r)!),
    workgroups,
  }));
  try {
    return { run: await timed(engine.device, ...kernels), bytes, programs, buffers, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

/** Variant of the kernel that reads the cache. */
export function attentionVariant(programs: readonly KernelProgram[]): string {
  const found = programs.find(({ family }) => family === 'attention_cached');
  if (!found) throw new Error('no attention among these kernels');
  return found.variant;
}
