/** Adam in f64: decay is coupled, so lambda w enters the gradient and both moments. Spec: optimizers-pruning-fisher 1.1. */
import { biasCorrection } from './adamw';
import type { TensorUpdate, UpdateHyper } from './kinds';

/** Updates w and the moments in place. */
export function adamStep(update: TensorUpdate, { lr, beta1, beta2, eps, weightDecay }: UpdateHyper): void {
  const { w, g, state, t, coefficient, decay } = update;
  const [m, v] = [state.exp_avg!, state.exp_avg_sq!];
  const { stepSize, invSqrtC2 } = biasCorrection(lr, beta1, beta2, t);
  for (let i = 0; i < w.length; i++) {
    const gi = g[i]! * coefficient + (decay ? weightDecay * w[i]! : 0);
    m[i] = beta1 * m[i]! + (1 - beta1) * gi;
    v[i] = beta2 * v[i]! + (1 - beta2) * gi * gi;
    w[i]! -= (stepSize * m[i]!) / (Math.sqrt(v[i]!) * invSqrtC2 + eps);
  }
}
