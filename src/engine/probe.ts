/**
 * The measured roof of an adapter. FMA: the best of 1 to 8 independent vec4 chains an invocation, with `fma` and with
 * multiply and add; each sample lasts at least SAMPLE_MS. Bandwidth: a copy of a buffer that no cache holds, bytes read
 * plus bytes written.
 */
import fmaSource from '@shaders/probe/fma.wgsl?raw';
import copySource from '@shaders/probe/copy.wgsl?raw';
import readSource from '@shaders/probe/read.wgsl?raw';
import { expandTemplate } from './wgsl';

export interface Roof {
  /** Best sustained rate, GFLOP/s (a multiply-add counts 2). */
  readonly fmaGflops: number;
  /** The rate of one dependent chain a invocation: what naive probes report. */
  readonly fmaSingleChainGflops: number;
  /** Stream copy, GB/s read + written. */
  readonly bandwidthGBs: number;
}

/** A sample lasts at least this long where nothing else is asked for. */
export const SAMPLE_MS = 60;
const REPEATS = 3;

export interface Kernel {
  readonly code: string;
  readonly buffers: readonly GPUBuffer[];
  readonly workgroups: readonly [number, number, number];
}

/** Runs its kernels `n` times in one submit and resolves with the milliseconds until the queue is empty. */
export type TimedRun = (n: number) => Promise<number>;

/** Compiles kernels that belong together; a run dispatches them in order, `n` times over. */
export async function timed(device: GPUDevice, ...kernels: readonly Kernel[]): Promise<TimedRun> {
  const bound = await Promise.all(
    kernels.map(async ({ code, buffers, workgroups }) => {
      const module = device.createShaderModule({ code });
      const pipeline = await device.createComputePipelineAsync({
        layout: 'auto',
        compute: { module, entryPoint: 'main' },
      });
      const group = device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
      return { pipeline, group, workgroups };
    }),
  );
  return async (n) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < n; i++)
      for (const { pipeline, group, workgroups } of bound) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...workgroups);
      }
    pass.end();
    const at = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - at;
  };
}

/** Runs a sample needs to last `sampleMs`. The first run, which includes the driver's own warm-up, does not count. */
export async function repeatsFor(run: TimedRun, sampleMs = SAMPLE_MS): Promise<number> {
  let n = 1;
  let ms = await run(n);
  ms = await run(n);
  while (ms < sampleMs && n < 1 << 16) {
    n = Math.max(n + 1, Math.min(8 * n, Math.ceil((1.3 * sampleMs * n) / Math.max(ms, 0.05))));
    ms = await run(n);
  }
  return n;
}

/** The best of REPEATS samples: milliseconds of one run, and the runs of a sample, which lasts at least `sampleMs`. */
export async function bestSample(run: TimedRun, sampleMs = SAMPLE_MS): Promise<{ ms: number; repeats: number }> {
  const repeats = await repeatsFor(run, sampleMs);
  let ms = Infinity;
  for (let i = 0; i < REPEATS; i++) ms = Math.min(ms, (await run(repeats)) / repeats);
  return { ms, repeats };
}

/** Milliseconds of one run: repeated until a sample lasts `sampleMs`, the best of REPEATS samples. */
export const bestTime = async (run: TimedRun, sampleMs = SAMPLE_MS): Promise<number> =>
  (await bestSample(run, sampleMs)).ms;

export async function measureFma(device: GPUDevice, software: boolean): Promise<{ peak: number; singleChain: number }> {
  const invocations = software ? 4096 : 1 << 19;
  const iterations = software ? 500 : 256;
  const buffer = device.createBuffer({ size: 32 * invocations, usage: GPUBufferUsage.STORAGE });
  let peak = 0;
  let singleChain = 0;
  for (const [chains, fused] of [
    [1, 0],
    [2, 1],
    [4, 1],
    [8, 1],
  ] as const) {
    const rest = Array.from({ length: chains - 1 }, (_, i) => ` + acc_${i + 1}`).join('');
    const code = expandTemplate(fmaSource, {
      WG: 64,
      N: invocations,
      CHAINS: chains,
      ITERATIONS: iterations,
      REST: rest,
      FUSED: fused,
    });
    const ms = await bestTime(await timed(device, { code, buffers: [buffer], workgroups: [invocations / 64, 1, 1] }));
    const gflops = (invocations * iterations * 4 * chains * 8) / ms / 1e6;
    if (chains === 1) singleChain = gflops;
    peak = Math.max(peak, gflops);
  }
  buffer.destroy();
  return { peak, singleChain };
}

/** The stream copy from one buffer to another of the same size, a whole number of vec4. */
export function streamCopy(source: GPUBuffer, target: GPUBuffer, software: boolean): Kernel {
  const vectors = Math.floor(source.size / 16);
  const groups = Math.min(65535, software ? 64 : 16384, Math.ceil(vectors / 64));
  const code = expandTemplate(copySource, { WG: 64, N: vectors, STRIDE: groups * 64 });
  return { code, buffers: [source, target], workgroups: [groups, 1, 1] };
}

/** Both buffers read once and summed; eight vec4 a turn. Their sizes are multiples of 128 bytes. Writes almost nothing. */
export function streamRead(a: GPUBuffer, b: GPUBuffer, software: boolean): Kernel {
  const rows = Math.floor(a.size / 128);
  const groups = Math.min(65535, software ? 64 : 4096, Math.ceil(rows / 64));
  const code = expandTemplate(readSource, { WG: 64, N: rows, PER: Math.ceil(rows / (64 * groups)) });
  return { code, buffers: [a, b], workgroups: [groups, 1, 1] };
}

export async function measureBandwidth(device: GPUDevice, software: boolean): Promise<number> {
  const bytes = Math.min(
    software ? 64 << 20 : 512 << 20,
    device.limits.maxStorageBufferBindingSize,
    device.limits.maxBufferSize,
  );
  const size = 16 * Math.floor(bytes / 16 / 4096) * 4096;
  const usage = GPUBufferUsage.STORAGE;
  const [source, target] = [device.createBuffer({ size, usage }), device.createBuffer({ size, usage })] as const;
  const ms = await bestTime(await timed(device, streamCopy(source, target, software)));
  source.destroy();
  target.destroy();
  return (2 * size) / ms / 1e6;
}

export async function measureRoof(device: GPUDevice, software: boolean): Promise<Roof> {
  const { peak, singleChain } = await measureFma(device, software);
  return { fmaGflops: peak, fmaSingleChainGflops: singleChain, bandwidthGBs: await measureBandwidth(device, software) };
}
