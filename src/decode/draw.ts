/** Text drawn on the device, several tokens a submit. Slow twin: `generate` with sampleToken, one token a submit (experiment/). */
import type { StepScalars } from '@/engine/scalars';
import type { WebGpuDecoder } from './backend-webgpu';
import { windowStart } from './continuation';
import { Decoder } from './decoder';

/** How a token is drawn from logits. */
export interface SamplingOptions {
  /** 0: the most likely token. */
  readonly temperature: number;
  /** 0: all tokens. */
  readonly topK: number;
  /** Keeps the fewest most likely tokens that hold this probability; 1 or absent: all. Holtzman et al., arXiv:1904.09751. */
  readonly topP?: number;
  /** Keeps tokens at least this likely, relative to the most likely one; 0 or absent: all. Nguyen et al., arXiv:2407.01082. */
  readonly minP?: number;
  readonly seed: number;
}

/** Scalars of the draws `first` .. `first + count - 1`, a slot each. Temperature 0 keeps the most likely token alone. */
export function drawScalars(
  count: number,
  first: number,
  limit: number,
  { temperature, topK, topP = 1, minP = 0, seed }: SamplingOptions,
): StepScalars[] {
  const greedy = temperature <= 0;
  return Array.from({ length: count }, (_, i) => ({
    seed, step: first + i, micro: i, sample_limit: limit, temperature: greedy ? 1 : temperature, top_k: greedy ? 1 : topK,
    top_p: greedy ? 1 : topP, min_p: greedy ? 0 : minP,
  })); // prettier-ignore
}

/** Tokens a submit where nothing else is asked for: text still appears as it grows. */
export const TOKENS_PER_SUBMIT = 8;

/**
 * Yields the drawn tokens, one a sequence, `count` times: those of `generate`, draw for draw, but for draws within the rounding of
 * f32 of the border between two tokens. Windows move as CachedContinuation moves them.
 */
export async function* drawOnDevice(
  backend: WebGpuDecoder,
  prompts: readonly (readonly number[])[],
  count: number,
  limit: number,
  options: SamplingOptions,
  perSubmit = TOKENS_PER_SUBMIT,
): AsyncGenerator<readonly number[]> {
  const { capacity } = backend.shape;
  const decoder = new Decoder(backend);
  const sequences = prompts.map((prompt) => [...prompt]);
  let placed: readonly number[] | null = null;
  for (let drawn = 0; drawn < count;) {
    const starts = sequences.map((ids) => windowStart(ids.length, capacity));
    if (starts.some((start, b) => start !== placed?.[b])) {
      decoder.reset();
      const windows = sequences.map((ids, b) => ids.slice(starts[b]));
      await decoder.fill(windows);
      backend.place(
        Uint32Array.from(windows, (w) => w[w.length - 1]!),
        Uint32Array.from(decoder.lengths),
      );
      placed = starts;
    }
    // The window holds its tokens as long as there are at most `capacity` of them.
    const room = Math.min(...sequences.map((ids, b) => capacity - (ids.length - starts[b]!) + 1));
    const rows = await backend.draw(Math.min(perSubmit, count - drawn, room), drawn, limit, options);
    for (const row of rows) {
      row.forEach((token, b) => sequences[b]!.push(token));
      yield row;
    }
    drawn += rows.length;
  }
}
