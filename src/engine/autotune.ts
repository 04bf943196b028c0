/**
 * Kernel choice by measurement. For every shape class of a plan each variant is run on noise, compared with the slow twin
 * (the last variant) and timed; the fastest that agrees wins and is cached by adapter and class. Variants agree bit for bit
 * by contract (kernel.ts), so the choice changes speed and never a result; a variant that does not agree is never used.
 */
import type { AdapterDescription, EngineDevice } from './device';
import { compile } from './executor';
import type { KernelProgram } from './kernel';
import { noise } from './noise';
import type { ExecutionPlan, Tunable } from './plan';
import { readBuffer } from './readback';

/** Winners by key; kept in a file by the terminal and in IndexedDB by the page. */
export interface TuneCache {
  get(key: string): string | undefined;
  set(key: string, variant: string): void;
}

export interface TuneResult {
  readonly key: string;
  readonly winner: string;
  readonly candidates: readonly { readonly variant: string; readonly ms: number | null; readonly note: string }[];
}

const REPEATS = 3;

export const adapterKey = ({ vendor, architecture, device, description }: AdapterDescription): string =>
  [vendor, architecture, device, description].filter(Boolean).join(' ');

/** The variant for a shape class on this adapter, if one was measured. */
export const cachedChoice =
  (cache: TuneCache, adapter: AdapterDescription) =>
  (key: string): string | undefined =>
    cache.get(`${adapterKey(adapter)}|${key}`);

/** Buffers of noise for the regions of one kernel. */
export class Bench {
  readonly #buffers = new Map<number, GPUBuffer>();
  readonly #noise: Float32Array<ArrayBuffer>;

  constructor(
    readonly device: GPUDevice,
    readonly plan: ExecutionPlan,
    regions: Iterable<number>,
  ) {
    const largest = Math.max(...[...regions].map((r) => plan.regions[r]!.bytes));
    this.#noise = noise(Math.ceil(largest / 16) * 4, 1);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    for (const region of regions)
      this.#buffers.set(region, device.createBuffer({ size: Math.ceil(plan.regions[region]!.bytes / 16) * 16, usage }));
    this.reset();
  }

  reset(): void {
    for (const buffer of this.#buffers.values())
      this.device.queue.writeBuffer(buffer, 0, this.#noise, 0, buffer.size / 4);
  }

  /** Compiles; returns a function that runs the program n times and resolves with the milliseconds. */
  async prepare(program: KernelProgram): Promise<(n: number) => Promise<number>> {
    const layout = this.device.createBindGroupLayout({
      entries: program.access.map((access, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
      })),
    });
    const pipeline = await compile(this.device, program, layout, layout);
    const group = this.device.createBindGroup({
      layout,
      entries: program.regions.map((region, binding) => ({
        binding,
        resource: { buffer: this.#buffers.get(region)! },
      })),
    });
    return async (n) => {
      const encoder = this.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < n; i++) pass.dispatchWorkgroups(...program.workgroups);
      pass.end();
      const at = performance.now();
      this.device.queue.submit([encoder.finish()]);
      await this.device.queue.onSubmittedWorkDone();
      return performance.now() - at;
    };
  }

  /** Contents of every written region, as one digestible list of words. */
  async outputs(program: KernelProgram): Promise<Uint32Array[]> {
    const written = program.regions.filter((_, i) => program.access[i] === 'read_write');
    return Promise.all(
      written.map(
        async (region) =>
          new Uint32Array(
            await readBuffer(this.device, this.#buffers.get(region)!, 0, this.plan.regions[region]!.bytes),
          ),
      ),
    );
  }

  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
  }
}

const equal = (a: readonly Uint32Array[], b: readonly Uint32Array[]): boolean =>
  a.length === b.length && a.every((words, i) => words.every((word, j) => word === b[i]![j]));

async function tuneOne(device: GPUDevice, plan: ExecutionPlan, tunable: Tunable): Promise<TuneResult> {
  const twinName = tunable.variants[tunable.variants.length - 1]!;
  const twin = tunable.build(twinName);
  const bench = new Bench(device, plan, twin.regions);
  try {
    await (
      await bench.prepare(twin)
    )(1);
    const expected = await bench.outputs(twin);
    const candidates: { variant: string; ms: number | null; note: string }[] = [];
    for (const variant of tunable.variants) {
      const program = tunable.build(variant);
      bench.reset();
      const run = await bench.prepare(program);
      await run(1);
      if (!equal(await bench.outputs(program), expected)) {
        candidates.push({ variant, ms: null, note: `differs from ${twinName}: not used` });
        continue;
      }
      let n = 1;
      let ms = await run(1);
      if (ms < 5) {
        n = Math.min(64, Math.ceil(10 / Math.max(ms, 0.1)));
        ms = (await run(n)) / n;
      }
      for (let i = 1; i < REPEATS; i++) ms = Math.min(ms, (await run(n)) / n);
      candidates.push({ variant, ms, note: '' });
    }
    const timed = candidates.filter((c) => c.ms !== null).sort((a, b) => a.ms! - b.ms!);
    return { key: tunable.key, winner: timed[0]?.variant ?? twinName, candidates };
  } finally {
    bench.destroy();
  }
}

/** Measures every shape class of the plan that the cache does not know yet. Can be cancelled between classes. */
export async function autotune(
  { device, adapter }: EngineDevice,
  plan: ExecutionPlan,
  cache: TuneCache,
  onProgress?: (stage: string, done: number, total: number) => void,
  cancelled: () => boolean = () => false,
): Promise<readonly TuneResult[]> {
  const known = cachedChoice(cache, adapter);
  const open = new Map<string, Tunable>();
  for (const { tune } of Object.values(plan.sequences).flat())
    if (tune && known(tune.key) === undefined) open.set(tune.key, tune);
  const results: TuneResult[] = [];
  for (const tunable of open.values()) {
    if (cancelled()) break;
    onProgress?.('measuring kernels', results.length, open.size);
    const result = await tuneOne(device, plan, tunable);
    cache.set(`${adapterKey(adapter)}|${tunable.key}`, result.winner);
    results.push(result);
  }
  return results;
}
