/** What AdamWSPAM reports of a step. */
import { stepPlan } from '@/optim/update';
import type { ExperimentConfig } from './config';
import type { SpamEvent } from './events';

export interface SpamOutcome {
  readonly z: number;
  readonly spike: boolean;
  /** Coordinates clipped. */
  readonly clipped: number;
}

export function spamEvents(
  { optimizer, training }: ExperimentConfig,
  step: number,
  { z, spike, clipped }: SpamOutcome,
  parameters: number,
): SpamEvent[] {
  const kinds: SpamEvent['kind'][] = [];
  if (clipped > 0) kinds.push('clip');
  if (spike) kinds.push('spike');
  if (stepPlan(optimizer, training.maxIters, step).reset) kinds.push('reset');
  return kinds.map((kind) => ({ event: 'spam', step, kind, z, frac_clipped: clipped / parameters }));
}
