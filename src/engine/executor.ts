/**
 * Replays a plan on a GPUDevice. All GPU objects are made in `create`; a step afterwards writes one uniform, encodes one
 * compute pass and submits once, creating nothing but the command buffer.
 */
import { DeviceError, type EngineDevice } from './device';
import type { KernelProgram } from './kernel';
import type { Dispatch, ExecutionPlan } from './plan';
import { PassTimer } from './pass-timer';
import { ReadbackRing, readBuffer } from './readback';
import { SCALARS_WGSL, SCALAR_SLOT_BYTES, type StepScalars, writeScalars } from './scalars';
import type { BufferName } from './storage';

/** Part of a submit: a sequence of the plan, with the scalars of slot `slot`. */
export interface Part {
  readonly sequence: string;
  readonly slot: number;
}

interface Bound {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly usesScalars: boolean;
  readonly workgroups: readonly [number, number, number];
  readonly dispatch: Dispatch;
}

export interface OpTime {
  readonly name: string;
  readonly dispatches: number;
  readonly ms: number;
}

export class Executor {
  readonly ring: ReadbackRing;
  readonly allocatedBytes: number;
  /** Submits per call of `run`: raised by the session when a hardware adapter's step takes longer than half a second. */
  submits = 1;
  readonly #buffers = new Map<BufferName, GPUBuffer>();
  readonly #bound = new Map<string, readonly Bound[]>();
  readonly #compiler: Compiler;
  readonly #uniform: GPUBuffer;
  readonly #scalars: GPUBindGroup;
  readonly #scalarView: DataView;
  readonly #device: GPUDevice;
  readonly #dispatched: EngineDevice['dispatched'];
  readonly #told = new Set<string>();
  #timer: PassTimer | null = null;

  private constructor(
    { device, dispatched }: EngineDevice,
    readonly plan: ExecutionPlan,
    buffers: Map<BufferName, GPUBuffer>,
    compiler: Compiler,
    bound: Map<string, readonly Bound[]>,
    uniform: GPUBuffer,
    scalars: GPUBindGroup,
  ) {
    this.#device = device;
    this.#dispatched = dispatched;
    this.#buffers = buffers;
    this.#compiler = compiler;
    this.#bound = bound;
    this.#uniform = uniform;
    this.#scalars = scalars;
    this.#scalarView = new DataView(new ArrayBuffer(uniform.size));
    this.ring = new ReadbackRing(device, plan.stagingBytes, plan.ringDepth);
    this.allocatedBytes =
      [...buffers.values()].reduce((sum, b) => sum + b.size, 0) + uniform.size + this.ring.totalBytes;
  }

  /** Allocates and compiles. Throws DeviceError (out-of-memory, validation). `onProgress` counts pipelines. */
  static async create(
    engine: EngineDevice,
    plan: ExecutionPlan,
    onProgress?: (done: number, total: number) => void,
    eager: readonly string[] = Object.keys(plan.sequences),
  ): Promise<Executor> {
    const { device } = engine;
    device.pushErrorScope('out-of-memory');
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffers = new Map<BufferName, GPUBuffer>();
    for (const { name, bytes } of plan.buffers)
      buffers.set(name, device.createBuffer({ label: name, size: bytes, usage }));
    const uniform = device.createBuffer({
      label: 'uniforms',
      size: plan.scalarSlots * SCALAR_SLOT_BYTES,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    const memory = await device.popErrorScope();
    if (memory) {
      for (const buffer of buffers.values()) buffer.destroy();
      throw new DeviceError('out-of-memory', `the device could not allocate the plan: ${memory.message}`);
    }
    const scalarLayout = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } },
      ],
    });
    const scalars = device.createBindGroup({
      layout: scalarLayout,
      entries: [{ binding: 0, resource: { buffer: uniform, size: SCALAR_SLOT_BYTES } }],
    });
    device.pushErrorScope('validation');
    const compiler = new Compiler(device, plan, buffers, scalarLayout);
    const bound = await compiler.bind(eager, onProgress);
    const invalid = await device.popErrorScope();
    if (invalid) throw new DeviceError('validation', invalid.message);
    return new Executor(engine, plan, buffers, compiler, bound, uniform, scalars);
  }

  /** Compiles sequences that were not compiled by `create` (`eager`); they cannot be run before. */
  async ensure(...sequences: readonly string[]): Promise<void> {
    const missing = sequences.filter((name) => !this.#bound.has(name));
    if (missing.length === 0) return;
    for (const [name, list] of await this.#compiler.bind(missing)) this.#bound.set(name, list);
  }

  /** Bytes of one buffer as allocated; 0 where the plan has none of that name. */
  bufferBytes(name: BufferName): number {
    return this.#buffers.get(name)?.size ?? 0;
  }

  dispatchCount(sequence: string): number {
    return this.#bound.get(sequence)?.length ?? 0;
  }

  /** Uploads into a region's buffer. */
  write(region: number, data: Float32Array | Uint32Array | Int32Array, elementOffset = 0): void {
    const { buffer, offset } = this.plan.regions[region]!;
    const target = this.#buffers.get(buffer)!;
    this.#device.queue.writeBuffer(
      target,
      offset + 4 * elementOffset,
      data.buffer as ArrayBuffer,
      data.byteOffset,
      data.byteLength,
    );
  }

  /**
   * Runs the parts in order: one uniform write, one compute pass, one submit (`submits` of each when bounded), and a copy
   * of the metrics into the ring. Resolves when submitted (a free slot bounds the steps in flight); `result` resolves
   * with the metrics region (its first `resultBytes`) once the GPU is done. (Wrapped: a promise returned from an async function would be awaited.)
   */
  async run(
    parts: readonly Part[],
    scalars: readonly StepScalars[],
    metricsRegion: number,
    resultBytes?: number,
  ): Promise<{ readonly result: Promise<ArrayBuffer> }> {
    const slot = await this.ring.acquire();
    scalars.forEach((values, i) => writeScalars(this.#scalarView, i, values));
    const used = scalars.length * SCALAR_SLOT_BYTES;
    this.#device.queue.writeBuffer(this.#uniform, 0, this.#scalarView.buffer as ArrayBuffer, 0, used);
    const items = parts.flatMap((part) =>
      this.#sequence(part.sequence).map((b) => ({ b, offset: part.slot * SCALAR_SLOT_BYTES })),
    );
    const share = Math.ceil(items.length / this.submits);
    for (let start = 0; start < items.length; start += share) {
      const encoder = this.#device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      for (const { b, offset } of items.slice(start, start + share)) this.#encode(pass, b, offset);
      pass.end();
      if (start + share >= items.length) {
        const { buffer, offset } = this.plan.regions[metricsRegion]!;
        slot.copy(encoder, this.#buffers.get(buffer)!, offset, resultBytes);
      }
      this.#device.queue.submit([encoder.finish()]);
    }
    return { result: slot.read() };
  }

  #sequence(name: string): readonly Bound[] {
    const found = this.#bound.get(name);
    if (!found) throw new Error(`the plan has no sequence "${name}"`);
    if (this.#dispatched && !this.#told.has(name)) {
      this.#told.add(name);
      this.#dispatched(found.map((b) => b.dispatch.program));
    }
    return found;
  }

  #encode(pass: GPUComputePassEncoder, b: Bound, scalarOffset: number): void {
    pass.setPipeline(b.pipeline);
    pass.setBindGroup(0, b.group);
    if (b.usesScalars) pass.setBindGroup(1, this.#scalars, [scalarOffset]);
    pass.dispatchWorkgroups(b.workgroups[0], b.workgroups[1], b.workgroups[2]);
  }

  /** Reads a window of a region through a temporary staging buffer (checkpoints, tests; not the training loop). */
  read(region: number, elementOffset = 0, elements?: number): Promise<ArrayBuffer> {
    const { buffer, offset, bytes } = this.plan.regions[region]!;
    const size = elements === undefined ? bytes : 4 * elements;
    return readBuffer(this.#device, this.#buffers.get(buffer)!, offset + 4 * elementOffset, size);
  }

  /**
   * Runs the parts one dispatch at a time and returns the first dispatch that leaves a non-finite value behind, or null.
   * Slow: for the report after a NaN loss.
   */
  async firstNonFinite(parts: readonly Part[], scalars: readonly StepScalars[]): Promise<Dispatch | null> {
    scalars.forEach((values, i) => writeScalars(this.#scalarView, i, values));
    this.#device.queue.writeBuffer(this.#uniform, 0, this.#scalarView.buffer as ArrayBuffer);
    for (const part of parts)
      for (const b of this.#sequence(part.sequence)) {
        const encoder = this.#device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        this.#encode(pass, b, part.slot * SCALAR_SLOT_BYTES);
        pass.end();
        this.#device.queue.submit([encoder.finish()]);
        const { regions, access } = b.dispatch.program;
        for (const [i, region] of regions.entries()) {
          if (access[i] === 'read' || !this.plan.floatRegions.has(region)) continue;
          const values = new Float32Array(await this.read(region));
          if (values.some((v) => !Number.isFinite(v))) return b.dispatch;
        }
      }
    return null;
  }

  /**
   * Runs dispatch number `index` of a sequence `n` times in one submit and resolves with the milliseconds (`timing` says of
   * which clock). What it writes is written again and again: for plans that are thrown away afterwards.
   */
  async repeat(sequence: string, index: number, n: number, scalars: StepScalars = {}): Promise<number> {
    const bound = this.#sequence(sequence)[index]!;
    writeScalars(this.#scalarView, 0, scalars);
    this.#device.queue.writeBuffer(this.#uniform, 0, this.#scalarView.buffer as ArrayBuffer, 0, SCALAR_SLOT_BYTES);
    this.#timer ??= new PassTimer(this.#device);
    return this.#timer.run((pass) => {
      for (let i = 0; i < n; i++) this.#encode(pass, bound, 0);
    });
  }

  /**
   * One real step with every dispatch in a pass of its own between two timestamps; times summed by kernel family.
   * Returns null where the adapter has no timestamp queries.
   */
  async profile(parts: readonly Part[], scalars: readonly StepScalars[]): Promise<readonly OpTime[] | null> {
    if (!this.#device.features.has('timestamp-query')) return null;
    scalars.forEach((values, i) => writeScalars(this.#scalarView, i, values));
    this.#device.queue.writeBuffer(this.#uniform, 0, this.#scalarView.buffer as ArrayBuffer);
    const items = parts.flatMap((part) =>
      this.#sequence(part.sequence).map((b) => ({ b, offset: part.slot * SCALAR_SLOT_BYTES })),
    );
    const count = 2 * items.length;
    const querySet = this.#device.createQuerySet({ type: 'timestamp', count });
    const resolve = this.#device.createBuffer({
      size: 8 * count,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    const staging = this.#device.createBuffer({
      size: 8 * count,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    const encoder = this.#device.createCommandEncoder();
    items.forEach(({ b, offset }, i) => {
      const pass = encoder.beginComputePass({
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      this.#encode(pass, b, offset);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, count, resolve, 0);
    encoder.copyBufferToBuffer(resolve, 0, staging, 0, 8 * count);
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
    for (const object of [querySet, resolve, staging]) object.destroy();
    const times = new Map<string, { dispatches: number; ms: number }>();
    items.forEach(({ b }, i) => {
      const entry = times.get(b.dispatch.program.family) ?? { dispatches: 0, ms: 0 };
      entry.dispatches++;
      entry.ms += Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6;
      times.set(b.dispatch.program.family, entry);
    });
    return [...times].map(([name, t]) => ({ name, ...t })).sort((a, b) => b.ms - a.ms);
  }

  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#uniform.destroy();
    this.#timer?.destroy();
    this.ring.destroy();
  }
}

/** Pipelines outlive runs: a second run of one shape on a device compiles nothing. */
const pipelineCaches = new WeakMap<GPUDevice, Map<string, Promise<GPUComputePipeline>>>();

/** Compiles each distinct program once, in parallel, and makes the bind groups. */
class Compiler {
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines: Map<string, Promise<GPUComputePipeline>>;

  constructor(
    readonly device: GPUDevice,
    readonly plan: ExecutionPlan,
    readonly buffers: ReadonlyMap<BufferName, GPUBuffer>,
    readonly scalarLayout: GPUBindGroupLayout,
  ) {
    this.#pipelines = pipelineCaches.get(device) ?? new Map<string, Promise<GPUComputePipeline>>();
    pipelineCaches.set(device, this.#pipelines);
  }

  #layoutOf({ access }: KernelProgram): GPUBindGroupLayout {
    const key = access.join();
    let layout = this.#layouts.get(key);
    if (!layout) {
      layout = this.device.createBindGroupLayout({
        entries: access.map((mode, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: mode === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  async bind(
    sequences: readonly string[],
    onProgress?: (done: number, total: number) => void,
  ): Promise<Map<string, readonly Bound[]>> {
    const dispatches = sequences.map((name) => [name, this.plan.sequences[name] ?? []] as const);
    let done = 0;
    const fresh: Promise<unknown>[] = [];
    for (const { program } of dispatches.flatMap(([, list]) => list)) {
      if (this.#pipelines.has(program.code)) continue;
      const pipeline = compile(this.device, program, this.#layoutOf(program), this.scalarLayout);
      pipeline.catch(() => this.#pipelines.delete(program.code)); // reported to whoever awaits it below
      this.#pipelines.set(program.code, pipeline);
      fresh.push(pipeline.then(() => onProgress?.(++done, fresh.length)));
    }
    await Promise.all(fresh);
    const bound = new Map<string, readonly Bound[]>();
    for (const [name, list] of dispatches)
      bound.set(name, await Promise.all(list.map((dispatch) => this.#bindOne(dispatch))));
    return bound;
  }

  async #bindOne(dispatch: Dispatch): Promise<Bound> {
    const { program } = dispatch;
    const entries = program.regions.map((region, binding) => {
      const { buffer, offset, bytes } = this.plan.regions[region]!;
      return { binding, resource: { buffer: this.buffers.get(buffer)!, offset, size: Math.ceil(bytes / 16) * 16 } };
    });
    const group = this.device.createBindGroup({ label: program.label, layout: this.#layoutOf(program), entries });
    const pipeline = await this.#pipelines.get(program.code)!;
    return { pipeline, group, usesScalars: program.usesScalars, workgroups: program.workgroups, dispatch };
  }
}

/** Exported for autotune and tests. Throws DeviceError with the compiler's message and the kernel's name. */
export async function compile(
  device: GPUDevice,
  program: KernelProgram,
  layout: GPUBindGroupLayout,
  scalarLayout: GPUBindGroupLayout,
): Promise<GPUComputePipeline> {
  const code = (program.usesScalars ? SCALARS_WGSL : '') + program.code;
  const module = device.createShaderModule({ label: program.label, code });
  const bindGroupLayouts = program.usesScalars ? [layout, scalarLayout] : [layout];
  try {
    return await device.createComputePipelineAsync({
      label: `${program.family}/${program.variant}`,
      layout: device.createPipelineLayout({ bindGroupLayouts }),
      compute: { module, entryPoint: 'main' },
    });
  } catch (error) {
    const messages = (await module.getCompilationInfo()).messages.map((m) => `${m.lineNum}:${m.linePos} ${m.message}`);
    throw new DeviceError(
      'validation',
      `kernel ${program.family}/${program.variant} (${program.label}) does not compile: ${messages.join('; ') || String(error)}`,
    );
  }
}
