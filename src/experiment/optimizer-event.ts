/** Histograms of weights, gradient, optimizer state and the step that the last update took. */
import { effectiveStep } from '@/optim/effective-step';
import { stepPlan } from '@/optim/update';
import type { ExperimentConfig } from './config';
import type { OptimizerEvent } from './events';
import { logHistogram } from './log-histogram';
import type { StateSample } from './state-sample';

/** |w| moved by update number `step` (1-based), by element; null where the rule has no step of a single element. */
function steps(
  { slots, w }: StateSample,
  { optimizer, training }: ExperimentConfig,
  step: number,
): Float64Array | null {
  const { lr, t } = stepPlan(optimizer, training.maxIters, step - 1);
  const scale = {
    lr,
    eps: optimizer.eps,
    correction1: 1 - optimizer.beta1 ** t,
    correction2: 1 - optimizer.beta2 ** t,
  };
  const at = (slot: Parameters<typeof slots.get>[0], i: number): number => slots.get(slot)?.[i] ?? 0;
  const out = new Float64Array(w.length);
  for (let i = 0; i < out.length; i++) {
    const state = {
      m: at('exp_avg', i),
      v: at('exp_avg_sq', i),
      vMax: at('max_exp_avg_sq', i),
      velocity: at('momentum_buffer', i),
    };
    const moved = effectiveStep(optimizer.kind, state, scale);
    if (moved === null) return null;
    out[i] = moved;
  }
  return out;
}

export function optimizerEvent(
  sample: StateSample,
  config: ExperimentConfig,
  step: number,
  parameters: number,
): OptimizerEvent {
  const { w, g, slots } = sample;
  const moved = step > 0 && config.optimizer.layerLr === null ? steps(sample, config, step) : null;
  const of = (values: ArrayLike<number> | undefined | null) => (values ? logHistogram(values) : null);
  return {
    event: 'optimizer',
    step,
    sampled: w.length,
    of: parameters,
    w: logHistogram(w),
    g: logHistogram(g),
    m: of(slots.get('exp_avg') ?? slots.get('momentum_buffer')),
    v: of(slots.get('exp_avg_sq')),
    update: of(moved),
  };
}
