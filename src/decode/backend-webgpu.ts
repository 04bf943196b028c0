/** A decoder on a GPUDevice: one submit a token. */
import { tunedPlan } from '@/engine/autotune';
import type { EngineDevice } from '@/engine/device';
import { Executor } from '@/engine/executor';
import type { Gpt2Config } from '@/models/config';
import type { DecodeBackend, Weights } from './decoder';
import { type SamplingOptions, drawScalars } from './draw';
import { DRAWS_PER_SUBMIT, DecodeError, type DecoderPlan, type DecoderShape, planDecoder } from './plan';

/** Throws DecodeError where a buffer is larger than the adapter binds. */
function checkFits({ plan, shape }: DecoderPlan, { device, adapter }: EngineDevice): void {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  for (const { name, bytes } of plan.buffers)
    if (bytes > limit)
      throw new DecodeError(
        `decode: ${name} needs ${bytes} bytes for ${shape.batch} x ${shape.capacity} tokens, ${adapter.description || 'the adapter'} binds at most ${limit}: shrink batch or context`,
      );
}

export class WebGpuDecoder implements DecodeBackend {
  readonly kind = 'webgpu';
  readonly shape: DecoderShape;
  readonly cacheBytes: number;

  private constructor(
    readonly planned: DecoderPlan,
    readonly executor: Executor,
    readonly vocabSize: number,
  ) {
    this.shape = planned.shape;
    this.cacheBytes = executor.bufferBytes('kv cache');
  }

  /** Plans, compiles and allocates. Throws DecodeError for a wrong shape, DeviceError where the device refuses. */
  static async create(engine: EngineDevice, config: Gpt2Config, shape: DecoderShape): Promise<WebGpuDecoder> {
    const make = (choice?: (key: string) => string | undefined): DecoderPlan =>
      planDecoder(config, shape, { traits: engine.traits, ...(choice ? { choice } : {}) });
    const first = make();
    checkFits(first, engine);
    const planned = engine.tuning ? await tunedPlan(engine, make, ({ plan }) => plan, engine.tuning) : first;
    return new WebGpuDecoder(planned, await Executor.create(engine, planned.plan), config.vocabSize);
  }

  load(weights: Weights): void {
    for (const { name, offset, size } of this.planned.arena.entries) {
      const found = weights.get(name);
      if (found?.data.length !== size)
        throw new DecodeError(
          `decode: tensor ${name} has ${found?.data.length ?? 'no'} elements, the model needs ${size}`,
        );
      this.executor.write(this.planned.parameters, found.data, offset);
    }
  }

  async #run(sequence: 'prefill' | 'decode', ids: Uint32Array, positions: Uint32Array): Promise<ArrayBuffer> {
    const { inputs, logits, logitsBytes } = this.planned;
    this.executor.write(inputs[sequence].ids, ids);
    this.executor.write(inputs[sequence].positions, positions);
    const { result } = await this.executor.run([{ sequence, slot: 0 }], [{}], logits, logitsBytes);
    return result;
  }

  async prefill(ids: Uint32Array, positions: Uint32Array): Promise<void> {
    await this.#run('prefill', ids, positions);
  }

  async decode(ids: Uint32Array, positions: Uint32Array): Promise<Float32Array> {
    return new Float32Array(await this.#run('decode', ids, positions));
  }

  /** The tokens [batch] that `draw` starts from, at positions [batch]. Their rows are not in the caches yet. */
  place(ids: Uint32Array, positions: Uint32Array): void {
    const { inputs } = this.planned;
    this.executor.write(inputs.decode.ids, ids);
    this.executor.write(inputs.decode.positions, positions);
  }

  /**
   * Decodes and draws `count` tokens a sequence in one submit, draw numbers `first`, `first + 1`, ...; each is fed back on the GPU
   * and the last stays placed. Resolves with rows of one token a sequence. Throws DecodeError for more than DRAWS_PER_SUBMIT.
   */
  async draw(
    count: number,
    first: number,
    limit: number,
    options: SamplingOptions,
  ): Promise<readonly (readonly number[])[]> {
    if (count < 1 || count > DRAWS_PER_SUBMIT)
      throw new DecodeError(`decode: a submit draws 1 to ${DRAWS_PER_SUBMIT} tokens, not ${count}`);
    const scalars = drawScalars(count, first, limit, options);
    const parts = scalars.flatMap((_, slot) => [
      { sequence: 'decode', slot },
      { sequence: 'draw', slot },
    ]);
    const { batch } = this.shape;
    const { drawn } = this.planned;
    const { result } = await this.executor.run(parts, scalars, drawn, 4 * batch * DRAWS_PER_SUBMIT);
    const tokens = new Uint32Array(await result);
    return scalars.map((_, i) => Array.from({ length: batch }, (_, b) => tokens[b * DRAWS_PER_SUBMIT + i]!));
  }

  async readCaches(): Promise<ReadonlyMap<string, Float32Array>> {
    const contents = new Map<string, Float32Array>();
    for (const { name, region, shape } of this.planned.caches) {
      const elements = shape.reduce((a, b) => a * b, 1);
      contents.set(name, new Float32Array(await this.executor.read(region, 0, elements)));
    }
    return contents;
  }

  writeCaches(contents: ReadonlyMap<string, Float32Array>): void {
    for (const { name, region } of this.planned.caches) this.executor.write(region, contents.get(name)!);
  }

  destroy(): void {
    this.executor.destroy();
  }
}
