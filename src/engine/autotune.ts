/**
 * Kernel choice by measurement. For every shape class of a plan each variant is run on noise, compared with the slow twin
 * (the last variant) and timed; the fastest that agrees wins and is cached by adapter and class. Variants agree bit for bit
 * by contract (kernel.ts), so the choice changes speed and never a result, or within a bound that the family names; a variant
 * that does not agree is never used.
 */
import type { AdapterDescription, EngineDevice } from './device';
import { compile } from './executor';
import type { Judged, KernelProgram } from './kernel';
import { noise } from './noise';
import type { ExecutionPlan, Tunable } from './plan';
import { readBuffer } from './readback';
import { relativeError } from './relative-error';
import type { TuneCache, Tuning } from './tuning';

export type { TuneCache } from './tuning';

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

/** What a comparison needs of a plan. */
type Measurable = Pick<ExecutionPlan, 'regions' | 'sequences'>;

/** Buffers of noise for the regions of one kernel. */
export class Bench {
  readonly #buffers = new Map<number, GPUBuffer>();
  readonly #noise: Float32Array<ArrayBuffer>;

  constructor(
    readonly device: GPUDevice,
    readonly plan: Pick<ExecutionPlan, 'regions'>,
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

  async #bind(program: KernelProgram) {
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
    return { pipeline, group, workgroups: program.workgroups };
  }

  /** Compiles; returns a function that runs the programs, in order, n times and resolves with the milliseconds. */
  async prepare(...programs: readonly KernelProgram[]): Promise<(n: number) => Promise<number>> {
    const bound = await Promise.all(programs.map((program) => this.#bind(program)));
    return async (n) => {
      const encoder = this.device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (let i = 0; i < n; i++)
        for (const { pipeline, group, workgroups } of bound) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          pass.dispatchWorkgroups(...workgroups);
        }
      pass.end();
      const at = performance.now();
      this.device.queue.submit([encoder.finish()]);
      await this.device.queue.onSubmittedWorkDone();
      return performance.now() - at;
    };
  }

  /** Contents of every written region, or of the one that is judged. */
  async outputs(program: KernelProgram, judged: Judged | null): Promise<Uint32Array[]> {
    const written = program.regions.filter((_, i) => program.access[i] === 'read_write');
    return Promise.all(
      (judged ? [judged.region] : written).map(
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

/** Everything that a comparison of variants binds. */
export const benchRegions = (twin: KernelProgram, judged: Judged | null): Set<number> =>
  new Set([twin, ...(judged?.followers ?? [])].flatMap((program) => program.regions));

const floats = (arrays: readonly Uint32Array[]): Float32Array[] =>
  arrays.map((words) => new Float32Array(words.buffer, words.byteOffset, words.length));

/** A NaN is never within. */
const agrees = (judged: Judged | null, a: readonly Uint32Array[], b: readonly Uint32Array[]): boolean =>
  judged ? relativeError(floats(a), floats(b)) <= judged.within : equal(a, b);

/** Variants take turns, so that a slow moment of the machine meets them all. */
interface Sampled {
  readonly run: (n: number) => Promise<number>;
  readonly n: number;
  ms: number;
}

async function tuneOne(device: GPUDevice, plan: Measurable, tunable: Tunable): Promise<TuneResult> {
  const twinName = tunable.variants[tunable.variants.length - 1]!;
  const twin = tunable.build(twinName);
  const { judged } = tunable;
  const followers = judged?.followers ?? [];
  const bench = new Bench(device, plan, benchRegions(twin, judged));
  try {
    await (
      await bench.prepare(twin, ...followers)
    )(1);
    const expected = await bench.outputs(twin, judged);
    const runs = new Map<string, Sampled>();
    for (const variant of tunable.variants) {
      const program = tunable.build(variant);
      bench.reset();
      const run = await bench.prepare(program, ...followers);
      await run(1);
      if (!agrees(judged, await bench.outputs(program, judged), expected)) continue;
      const once = await run(1);
      const n = once < 5 ? Math.min(64, Math.ceil(10 / Math.max(once, 0.1))) : 1;
      runs.set(variant, { run, n, ms: once });
    }
    for (let i = 0; i < REPEATS; i++)
      for (const sampled of runs.values())
        sampled.ms = Math.min(sampled.ms, (await sampled.run(sampled.n)) / sampled.n);
    const candidates = tunable.variants.map((variant) => {
      const ms = runs.get(variant)?.ms ?? null;
      return { variant, ms, note: ms === null ? `differs from ${twinName}: not used` : '' };
    });
    const timed = candidates.filter((c) => c.ms !== null).sort((a, b) => a.ms! - b.ms!);
    return { key: tunable.key, winner: timed[0]?.variant ?? twinName, candidates };
  } finally {
    bench.destroy();
  }
}

/** Measures every shape class of the plan, or those of `families`, that the cache does not know yet. Can be cancelled between classes. */
export async function autotune(
  { device, adapter }: EngineDevice,
  plan: Measurable,
  cache: TuneCache,
  onProgress?: (stage: string, done: number, total: number) => void,
  cancelled: () => boolean = () => false,
  families: readonly string[] | null = null,
): Promise<readonly TuneResult[]> {
  const known = cachedChoice(cache, adapter);
  const open = new Map<string, Tunable>();
  for (const { tune } of Object.values(plan.sequences).flat())
    if (tune && known(tune.key) === undefined && (families?.includes(tune.family) ?? true)) open.set(tune.key, tune);
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

/**
 * A plan with the best variants that are known, or that may be measured first. `make` is called again where something was measured.
 */
export async function tunedPlan<P>(
  engine: EngineDevice,
  make: (choice: (key: string) => string | undefined) => P,
  planOf: (made: P) => Measurable,
  { cache, measure }: Tuning,
  onProgress?: (stage: string, done: number, total: number) => void,
): Promise<P> {
  const choice = cachedChoice(cache, engine.adapter);
  const made = make(choice);
  if (measure === false) return made;
  const families = measure === true ? null : measure;
  const results = await autotune(engine, planOf(made), cache, onProgress, () => false, families);
  return results.length > 0 ? make(choice) : made;
}
