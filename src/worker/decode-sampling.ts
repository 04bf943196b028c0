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
  readonly batch: number;
  readonly decoder: DecodeBackend | null;
  readonly fallback: string | null;
}

export class Sampler {
  #prepared: Prepared | null = null;
  /** One sample at a time: they share the caches. */
  #last: Promise<void> = Promise.resolve();

  /** Ends the text that streams now. */
  #cancelled = false;

  cancel(): void {
    this.#cancelled = true;
  }

  /** Frees the decoder; the next sample makes another. */
  forget(): void {
    this.#prepared?.decoder?.destroy();
    this.#prepared = null;
  }

  async #prepare(open: OpenRun, engine: EngineDevice | null, batch: number): Promise<Prepared> {
    if (this.#prepared?.open === open && this.#prepared.batch === batch) return this.#prepared;
    this.forget();
    const { blockSize } = open.model;
    const shape = { batch, chunk: Math.min(CHUNK, blockSize), capacity: blockSize };
    try {
      const decoder =
        open.backend.kind === 'webgpu' && engine
          ? await WebGpuDecoder.create(engine, open.model, shape)
          : new ReferenceDecoder(open.model, shape);
      this.#prepared = { open, batch, decoder, fallback: null };
    } catch (error) {
      if (!(error instanceof DecodeError || error instanceof ModelConfigError)) throw error;
      this.#prepared = { open, batch, decoder: null, fallback: error.message };
    }
    return this.#prepared;
  }

  /** One token a submit, drawn on the CPU. */
  #onHost({ open, batch, decoder }: Prepared): Continuation {
    return decoder
      ? new CachedContinuation(decoder)
      : new ForwardContinuation(batch, open.model.blockSize, (ids) => open.backend.nextLogits(ids));
  }

  /** Emits the text as it grows, behind the samples asked for before. Call with no step in flight. */
  sample(...args: SampleArguments): Promise<void> {
    const now = this.#last.then(() => this.#run(...args));
    this.#last = now.catch(() => undefined); // its caller hears of it
    return now;
  }

  async #run(...[open, engine, prompt, request, emit]: SampleArguments): Promise<void> {
    this.#cancelled = false;
    const { requestId, tokens, texts: batch = 1 } = request;
    const prepared = await this.#prepare(open, engine, batch);
    const { decoder, fallback } = prepared;
    decoder?.load(await open.backend.parameters());
    const { tokenizer } = open.corpus;
    const prompts = Array.from({ length: batch }, () => prompt);
    const drawn =
      decoder instanceof WebGpuDecoder
        ? drawOnDevice(decoder, prompts, tokens, tokenizer.vocabSize, request)
        : generate(this.#onHost(prepared), prompts, tokens, tokenizer.vocabSize, request);
    const sequences = prompts.map((ids) => [...ids]);
    const begin = performance.now();
    const count = (): number => sequences[0]!.length - prompt.length;
    const tell = (done: boolean, cut?: string): void => {
      const seconds = (performance.now() - begin) / 1000;
      const [text = '', ...others] = sequences.map((ids) => tokenizer.decode(ids.slice(prompt.length)));
      const decode = {
        tokensPerSecond: (batch * count()) / seconds,
        cacheBytes: decoder?.cacheBytes ?? null,
        fallback,
      };
      emit({ type: 'sample', requestId, prompt: request.prompt, text, others, done, ...(cut ? { cut } : {}), decode });
    };
    let lost = false;
    void engine?.device.lost.then(() => (lost = true));
    try {
      for await (const row of drawn) {
        row.forEach((token, b) => sequences[b]!.push(token));
        if (this.#prepared?.open !== open) return tell(true, `another run began after ${count()} tokens`);
        if (this.#cancelled) return tell(true, `stopped after ${count()} tokens`);
        tell(false);
      }
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, 0)); // the loss may be told behind the failed read
      tell(true, lost ? `the graphics device was lost after ${count()} tokens` : `failed after ${count()} tokens`);
      if (lost) return;
      throw error;
    }
    tell(true);
  }
}
