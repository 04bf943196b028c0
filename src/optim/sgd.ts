/** SGD with momentum in f64; decay is coupled, no dampening. Spec: optimizers-pruning-fisher 1.1. */
import type { TensorUpdate, UpdateHyper } from './kinds';

/** Updates w and momentum_buffer in place. A zero buffer makes the first step b = g, as PyTorch has it. */
export function sgdStep(
  { w, g, state, coefficient, decay }: TensorUpdate,
  { lr, momentum, weightDecay }: UpdateHyper,
): void {
  const b = state.momentum_buffer!;
  for (let i = 0; i < w.length; i++) {
    const gi = g[i]! * coefficient + (decay ? weightDecay * w[i]! : 0);
    b[i] = momentum * b[i]! + gi;
    w[i]! -= lr * b[i]!;
  }
}
