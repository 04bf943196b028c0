/** Text for the Lab: decoded with a KV cache from the weights as they are, re-forwarded where the model refuses to decode. */
import { ReferenceDecoder } from '@/decode/backend-reference';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { CachedContinuation, type Continuation, ForwardContinuation } from '@/decode/continuation';
import type { DecodeBackend } from '@/decode/decoder';
import { DecodeError } from '@/decode/plan';
import type { EngineDevice } from '@/engine/device';
import { drawOnDevice } from '@/decode/draw';
import { generate } from '@/experiment/generate';
import type { OpenRun } from '@/experiment/open-run';
import { ModelConfigError } from '@/models/config';
import type { SampleRequest, WorkerEvent } from './protocol';

type SampleEvent = Extract<WorkerEvent, { type: 'sample' }>;

type SampleArguments = [
  open: OpenRun,
  engine: EngineDevice | null,
  prompt: readonly number[],
  request: SampleRequest,
  emit: (event: SampleEvent) => void,
];

/** Prompt tokens appended in one submit. */
const CHUNK = 64;

/** A decoder of one run, or why there is none. */
interface Prepared {
  readonly open: OpenRun;
  readonly decoder: DecodeBackend | null;
  readonly fallback: string | null;
}

export class Sampler {
  #prepared: Prepared | null = null;
  /** One sample at a time: they share the caches. */
  #last: Promise<void> = Promise.resolve();

  /** Frees the decoder; the next sample makes another. */
  forget(): void {
    this.#prepared?.decoder?.destroy();
    this.#prepared = null;
  }

  async #prepare(open: OpenRun, engine: EngineDevice | null): Promise<Prepared> {
    if (this.#prepared?.open === open) return this.#prepared;
    this.forget();
    const { blockSize } = open.model;
    const shape = { batch: 1, chunk: Math.min(CHUNK, blockSize), capacity: blockSize };
    try {
      const decoder =
        open.backend.kind === 'webgpu' && engine
          ? await WebGpuDecoder.create(engine, open.model, shape)
          : new ReferenceDecoder(open.model, shape);
      this.#prepared = { open, decoder, fallback: null };
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof ModelConfigError)) throw error;
      this.#prepared = { open, decoder: null, fallback: error.message };
    }
    return this.#prepared;
  }

  /** One token a submit, drawn on the CPU. */
  #onHost(open: OpenRun, decoder: DecodeBackend | null): Continuation {
    return decoder
      ? new CachedContinuation(decoder)
      : new ForwardContinuation(1, open.model.blockSize, (ids) => open.backend.nextLogits(ids));
  }

  /** Emits the text as it grows, behind the samples asked for before. Call with no step in flight. */
  sample(...args: SampleArguments): Promise<void> {
    const now = this.#last.then(() => this.#run(...args));
    this.#last = now.catch(() => undefined); // its caller hears of it
    return now;
  }

  async #run(...[open, engine, prompt, request, emit]: SampleArguments): Promise<void> {
    const { decoder, fallback } = await this.#prepare(open, engine);
    decoder?.load(await open.backend.parameters());
    const { tokenizer } = open.corpus;
    const drawn =
      decoder instanceof WebGpuDecoder
        ? drawOnDevice(decoder, [prompt], request.tokens, tokenizer.vocabSize, request)
        : generate(this.#onHost(open, decoder), [prompt], request.tokens, tokenizer.vocabSize, request);
    const { requestId } = request;
    const ids = [...prompt];
    const begin = performance.now();
    const tell = (done: boolean): void => {
      const seconds = (performance.now() - begin) / 1000;
      const decode = {
        tokensPerSecond: (ids.length - prompt.length) / seconds,
        cacheBytes: decoder?.cacheBytes ?? null,
        fallback,
      };
      emit({ type: 'sample', requestId, text: tokenizer.decode(ids), done, decode });
    };
    for await (const [token] of drawn) {
      ids.push(token!);
      if (this.#prepared?.open !== open) break; // another run has begun: what it was drawn from is gone
      tell(false);
    }
    tell(true);
  }
}
