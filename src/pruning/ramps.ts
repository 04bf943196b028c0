/** Sparsity ramps. Spec: optimizers-pruning-fisher 2.1. `cubic` and `zhuGupta` share a name upstream and are nearly opposite. */
export type Ramp = 'cubic' | 'zhuGupta' | 'linear';

/** Share f of the way, 0 to 1 -> share of the target. */
function shape(ramp: Ramp, f: number): number {
  switch (ramp) {
    case 'cubic':
      return f ** 3;
    case 'zhuGupta':
      return 1 - (1 - f) ** 3;
    case 'linear':
      return f;
  }
}

/** Sparsity after `done` updates: 0 up to `start`, `target` from `end` on. */
export function sparsityAt(
  done: number,
  {
    ramp,
    start,
    end,
    target,
  }: { readonly ramp: Ramp; readonly start: number; readonly end: number; readonly target: number },
): number {
  return target * shape(ramp, Math.min(1, Math.max(0, (done - start) / (end - start))));
}
