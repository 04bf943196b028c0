/** AdamW in f64, the twin of the fused kernel, and the scalars that the Adam kernels need. Spec: optimizers-pruning-fisher 1.1. */
import type { TensorUpdate, UpdateHyper } from './kinds';

/** lr / (1 - beta1^t) and 1 / sqrt(1 - beta2^t) for the 1-based update count t, in f64: 0.999^t drifts in f32. */
export function biasCorrection(
  lr: number,
  beta1: number,
  beta2: number,
  t: number,
): { stepSize: number; invSqrtC2: number } {
  return { stepSize: lr / (1 - beta1 ** t), invSqrtC2: 1 / Math.sqrt(1 - beta2 ** t) };
}

/** min(1, clip / (norm + 1e-6)); 1 when clipping is off. */
export const clipCoefficient = (norm: number, clip: number): number =>
  clip > 0 ? Math.min(1, clip / (norm + 1e-6)) : 1;

/** Updates w and the moments in place. Decay comes first and does not enter the moments. */
export function adamwStep(update: TensorUpdate, { lr, beta1, beta2, eps, weightDecay }: UpdateHyper): void {
  const { w, g, state, t, coefficient, decay } = update;
  const [m, v] = [state.exp_avg!, state.exp_avg_sq!];
  const { stepSize, invSqrtC2 } = biasCorrection(lr, beta1, beta2, t);
  const keep = decay ? 1 - lr * weightDecay : 1;
  for (let i = 0; i < w.length; i++) {
    const gi = g[i]! * coefficient;
    m[i] = beta1 * m[i]! + (1 - beta1) * gi;
    v[i] = beta2 * v[i]! + (1 - beta2) * gi * gi;
    w[i] = w[i]! * keep - (stepSize * m[i]!) / (Math.sqrt(v[i]!) * invSqrtC2 + eps);
  }
}
