/** Unstructured masks. */

/** True where a weight stays: the lowest `sparsity` share of the scores goes, ties by position. */
export function mask(scores: readonly number[], sparsity: number): boolean[] {
  const gone = new Set(
    scores
      .map((_, i) => i)
      .sort((a, b) => scores[a] - scores[b])
      .slice(0, Math.round(sparsity * scores.length)),
  );
  return scores.map((_, i) => !gone.has(i));
}

/** Intersection over union of two masks; 1 when both keep nothing. */
export function jaccard(a: readonly boolean[], b: readonly boolean[]): number {
  const both = a.filter((v, i) => v && b[i]).length;
  const any = a.filter((v, i) => v || b[i]).length;
  return any === 0 ? 1 : both / any;
}
