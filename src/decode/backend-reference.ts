/** The slow twin: the decoder's graphs in the f64 reference. */
import { type RefArray, type RefContext, type RefValues, producer, runReference, sizeOf } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import type { Gpt2Decoder } from '@/models/gpt2';
import type { DecodeBackend, Weights } from './decoder';
import { DecodeError, type DecoderShape, decoderGraphs } from './plan';

/** A decoder draws no random numbers. */
const context: RefContext = {
  seed: 0,
  dropoutStream: 0,
  uniform() {
    throw new Error('a decoder has no dropout');
  },
};

interface Run {
  readonly model: Gpt2Decoder;
  readonly values: RefValues;
}

export class ReferenceDecoder implements DecodeBackend {
  readonly kind = 'reference';
  readonly vocabSize: number;
  readonly cacheBytes: number;
  readonly #runs: Readonly<Record<'prefill' | 'decode', Run>>;
  readonly #caches = new Map<string, RefArray>();

  constructor(
    config: Gpt2Config,
    readonly shape: DecoderShape,
  ) {
    this.vocabSize = config.vocabSize;
    const graphs = decoderGraphs(config, shape);
    this.#runs = {
      prefill: { model: graphs.prefill, values: new Map() },
      decode: { model: graphs.decode, values: new Map() },
    };
    for (const { name, cache } of graphs.decode.kept)
      this.#caches.set(name, new (cache.dtype === 'u32' ? Uint32Array : Float64Array)(sizeOf(cache.shape)));
    for (const { model, values } of Object.values(this.#runs))
      for (const { name, cache, current } of model.kept) {
        values.set(cache.id, this.#caches.get(name)!);
        values.set(current.id, this.#caches.get(name)!); // in place
      }
    // Counted as the other backend stores them, in f32.
    this.cacheBytes = [...this.#caches.values()].reduce((sum, c) => sum + 4 * c.length, 0);
  }

  load(weights: Weights): void {
    for (const { model, values } of Object.values(this.#runs))
      for (const p of model.graph.parameters) {
        const found = weights.get(p.name);
        if (found?.data.length !== sizeOf(p.shape))
          throw new DecodeError(`decode: tensor ${p.name} is missing or has another size than [${p.shape.join(', ')}]`);
        values.set(p.id, Float64Array.from(found.data));
      }
  }

  #run({ model, values }: Run, ids: Uint32Array, positions: Uint32Array, logits: boolean): void {
    values.set(model.ids.id, ids);
    values.set(model.positions.id, positions);
    const last = logits ? model.logits : model.kept[model.kept.length - 1]!.current;
    const end = producer(last)!.id;
    runReference(model.graph, values, context, model.graph.nodes.slice(0, end + 1));
  }

  prefill(ids: Uint32Array, positions: Uint32Array): Promise<void> {
    this.#run(this.#runs.prefill, ids, positions, false);
    return Promise.resolve();
  }

  decode(ids: Uint32Array, positions: Uint32Array): Promise<Float32Array> {
    const run = this.#runs.decode;
    this.#run(run, ids, positions, true);
    return Promise.resolve(Float32Array.from(run.values.get(run.model.logits.id)!));
  }

  readCaches(): Promise<ReadonlyMap<string, Float32Array>> {
    const stored = (c: RefArray): Float32Array =>
      c instanceof Uint32Array ? new Float32Array(c.slice().buffer) : Float32Array.from(c);
    return Promise.resolve(new Map([...this.#caches].map(([name, c]) => [name, stored(c)])));
  }

  writeCaches(contents: ReadonlyMap<string, Float32Array>): void {
    for (const [name, cache] of this.#caches) {
      const { buffer, byteOffset, length } = contents.get(name)!;
      cache.set(cache instanceof Uint32Array ? new Uint32Array(buffer, byteOffset, length) : contents.get(name)!);
    }
  }

  destroy(): void {
    this.#caches.clear();
  }
}
