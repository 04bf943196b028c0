/**
 * AdamWAdv in f64: AdamW whose denominator uses the largest exp_avg_sq so far, before bias correction (AMSGrad as PyTorch has it).
 * Spec: optimizers-pruning-fisher 1.1.
 */
import { biasCorrection } from './adamw';
import type { TensorUpdate, UpdateHyper } from './kinds';

/** Updates w, the moments and max_exp_avg_sq in place. */
export function adamwAdvStep(update: TensorUpdate, { lr, beta1, beta2, eps, weightDecay }: UpdateHyper): void {
  const { w, g, state, t, coefficient, decay } = update;
  const [m, v, peak] = [state.exp_avg!, state.exp_avg_sq!, state.max_exp_avg_sq!];
  const { stepSize, invSqrtC2 } = biasCorrection(lr, beta1, beta2, t);
  const keep = decay ? 1 - lr * weightDecay : 1;
  for (let i = 0; i < w.length; i++) {
    const gi = g[i]! * coefficient;
    m[i] = beta1 * m[i]! + (1 - beta1) * gi;
    v[i] = beta2 * v[i]! + (1 - beta2) * gi * gi;
    peak[i] = Math.max(peak[i]!, v[i]!);
    w[i] = w[i]! * keep - (stepSize * m[i]!) / (Math.sqrt(peak[i]!) * invSqrtC2 + eps);
  }
}
