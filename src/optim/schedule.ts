/** Learning-rate schedule. Spec: optimizers-pruning-fisher 1.2, in the (step + 1) / warm-up form. */
export interface Schedule {
  readonly learningRate: number;
  readonly minLr: number;
  readonly warmupSteps: number;
  readonly decayLr: boolean;
  readonly maxIters: number;
}

/** lr of `step` (from 0): linear warm-up lr (step + 1) / warmup, then cosine to minLr at maxIters, minLr after it. */
export function learningRateAt(
  step: number,
  { learningRate, minLr, warmupSteps, decayLr, maxIters }: Schedule,
): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (!decayLr) return learningRate;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, maxIters - warmupSteps));
  return minLr + 0.5 * (learningRate - minLr) * (1 + Math.cos(Math.PI * progress));
}
