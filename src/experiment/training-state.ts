/**
 * The whole state of a training run as named tensors, enough to continue bit for bit.
 *
 *   <name>                          weights, in the parameters' order
 *   exp_avg.<name> and the like     optimizer state (optim/kinds.ts: STATE_SLOTS), where the optimizer has it
 *   mask.<name>                     keep bits of pruned tensors, 32 a U32 word, lowest bit first
 *   spam.norms                      the last gradient norms of AdamWSPAM
 *   train.step                      U32 [1]: updates done, which is the next step to run
 *
 * F32 on WebGPU, F64 on the reference; random numbers are functions of counters and need no state.
 */
import type { SafeTensor } from './safetensors';

type WithoutName<T> = T extends unknown ? Omit<T, 'name'> : never;
export type StateTensor = WithoutName<SafeTensor>;
export type TrainingState = ReadonlyMap<string, StateTensor>;

/** SPAM's queue of gradient norms. */
export const SPAM_KEY = 'spam.norms';
export const STEP_KEY = 'train.step';
const OPTIMIZER_STATE = /^(exp_avg|exp_avg_sq|max_exp_avg_sq|momentum_buffer|mask|movement|initial|train|spam)\./;

/** True for entries that are weights and not optimizer state. */
export const isWeight = (key: string): boolean => !OPTIMIZER_STATE.test(key);

/** A state that does not belong to this run: which tensor, what it has and what is needed. */
export class StateError extends Error {
  override name = 'StateError';
}

/** The tensor `key` with `size` elements of one of the `dtypes`. Throws StateError. */
export function stateTensor<D extends StateTensor['dtype']>(
  state: TrainingState,
  key: string,
  size: number,
  ...dtypes: readonly D[]
): Extract<StateTensor, { dtype: D }> {
  const found = state.get(key);
  if (!found) throw new StateError(`the saved state has no tensor ${key}`);
  if (!dtypes.some((d) => d === found.dtype))
    throw new StateError(`saved tensor ${key} is ${found.dtype}, this backend needs ${dtypes.join(' or ')}`);
  if (found.data.length !== size)
    throw new StateError(`saved tensor ${key} has ${found.data.length} elements, the run needs ${size}`);
  return found as Extract<StateTensor, { dtype: D }>;
}

/** Updates done when the state was saved: the step to continue with. */
export const savedStep = (state: TrainingState): number => stateTensor(state, STEP_KEY, 1, 'U32').data[0]!;

export const stepTensor = (step: number): readonly [string, StateTensor] => [
  STEP_KEY,
  { dtype: 'U32', shape: [1], data: Uint32Array.of(step) },
];
