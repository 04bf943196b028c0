/** What each step of optimisation gives a square GEMM on this adapter: naive, vec4 loads, register tiles, subgroup, workgroup memory. */
import naiveSource from '@shaders/probe/gemm_naive.wgsl?raw';
import type { EngineDevice } from './device';
import type { Operand, Variant } from './kernel';
import { gemm } from './kernels/gemm';
import { noise } from './noise';
import { relativeError } from './relative-error';
import { type Kernel, bestTime, timed } from './probe';
import { readBuffer } from './readback';
import { expandTemplate } from './wgsl';

export interface Rung {
  /** What was done, in words. */
  readonly step: string;
  /** Variant of the GEMM family; `naive loop` is the probe's own kernel. */
  readonly variant: string;
  readonly ms: number;
  readonly gflops: number;
  /** Against the naive loop's result: max |difference| / max |result|. */
  readonly error: number;
}

export interface GemmLadder {
  /** Rows, columns and depth. */
  readonly size: number;
  readonly rungs: readonly Rung[];
}

const register = (tm: number, tn: number, wx: number, wy: number): Variant => ({
  name: `register-${tm}x${tn}-${wx}x${wy}`,
  params: { TM: tm, TN: tn, WX: wx, WY: wy },
});

/** From the least to the most worked. Those that the device cannot run are left out. */
function rungsFor({ traits }: EngineDevice): readonly (readonly [step: string, variant: Variant])[] {
  const { subgroupSize, maxWorkgroupStorage, maxInvocations } = traits;
  const staged = { name: 'workgroup-64x64x32-16x16', params: { TM: 4, TN: 4, WX: 16, WY: 16, KB: 32 } };
  return [
    ['a row of four columns, vec4 loads', register(1, 4, 8, 8)],
    ['register tile 4 x 4', register(4, 4, 8, 8)],
    ['register tile 8 x 8', register(8, 8, 8, 2)],
    ['register tile 16 x 16', register(16, 16, 8, 2)],
    ...(maxWorkgroupStorage >= 16384 && maxInvocations >= 256
      ? [['tiles staged in workgroup memory', staged] as const]
      : []),
    ...(subgroupSize === 4
      ? [['tile of a four-lane subgroup', { name: 'subgroup4-16x64', params: { TM: 16, TN: 16, WX: 1, WY: 2, LANES: 4 } }] as const] // prettier-ignore
      : []),
  ];
}

/** Side of the matrices: seconds on a CPU, enough work for a GPU. */
const sizeFor = (software: boolean): number => (software ? 256 : 1024);

/** Times every rung on the same noise. `onRung` counts them. */
export async function gemmLadder(
  engine: EngineDevice,
  onRung: (done: number, total: number) => void = () => undefined,
  sampleMs?: number,
): Promise<GemmLadder> {
  const { device, traits } = engine;
  const size = sizeFor(traits.software);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const buffers = [0, 1, 2].map(() => device.createBuffer({ size: 4 * size * size, usage }));
  for (const [i, buffer] of buffers.entries()) device.queue.writeBuffer(buffer, 0, noise(size * size, i + 1));
  const operand = (region: number): Operand => ({
    region, offset: 0, rowStride: size, shape: [size, size], dtype: 'f32', access: region < 2 ? 'read' : 'read_write',
  }); // prettier-ignore
  const args = {
    label: 'gemm ladder', a: operand(0), b: operand(1), c: operand(2), transA: false, transB: false, m: size, n: size,
    k: size, splitK: 1,
  }; // prettier-ignore
  const naive: Kernel = {
    code: expandTemplate(naiveSource, { N: size }),
    buffers,
    workgroups: [Math.ceil(size / 8), Math.ceil(size / 8), 1],
  };
  const kernels: (readonly [string, string, Kernel])[] = [['a loop an element', 'naive loop', naive]];
  for (const [step, variant] of rungsFor(engine)) {
    const { code, regions, workgroups } = gemm.build(args, variant);
    kernels.push([step, variant.name, { code, buffers: regions.map((r) => buffers[r]!), workgroups }]);
  }
  const rungs: Rung[] = [];
  let expected: Float32Array | null = null;
  try {
    for (const [step, variant, kernel] of kernels) {
      onRung(rungs.length, kernels.length);
      const run = await timed(device, kernel);
      const ms = await bestTime(run, sampleMs);
      const result = new Float32Array(await readBuffer(device, buffers[2]!, 0, 4 * size * size));
      expected ??= result;
      rungs.push({ step, variant, ms, gflops: (2 * size ** 3) / ms / 1e6, error: relativeError([result], [expected]) });
    }
    return { size, rungs };
  } finally {
    for (const buffer of buffers) buffer.destroy();
  }
}
