/** A decoder on a GPUDevice: one submit a token. */
import type { EngineDevice } from '@/engine/device';
import { Executor } from '@/engine/executor';
import type { Gpt2Config } from '@/models/config';
import type { DecodeBackend, Weights } from './decoder';
import { DecodeError, type DecoderPlan, type DecoderShape, planDecoder } from './plan';

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
    const planned = planDecoder(config, shape, { traits: engine.traits });
    const { maxStorageBufferBindingSize, maxBufferSize } = engine.device.limits;
    for (const { name, bytes } of planned.plan.buffers)
      if (bytes > Math.min(maxStorageBufferBindingSize, maxBufferSize))
        throw new DecodeError(
          `decode: ${name} needs ${bytes} bytes, more than the adapter binds: shrink batch or context`,
        );
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
    const { inputs, logits } = this.planned;
    this.executor.write(inputs[sequence].ids, ids);
    this.executor.write(inputs[sequence].positions, positions);
    const { result } = await this.executor.run([{ sequence, slot: 0 }], [{}], logits);
    return result;
  }

  async prefill(ids: Uint32Array, positions: Uint32Array): Promise<void> {
    await this.#run('prefill', ids, positions);
  }

  async decode(ids: Uint32Array, positions: Uint32Array): Promise<Float32Array> {
    return new Float32Array(await this.#run('decode', ids, positions));
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
