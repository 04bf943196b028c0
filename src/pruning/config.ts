/** What is pruned, by which score, when, and under which thresholds. Spec: optimizers-pruning-fisher 2 and 9. */
import type { Ramp } from './ramps';
import type { ScoreName } from './scores';

export type PruneMethod = 'random' | 'magnitude' | 'movement' | 'movementRepo' | 'state';

/** Tensors that share a threshold: all, each its own, each its own with depth-scaled sparsity, attention and MLP budgets. */
export type PruneScope = 'global' | 'tensor' | 'depth' | 'ratio';

/** `blocks`: the matrices inside the transformer blocks. `repo`: the head as well, which is the tied embedding table. */
export type PrunableSet = 'blocks' | 'repo';

export interface PruningConfig {
  readonly method: PruneMethod;
  /** The score in use: the method's own, or the chosen state score. */
  readonly score: ScoreName;
  readonly eps: number;
  /** Exponent of the generic score. */
  readonly q: number;
  /** Final share of the prunable weights that is zero, in [0, 1). */
  readonly target: number;
  /** Updates done when the ramp leaves 0 and when it reaches the target. */
  readonly start: number;
  readonly end: number;
  /** Updates between mask events. */
  readonly every: number;
  readonly ramp: Ramp;
  readonly scope: PruneScope;
  readonly set: PrunableSet;
  /** Depth scope: scale the sparsities so that the total is the ramp's. */
  readonly rebalance: boolean;
  /** `repo`: as the described system, which leaves gradients and state of pruned weights alone unless they score (2.1, 1.4). */
  readonly maskState: 'all' | 'repo';
  /** eps is this share of the median of v (domains.ts: medianBlock), not an absolute value. */
  readonly epsOfMedian: boolean;
  /** Share of the scores that thresholds are taken from; null: exact selection. */
  readonly sample: number | null;
}

/** What of a pruned weight is 0 beside itself: gradient and all state; gradient, m and v; nothing. */
export type MaskState = 'all' | 'moments' | 'none';

export const maskStateOf = ({ maskState, method }: Pick<PruningConfig, 'maskState' | 'method'>): MaskState =>
  maskState === 'all' ? 'all' : method === 'state' ? 'moments' : 'none';

/** True for a state slot that is masked. */
export const masksSlot = (state: MaskState, slot: string): boolean =>
  state === 'all' || (state === 'moments' && slot !== 'max_exp_avg_sq');

/** True when masks are recomputed after update number `done` (1-based): every `every` updates past the start, and at the end. */
export function isMaskEvent(done: number, { start, end, every }: PruningConfig): boolean {
  return done > start && done <= end && ((done - start) % every === 0 || done === end);
}
