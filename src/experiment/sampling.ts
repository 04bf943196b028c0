/** Draws tokens from logits: temperature, top-k, a seed. Counter-based, so a sample can be repeated. */
import { PURPOSE, philox4x32, uniform } from '@/data/random';

export interface SamplingOptions {
  /** 0: the most likely token. */
  readonly temperature: number;
  /** 0: all tokens. */
  readonly topK: number;
  readonly seed: number;
}

/** The token at draw number `index`. `limit` excludes the padding of the vocabulary. */
export function sampleToken(
  logits: Float32Array,
  limit: number,
  index: number,
  { temperature, topK, seed }: SamplingOptions,
): number {
  const order = Array.from({ length: limit }, (_, i) => i).sort((a, b) => logits[b]! - logits[a]! || a - b);
  if (temperature <= 0) return order[0]!;
  const kept = topK > 0 ? order.slice(0, topK) : order;
  const top = logits[kept[0]!]!;
  const weights = kept.map((id) => Math.exp((logits[id]! - top) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  let left = uniform(philox4x32([index, 0, 0, 0], [seed, PURPOSE.SAMPLE])[0]) * total;
  for (let i = 0; i < kept.length; i++) {
    left -= weights[i]!;
    if (left <= 0) return kept[i]!;
  }
  return kept[kept.length - 1]!;
}
