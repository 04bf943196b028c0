/**
 * Importance of a weight: the smallest scores are pruned. Spec: optimizers-pruning-fisher 2.2 and 2.3; a name with a letter is
 * another printed form of the same number. The WGSL twin is shaders/pruning/score.wgsl.
 *
 * bitter8 and bitter9 are computed in f32 here; the described system computes them in f16.
 */
export const STATE_SCORES = [
  'bitter0', 'bitter1', 'bitter2', 'bitter3', 'bitter4', 'bitter5', 'bitter6', 'bitter7', 'bitter8', 'bitter9',
  'bitter7s', 'bitter8m', 'bitter8r', 'bitter9r', 'bitter10z', 'genericV', 'genericVhat', 'genericM2',
] as const; // prettier-ignore

export type StateScore = (typeof STATE_SCORES)[number];
export type ScoreName = StateScore | 'random' | 'magnitude' | 'movement' | 'movementRepo';

/** What a score may look at for one weight. */
export interface ScoreInput {
  readonly w: number;
  /** exp_avg and exp_avg_sq. */
  readonly m: number;
  readonly v: number;
  /** Accumulated -gradient x weight (movement). */
  readonly movement: number;
  /** The weight when the run began (movementRepo). */
  readonly initial: number;
  /** Structural weight of the tensor: 2.5 attention, 3 coupling, 1 other. */
  readonly sigma: number;
  /** In [0, 1): fixed for the run (random). */
  readonly random: number;
}

export interface ScoreSettings {
  readonly eps: number;
  readonly q: number;
  /** 1 - beta1^t and 1 - beta2^t. */
  readonly correction1: number;
  readonly correction2: number;
}

/** Needs of a score beside w: what has to be allocated. */
export type ScoreNeed = 'exp_avg' | 'exp_avg_sq' | 'movement' | 'initial';

const M = ['exp_avg'] as const;
const V = ['exp_avg_sq'] as const;
const MV = ['exp_avg', 'exp_avg_sq'] as const;

export const SCORE_NEEDS: Readonly<Record<ScoreName, readonly ScoreNeed[]>> = {
  random: [], magnitude: [], movement: ['movement'], movementRepo: ['initial'],
  bitter0: MV, bitter1: [], bitter2: [], bitter3: M, bitter4: M, bitter5: MV, bitter6: MV, bitter7: V, bitter8: V, bitter9: V,
  bitter7s: V, bitter8m: M, bitter8r: M, bitter9r: V, bitter10z: MV, genericV: V, genericVhat: V, genericM2: M,
}; // prettier-ignore

/** Scores that can be negative can re-admit pruned weights; for the others a pruned weight stays pruned. */
export const isSigned = (score: ScoreName): boolean =>
  score === 'bitter5' || score === 'movement' || score === 'movementRepo';

const fourthRoot = (x: number): number => Math.sqrt(Math.sqrt(x));

/** The score in f64. */
export function scoreOf(name: ScoreName, x: ScoreInput, { eps, q, correction1, correction2 }: ScoreSettings): number {
  const { w, m, v } = x;
  const size = Math.abs(w);
  switch (name) {
    case 'random':
      return x.random;
    case 'magnitude':
    case 'bitter1':
    case 'bitter2':
      return size;
    case 'movement':
      return x.movement;
    case 'movementRepo':
      return w * (w - x.initial);
    case 'bitter0':
      return (w * w * Math.abs(m)) / (Math.sqrt(v) + eps);
    case 'bitter3':
    case 'bitter4':
      return size * Math.sqrt(Math.abs(m) + eps);
    case 'bitter5':
      return (Math.sign(w) * m) / (Math.sqrt(v) + eps) + 0.1 * size;
    case 'bitter6':
      return size * Math.sqrt(Math.abs(m) + eps) * Math.sqrt((m * m) / (v + eps));
    case 'bitter7':
    case 'bitter8':
    case 'bitter9':
      return size * fourthRoot(Math.abs(v) + eps);
    case 'bitter7s':
      return size * (fourthRoot(v) + eps);
    case 'bitter8m':
      return size * Math.sqrt(Math.abs(m / correction1) + eps);
    case 'bitter8r':
      return x.sigma * size * Math.sqrt(Math.abs(m) + eps);
    case 'bitter9r':
      return x.sigma * size * (fourthRoot(v) + eps);
    case 'bitter10z':
      return (size * Math.sqrt(Math.abs(m)) * Math.abs(m)) / (Math.sqrt(v) + eps);
    case 'genericV':
      return size * (v + eps) ** q;
    case 'genericVhat':
      return size * (v / correction2 + eps) ** q;
    case 'genericM2':
      return size * (m * m + eps) ** q;
  }
}

/** sigma of the RATIO scores by the tensor's name. */
export function structuralWeight(name: string): number {
  if (/cross|coupler|gate_to_heads|recip/.test(name)) return 3;
  return name.includes('.attn.') ? 2.5 : 1;
}
