/** Adam's second moment and the masks of a saved state, by parameter. */
import { stepPlan } from '@/optim/update';
import { unpackMask } from '@/pruning/select';
import type { ExperimentConfig } from './config';
import { STEP_KEY, type TrainingState } from './training-state';

const PREFIX = 'exp_avg_sq.';

/** exp_avg_sq / (1 - beta2^t); null when the optimizer keeps none. */
export function secondMoment(
  state: TrainingState,
  { optimizer, training }: Pick<ExperimentConfig, 'optimizer' | 'training'>,
): Map<string, Float64Array> | null {
  const moments = [...state].filter(([key]) => key.startsWith(PREFIX));
  const step = Number(state.get(STEP_KEY)?.data[0] ?? 0);
  if (moments.length === 0 || step === 0) return null;
  const { t } = stepPlan(optimizer, training.maxIters, step - 1);
  const correction = 1 - optimizer.beta2 ** t;
  return new Map(
    moments.map(([key, { data }]) => [
      key.slice(PREFIX.length),
      Float64Array.from(data as Float32Array, (x) => x / correction),
    ]),
  );
}

/** Keep flags of pruned tensors, 32 a word (a tail of the last word belongs to no element). */
export function maskFlags(state: TrainingState): Map<string, Uint8Array> {
  const masks = [...state].filter(([key]) => key.startsWith('mask.'));
  return new Map(
    masks.map(([key, { data }]) => {
      const name = key.slice('mask.'.length);
      const size = state.get(`${PREFIX}${name}`)?.data.length ?? 32 * data.length;
      return [name, unpackMask(Uint32Array.from(data as Uint32Array), size)];
    }),
  );
}
