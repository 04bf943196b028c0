/** Text from a model: draws a token for every sequence, appends it, and asks for the next logits. */
import type { Continuation } from '@/decode/continuation';
import { type SamplingOptions, sampleToken } from './sampling';

/** Yields the drawn tokens, one a sequence, `count` times. `limit` excludes the padding of the vocabulary. */
export async function* generate(
  model: Continuation,
  prompts: readonly (readonly number[])[],
  count: number,
  limit: number,
  sampling: SamplingOptions,
): AsyncGenerator<readonly number[]> {
  const sequences = prompts.map((prompt) => [...prompt]);
  for (let i = 0; i < count; i++) {
    const logits = await model.next(sequences);
    const drawn = logits.map((row, b) => sampleToken(row, limit, i, sampling, b));
    drawn.forEach((token, b) => sequences[b]!.push(token));
    yield drawn;
  }
}
