/** Draws tokens from logits: temperature, top-k, top-p, min-p, a seed. Counter-based, so a sample can be repeated. */
import { PURPOSE, philox4x32, uniform } from '@/data/random';
import type { SamplingOptions } from '@/decode/draw';

export type { SamplingOptions };

/** Tokens that remain, most likely first, with their unnormalised probabilities at the given temperature. */
export function candidates(
  logits: Float32Array,
  limit: number,
  { temperature, topK, topP = 1, minP = 0 }: SamplingOptions,
): { readonly ids: readonly number[]; readonly weights: readonly number[] } {
  const order = Array.from({ length: limit }, (_, i) => i).sort((a, b) => logits[b]! - logits[a]! || a - b);
  if (temperature <= 0) return { ids: order.slice(0, 1), weights: [1] };
  const ids = topK > 0 ? order.slice(0, topK) : order;
  const top = logits[ids[0]!]!;
  const weights = ids.map((id) => Math.exp((logits[id]! - top) / temperature));
  let kept = ids.length;
  if (topP < 1) {
    const enough = topP * weights.reduce((a, b) => a + b, 0);
    kept = 0;
    for (let held = 0; kept < ids.length && (kept === 0 || held < enough); kept++) held += weights[kept]!;
  }
  if (minP > 0) kept = Math.min(kept, weights.filter((w) => w >= minP).length); // the largest weight is 1
  return { ids: ids.slice(0, kept), weights: weights.slice(0, kept) };
}

/** The token at draw number `index` of sequence `sequence`. `limit` excludes the padding of the vocabulary. */
export function sampleToken(
  logits: Float32Array,
  limit: number,
  index: number,
  options: SamplingOptions,
  sequence = 0,
): number {
  const { ids, weights } = candidates(logits, limit, options);
  const total = weights.reduce((a, b) => a + b, 0);
  let left = uniform(philox4x32([index, sequence, 0, 0], [options.seed, PURPOSE.SAMPLE])[0]) * total;
  for (let i = 0; i < ids.length; i++) {
    left -= weights[i]!;
    if (left <= 0) return ids[i]!;
  }
  return ids[ids.length - 1]!;
}
