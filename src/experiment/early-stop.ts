/** Stop at best validation: a run ends when EARLY_STOP_PATIENCE evaluations in a row brought no lower held-out loss. */
import type { TrainingConfig } from './config';
import type { EarlyStopEvent } from './events';
import type { TrainProgress } from './train';

/**
 * The verdict after the evaluation at `step`; null: go on. It follows from the best step alone, because every evaluation before the
 * last step lies at a multiple of EVAL_INTERVAL: a resumed run needs no counter of its own. A loss that is no number is no better one.
 */
export function earlyStop(
  { earlyStopPatience: patience, evalInterval }: TrainingConfig,
  step: number,
  best: TrainProgress['best'],
): EarlyStopEvent | null {
  if (patience === 0 || evalInterval === 0) return null;
  const worse = (step - (best?.step ?? -evalInterval)) / evalInterval;
  if (worse < patience) return null;
  return { event: 'early_stop', step, best_step: best?.step ?? null, patience };
}

/** Why the run ended, for people. */
export const earlyStopText = ({ step, best_step }: Pick<EarlyStopEvent, 'step' | 'best_step'>): string =>
  `stopped at step ${step}: no better validation loss since ${best_step === null ? 'the start' : `step ${best_step}`}`;

/** Whether a manifest's reason is such a text. */
export const endedEarly = (reason: string | undefined): boolean => reason?.startsWith('stopped at step ') ?? false;
