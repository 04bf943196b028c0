/** Runs that a clock ends (MAX_SECONDS, TIME=) are complete, but no second run ends at the same step: a replay counts steps instead. */
import type { ExperimentConfig } from '../config';
import { endedEarly } from '../early-stop';
import type { Manifest } from '../manifest/schema';

/** Why a run ended, for people. */
export const timeLimitText = (steps: number, of: number): string => `ended at step ${steps} of ${of}: the time limit`;

/** A configuration without a limit in seconds. */
export const untimed = (config: ExperimentConfig): ExperimentConfig => ({
  ...config,
  training: { ...config.training, maxSeconds: 0 },
});

/** The step at which a replay of the run ends; null: where its configuration says. `config`: as the run was started. */
export function replayEnd(
  { stopAt = null, config: recorded, results }: Manifest,
  config: ExperimentConfig,
): number | null {
  const limited = config.training.maxSeconds > 0 || recorded?.overrides['TIME'] !== undefined;
  return limited && results?.status === 'ok' && !endedEarly(results.reason) ? results.steps : stopAt;
}
