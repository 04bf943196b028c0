/** How far an update moves one weight, decay left out. Spec: optimizers-pruning-fisher 1.1. */
import type { OptimizerKind } from './kinds';

export interface StateAt {
  /** exp_avg, exp_avg_sq, max_exp_avg_sq, momentum_buffer; 0 where the rule has none. */
  readonly m: number;
  readonly v: number;
  readonly vMax: number;
  readonly velocity: number;
}

export interface StepScale {
  readonly lr: number;
  readonly eps: number;
  /** 1 - beta1^t and 1 - beta2^t. */
  readonly correction1: number;
  readonly correction2: number;
}

/** Absolute step of the last update from the state that it left; null for SinkGD, whose step depends on its whole matrix. */
export function effectiveStep(kind: OptimizerKind, x: StateAt, scale: StepScale): number | null {
  const { lr, eps, correction1, correction2 } = scale;
  const adam = (v: number): number => (lr * Math.abs(x.m / correction1)) / (Math.sqrt(v / correction2) + eps);
  switch (kind) {
    case 'sgd':
      return lr * Math.abs(x.velocity);
    case 'adam':
    case 'adamw':
      return adam(x.v);
    case 'adamwadv':
    case 'adamwspam':
      return adam(x.vMax);
    case 'sinkgd':
      return null;
  }
}
