/** Prefill and decode of a batch of sequences of any lengths, over a backend that holds the caches. */
import { DecodeError, type DecoderShape } from './plan';

export type Weights = ReadonlyMap<string, { readonly data: Float32Array }>;

/** Holds weights and caches, and runs the two sequences of a decoder's plan. */
export interface DecodeBackend {
  readonly kind: 'webgpu' | 'reference';
  readonly shape: DecoderShape;
  readonly vocabSize: number;
  /** Bytes of the cache buffers as allocated. */
  readonly cacheBytes: number;
  /** Throws where a tensor is missing or has another size. */
  load(weights: Weights): void;
  /** ids [batch * chunk] behind positions [batch]. */
  prefill(ids: Uint32Array, positions: Uint32Array): Promise<void>;
  /** ids [batch] at positions [batch]; logits [batch, vocab]. */
  decode(ids: Uint32Array, positions: Uint32Array): Promise<Float32Array>;
  /** Cache contents by name, [batch, capacity, words] each; packed words are there as the floats of the same bits. */
  readCaches(): Promise<ReadonlyMap<string, Float32Array>>;
  writeCaches(contents: ReadonlyMap<string, Float32Array>): void;
  destroy(): void;
}

export class Decoder {
  /** Tokens each sequence has seen. */
  readonly lengths: number[];

  constructor(readonly backend: DecodeBackend) {
    this.lengths = Array.from({ length: backend.shape.batch }, () => 0);
  }

  /** Forgets all sequences, or takes the first `length` rows of the caches as seen (a stored prefix). */
  reset(length = 0): void {
    this.lengths.fill(length);
  }

  /**
   * Appends a prompt to every sequence (at least one token each, lengths may differ) and resolves with the logits behind each
   * prompt's last token, [batch, vocab]. Rows that shorter prompts leave in a chunk are overwritten by their next tokens.
   */
  async prefill(prompts: readonly (readonly number[])[]): Promise<Float32Array> {
    await this.fill(prompts);
    return this.step(prompts.map((prompt) => prompt[prompt.length - 1]!));
  }

  /** Appends every prompt but for its last token. */
  async fill(prompts: readonly (readonly number[])[]): Promise<void> {
    const { batch, chunk } = this.backend.shape;
    if (prompts.length !== batch)
      throw new DecodeError(`decode: ${prompts.length} prompts for a batch of ${batch} sequences`);
    prompts.forEach((prompt, b) => {
      if (prompt.length === 0) throw new DecodeError(`decode: prompt ${b} is empty`);
      this.#checkRoom(b, prompt.length);
    });
    const longest = Math.max(...prompts.map((p) => p.length)) - 1;
    for (let done = 0; done < longest; done += chunk) {
      const ids = new Uint32Array(batch * chunk);
      const positions = new Uint32Array(batch);
      prompts.forEach((prompt, b) => {
        const body = prompt.slice(0, -1);
        positions[b] = this.lengths[b]! + Math.min(done, body.length);
        ids.set(body.slice(done, done + chunk), b * chunk);
      });
      await this.backend.prefill(ids, positions);
    }
    prompts.forEach((prompt, b) => (this.lengths[b]! += prompt.length - 1));
  }

  /** Appends one token to every sequence; logits [batch, vocab]. */
  async step(tokens: readonly number[]): Promise<Float32Array> {
    tokens.forEach((_, b) => this.#checkRoom(b, 1));
    const positions = Uint32Array.from(this.lengths);
    this.lengths.forEach((_, b) => this.lengths[b]!++);
    return this.backend.decode(Uint32Array.from(tokens), positions);
  }

  #checkRoom(b: number, more: number): void {
    const { capacity } = this.backend.shape;
    if (this.lengths[b]! + more > capacity)
      throw new DecodeError(
        `decode: sequence ${b} has ${this.lengths[b]} tokens and ${more} more exceed its cache of ${capacity}`,
      );
  }
}
