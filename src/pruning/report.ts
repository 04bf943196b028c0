/** What a mask event reports; a line of metrics.jsonl. Spec: optimizers-pruning-fisher 2.7. */
export interface PruneReport {
  /** The ramp's sparsity and what was reached, over all prunable weights. */
  readonly target: number;
  readonly actual: number;
  readonly pruned: number;
  readonly prunable: number;
  /** Changed mask bits over prunable weights. */
  readonly churn: number;
  /** Weights that came back. */
  readonly regrown: number;
  readonly monotone: boolean;
  /** Jaccard index of the pruned set with that of a magnitude score under the same budget. */
  readonly jaccard_magnitude: number;
  /** Share of prunable weights whose exp_avg_sq is below the score's epsilon; null where the optimizer keeps none. */
  readonly sat_frac: number | null;
  /** Epsilon in force, where it follows the median of v. */
  readonly eps?: number;
  readonly non_finite: number;
  /** Score quantiles over 4,096 evenly spaced prunable weights. */
  readonly score: { readonly q10: number; readonly q50: number; readonly q90: number };
  /** FNV-1a of the packed masks. */
  readonly mask_hash: string;
  readonly density: Readonly<Record<string, number>>;
  readonly bytes: {
    readonly weights: number;
    readonly gradients: number;
    readonly optimizer: number;
    readonly masks: number;
  };
}

export const QUANTILE_SAMPLES = 4096;

/** q10, q50, q90 of unsorted scores. */
export function quantiles(scores: ArrayLike<number>): PruneReport['score'] {
  const sorted = Float64Array.from(scores).sort();
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return { q10: at(0.1), q50: at(0.5), q90: at(0.9) };
}

/** FNV-1a over the words' bytes, in hex. */
export function maskHash(masks: readonly Uint32Array[]): string {
  let hash = 0x811c9dc5;
  for (const words of masks)
    for (const byte of new Uint8Array(words.buffer, words.byteOffset, words.byteLength))
      hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** |a and b| / |a or b| of two sets given by size and intersection; 1 when both are empty. */
export const jaccard = (a: number, b: number, both: number): number => (a + b - both > 0 ? both / (a + b - both) : 1);
