/** Adam's second moment beside the cumulative empirical Fisher diagonal of one parameter. Source: optimizers-pruning-fisher; Kingma & Ba 2015. */
import { mulberry32 } from '../maths/statistics';

export interface Trace {
  readonly squared: number[];
  /** Bias-corrected v. */
  readonly adam: number[];
  /** Mean of g² so far. */
  readonly fisher: number[];
}

/** v_t = β₂ v + (1-β₂) g², divided by 1-β₂^t; Fisher is the running mean of g². */
export function trace(gradients: readonly number[], beta2: number): Trace {
  const out: Trace = { squared: [], adam: [], fisher: [] };
  let [v, sum] = [0, 0];
  gradients.forEach((g, i) => {
    v = beta2 * v + (1 - beta2) * g * g;
    sum += g * g;
    out.squared.push(g * g);
    out.adam.push(v / (1 - beta2 ** (i + 1)));
    out.fisher.push(sum / (i + 1));
  });
  return out;
}

/** Normal gradients whose scale decays, with one spike at 60 % of the way. Made up, not from a run. */
export function syntheticGradients(steps: number, spike: number, seed = 1): number[] {
  const random = mulberry32(seed);
  return Array.from({ length: steps }, (_, i) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return normal * (0.4 + 0.6 * Math.exp(-i / (0.3 * steps))) + (i === Math.floor(0.6 * steps) ? spike : 0);
  });
}

/** Steps until the weight of the start has fallen to 1 %: ln 0.01 / ln β₂. */
export const memorySteps = (beta2: number): number => Math.log(0.01) / Math.log(beta2);
