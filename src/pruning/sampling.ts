/**
 * Thresholds from a seeded sample of the scores, for comparison with exact selection. Spec: optimizers-pruning-fisher 2.6.
 * Each chunk draws its share with replacement; everything at or below the sample's k'-th score goes, k' = max(1, floor(k n / N)).
 * The achieved sparsity is random: its standard deviation is about sqrt(s (1 - s) / n).
 */
import type { Budget, PrunableTensor } from './domains';
import { CHUNK } from './kernels';

export interface Sampling {
  /** Share of a chunk's elements that is drawn, in (0, 1]. */
  readonly fraction: number;
  /** A random 32-bit word for each draw. */
  readonly word: (draw: number) => number;
}

/** Draws of a chunk of n elements. */
export const drawCount = (n: number, fraction: number): number => Math.max(1, Math.ceil(fraction * n));

/** Element of a chunk of n <= 8192 that a random word takes. */
const drawIndex = (word: number, n: number): number => ((word >>> 16) * n) >>> 16;

/** [elements, draws] of each domain. */
export function domainSizes(
  tensors: readonly Pick<PrunableTensor, 'size'>[],
  domainOf: readonly number[],
  fraction: number,
): { readonly elements: readonly number[]; readonly draws: readonly number[] } {
  const domains = Math.max(-1, ...domainOf) + 1;
  const [elements, draws] = [new Array<number>(domains).fill(0), new Array<number>(domains).fill(0)];
  tensors.forEach(({ size }, t) => {
    const domain = domainOf[t]!;
    elements[domain]! += size;
    for (let at = 0; at < size; at += CHUNK) draws[domain]! += drawCount(Math.min(CHUNK, size - at), fraction);
  });
  return { elements, draws };
}

/** k' of each domain. */
export function sampledBudget(
  { pruned, domainOf }: Budget,
  tensors: readonly Pick<PrunableTensor, 'size'>[],
  fraction: number,
): number[] {
  const { elements, draws } = domainSizes(tensors, domainOf, fraction);
  return pruned.map((k, d) => (k === 0 ? 0 : Math.max(1, Math.floor((k * (draws[d] ?? 0)) / (elements[d] ?? 1)))));
}

/** Keep flags under a sampled threshold, concatenated in tie order: the slow twin of planSampledSelection. */
export function selectSampled(
  tensors: readonly Pick<PrunableTensor, 'size'>[],
  scores: Float64Array,
  budget: Budget,
  sampling: Sampling,
): Uint8Array {
  const drawn: number[][] = budget.pruned.map(() => []);
  let [first, draw] = [0, 0];
  tensors.forEach(({ size }, t) => {
    for (let at = 0; at < size; at += CHUNK) {
      const n = Math.min(CHUNK, size - at);
      for (let left = drawCount(n, sampling.fraction); left > 0; left--, draw++)
        drawn[budget.domainOf[t]!]!.push(scores[first + at + drawIndex(sampling.word(draw), n)]!);
    }
    first += size;
  });
  const thresholds = sampledBudget(budget, tensors, sampling.fraction).map((k, d) =>
    k === 0 ? -Infinity : Float64Array.from(drawn[d]!).sort()[k - 1]!,
  );
  const keep = new Uint8Array(scores.length);
  let i = 0;
  tensors.forEach(({ size }, t) => {
    const threshold = thresholds[budget.domainOf[t]!]!;
    for (const end = i + size; i < end; i++) keep[i] = scores[i]! <= threshold ? 0 : 1;
  });
  return keep;
}
