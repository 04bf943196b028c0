/** One optimizer update as numbers (what varies from step to step) and in f64 (what the kernels must equal). */
import { adamStep } from './adam';
import { adamwStep } from './adamw';
import { adamwAdvStep } from './adamwadv';
import type { OptimizerKind, TensorUpdate, UpdateHyper } from './kinds';
import { type Schedule, learningRateAt } from './schedule';
import { sgdStep } from './sgd';
import { sinkgdStep } from './sinkgd';
import { type SpamConfig, spamStep } from './spam';

export interface OptimizerSettings extends Omit<Schedule, 'maxIters'> {
  readonly kind: OptimizerKind;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** SGD. */
  readonly momentum: number;
  /** Global-norm clip; 0 = off. */
  readonly gradClip: number;
  /** Of adamwspam; null otherwise. */
  readonly spam: SpamConfig | null;
}

export interface StepPlan {
  /** Learning rate in force: schedule and SPAM warm-up. */
  readonly lr: number;
  /** 1-based count for the bias correction. */
  readonly t: number;
  readonly reset: boolean;
  /** Coordinate clip; 0 = off. */
  readonly theta: number;
}

/** What is special to `step` (from 0) of a run of `maxIters`. */
export function stepPlan(settings: OptimizerSettings, maxIters: number, step: number): StepPlan {
  const lr = learningRateAt(step, { ...settings, maxIters });
  if (settings.spam === null) return { lr, t: step + 1, reset: false, theta: 0 };
  const { lrScale, t, reset, theta } = spamStep(step, settings.spam);
  return { lr: lr * lrScale, t, reset, theta };
}

/** Applies the rule to one tensor in f64. */
export function updateTensor(kind: OptimizerKind, update: TensorUpdate, hyper: UpdateHyper): void {
  switch (kind) {
    case 'sgd':
      return sgdStep(update, hyper);
    case 'adam':
      return adamStep(update, hyper);
    case 'adamw':
      return adamwStep(update, hyper);
    case 'adamwadv':
    case 'adamwspam':
      return adamwAdvStep(update, hyper);
    case 'sinkgd':
      return sinkgdStep(update, hyper);
  }
}
