/** Logits behind growing sequences: with caches, or by forwarding the whole window again (the slow twin). */
import { Decoder, type DecodeBackend } from './decoder';

export interface Continuation {
  readonly batch: number;
  /** Logits of the token behind each sequence, one array a sequence. Sequences grow by one token from call to call. */
  next(sequences: readonly (readonly number[])[]): Promise<readonly Float32Array[]>;
}

/**
 * First token that a model with `block` positions still sees of `length`. The window moves in jumps of a quarter, because a
 * cache of learned positions must be filled anew whenever it moves.
 */
export function windowStart(length: number, block: number): number {
  if (length <= block) return 0;
  const jump = Math.max(1, Math.floor(block / 4));
  return Math.ceil((length - block) / jump) * jump;
}

export class CachedContinuation implements Continuation {
  readonly #decoder: Decoder;
  #starts: readonly number[] = [];

  constructor(readonly backend: DecodeBackend) {
    this.#decoder = new Decoder(backend);
  }

  get batch(): number {
    return this.backend.shape.batch;
  }

  async next(sequences: readonly (readonly number[])[]): Promise<readonly Float32Array[]> {
    const { capacity } = this.backend.shape;
    const starts = sequences.map((ids) => windowStart(ids.length, capacity));
    const grown = sequences.every(
      (ids, b) => starts[b] === this.#starts[b] && ids.length === starts[b]! + this.#decoder.lengths[b]! + 1,
    );
    this.#starts = starts;
    if (grown) return this.#rows(await this.#decoder.step(sequences.map((ids) => ids[ids.length - 1]!)));
    this.#decoder.reset();
    return this.#rows(await this.#decoder.prefill(sequences.map((ids, b) => ids.slice(starts[b]))));
  }

  #rows(logits: Float32Array): readonly Float32Array[] {
    const { vocabSize } = this.backend;
    return Array.from({ length: this.batch }, (_, b) => logits.subarray(b * vocabSize, (b + 1) * vocabSize));
  }
}

export class ForwardContinuation implements Continuation {
  constructor(
    readonly batch: number,
    readonly block: number,
    readonly forward: (ids: readonly number[]) => Promise<Float32Array>,
  ) {}

  async next(sequences: readonly (readonly number[])[]): Promise<readonly Float32Array[]> {
    const out: Float32Array[] = [];
    for (const ids of sequences) out.push(await this.forward(ids.slice(windowStart(ids.length, this.block))));
    return out;
  }
}
