/** The update rules, what each keeps per parameter, and which parameters decay. Spec: optimizers-pruning-fisher 1.1, 1.5. */
export type OptimizerKind = 'sgd' | 'adam' | 'adamw' | 'adamwadv' | 'adamwspam' | 'sinkgd';

/** One f32 a parameter, in an arena of its own; PyTorch's names. */
export type StateSlot = 'momentum_buffer' | 'exp_avg' | 'exp_avg_sq' | 'max_exp_avg_sq';

export const STATE_SLOTS: Readonly<Record<OptimizerKind, readonly StateSlot[]>> = {
  sgd: ['momentum_buffer'],
  adam: ['exp_avg', 'exp_avg_sq'],
  adamw: ['exp_avg', 'exp_avg_sq'],
  adamwadv: ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'],
  adamwspam: ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'],
  sinkgd: [],
};

/** True for the rules whose state can score weights: they keep exp_avg and exp_avg_sq. */
export const hasMoments = (kind: OptimizerKind): boolean => STATE_SLOTS[kind].includes('exp_avg_sq');

/**
 * Which parameters decay. `clean`: the matrices of linears. `repo`: every parameter but biases and embeddings, so LayerNorm
 * gains decay too, as in the described system (its LayerNorm is a class of its own, which its rule does not know).
 */
export type DecayGroups = 'clean' | 'repo';

/** `decay` is the model's own flag (matrices of linears). */
export function decays(
  groups: DecayGroups,
  { name, decay }: { readonly name: string; readonly decay: boolean },
): boolean {
  return groups === 'clean' ? decay : !/(\.bias|wte\.weight|wpe\.weight)$/.test(name);
}

/** Settings of one update. `lr` already holds schedule and SPAM warm-up. */
export interface UpdateHyper {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** One tensor's share of an update in f64; `coefficient` is the clip scale of its gradient, `t` the 1-based update count. */
export interface TensorUpdate {
  readonly w: Float64Array;
  readonly g: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly state: Readonly<Partial<Record<StateSlot, Float64Array>>>;
  readonly t: number;
  readonly coefficient: number;
  readonly decay: boolean;
}
