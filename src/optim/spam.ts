/**
 * What AdamWSPAM adds to AdamWAdv: a coordinate clip, a test for norm spikes, periodic resets with a warm-up. The arithmetic of
 * the update is adamwAdvStep. Spec: optimizers-pruning-fisher 1.3; method: Huang et al., arXiv:2501.06842.
 *
 *   repo    as the described system runs it: its counter advances twice an iteration, resets keep max_exp_avg_sq and t
 *   fixed   one counter; resets clear all state and t; no coordinate clip for 50 updates after a start or a reset
 */
export interface SpamConfig {
  readonly mode: 'repo' | 'fixed';
  /** Coordinate clip |g| <= sqrt(theta (v + 1e-12)); 0 = off. */
  readonly theta: number;
  /** Counts between resets; 0 = never. */
  readonly interval: number;
  /** Counts of the LR warm-up after a reset. */
  readonly warmup: number;
  /** Soft reset when the norm's z-score exceeds this; 0 = off. */
  readonly zThreshold: number;
}

export const SPAM_QUEUE = 100;
export const SPAM_MIN_QUEUE = 10;
export const SPAM_CLIP_EPS = 1e-12;
/** Soft reset: m *= 0.5, v *= 0.9. */
export const SOFT_RESET = { m: 0.5, v: 0.9 } as const;
const CLIP_PAUSE = 50;

export interface SpamStep {
  /** Moments are cleared before this update. */
  readonly reset: boolean;
  /** Factor of the learning rate. */
  readonly lrScale: number;
  /** 1-based update count for the bias correction. */
  readonly t: number;
  /** Coordinate clip in this step; 0 = off. */
  readonly theta: number;
}

/** What SPAM does at `step` (from 0); a function of the step alone, so resuming needs no counter. */
export function spamStep(step: number, { mode, theta, interval, warmup }: SpamConfig): SpamStep {
  const perStep = mode === 'repo' ? 2 : 1;
  // repo: reset in iteration i when its count 2 (i + 1) is a multiple of the interval; fixed: after every `interval` updates.
  const count = mode === 'repo' ? 2 * (step + 1) : step;
  const period = mode === 'repo' && interval % 2 === 1 ? 2 * interval : interval; // its even counter meets no odd multiple
  const resets = period > 0 ? Math.floor(count / period) : 0;
  const since = resets > 0 ? count - resets * period : Infinity;
  const reset = since < perStep;
  const lrScale = since < warmup ? Math.max(1e-3, 0.5 * (1 - Math.cos((Math.PI * since) / warmup))) : 1;
  if (mode === 'repo') return { reset, lrScale, t: step + 1, theta: step > 0 ? theta : 0 };
  const updates = resets > 0 ? since : step;
  return { reset, lrScale, t: updates + 1, theta: updates < CLIP_PAUSE ? 0 : theta };
}

/** Clips g in place against the previous v; returns how many coordinates changed. Signs stay, non-finite values pass. */
export function clipCoordinates(g: Float64Array, v: ArrayLike<number>, theta: number): number {
  if (theta <= 0) return 0;
  let clipped = 0;
  for (let i = 0; i < g.length; i++) {
    const limit = Math.sqrt(theta * (v[i]! + SPAM_CLIP_EPS));
    if (!Number.isFinite(g[i]) || Math.abs(g[i]!) <= limit) continue;
    g[i] = Math.sign(g[i]!) * limit;
    clipped++;
  }
  return clipped;
}

/**
 * Puts the norm of `step` into the queue (slot step % 100) and returns its z-score against the others, in population standard
 * deviations; 0 while fewer than 10 norms are known.
 */
export function spikeScore(queue: Float64Array, step: number, norm: number): number {
  const slot = step % SPAM_QUEUE;
  queue[slot] = norm;
  const n = Math.min(step + 1, SPAM_QUEUE);
  if (n < SPAM_MIN_QUEUE) return 0;
  let sum = 0;
  for (let i = 0; i < n; i++) if (i !== slot) sum += queue[i]!;
  const mean = sum / (n - 1);
  let square = 0;
  for (let i = 0; i < n; i++) if (i !== slot) square += (queue[i]! - mean) ** 2;
  const deviation = Math.sqrt(square / (n - 1));
  return deviation > 0 ? (norm - mean) / deviation : 0;
}
