/**
 * A learning rate for each block from its second moments. Spec: optimizers-pruning-fisher 1.2.
 *   s_l = (median v_l + 1e-12)^(1/4);  multiplier_l = clamp((median s / s_l)^p, 1/4, 4)
 */
/** `v`: as above; controls with the same multipliers: `shuffled` over the layers, `depth` in ascending order of depth. */
export type LayerLrSignal = 'v' | 'shuffled' | 'depth';

export interface LayerLrConfig {
  readonly signal: LayerLrSignal;
  /** p, 1 or 2. */
  readonly power: number;
  /** Updates before the first multipliers, and between two refreshes. */
  readonly start: number;
  readonly every: number;
  /** The first multipliers stay. */
  readonly freeze: boolean;
}

/** Whether the multipliers are taken anew before update number `step` (from 0). */
export const isLayerLrRefresh = (step: number, { start, every, freeze }: LayerLrConfig): boolean =>
  freeze ? step === start : step >= start && (step - start) % every === 0;

/** Of an unsorted list; the mean of the middle two. NaN when it is empty. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const at = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[at]! : (sorted[at - 1]! + sorted[at]!) / 2;
}

/** Multipliers by layer from the medians of their v; `random` gives the key by which `shuffled` orders layer i. */
export function layerMultipliers(
  medians: readonly number[],
  config: Pick<LayerLrConfig, 'signal' | 'power'>,
  random: (i: number) => number,
): number[] {
  const sizes = medians.map((v) => Math.sqrt(Math.sqrt(v + 1e-12)));
  const reference = median(sizes);
  const byV = sizes.map((s) => Math.max(0.25, Math.min(4, (reference / s) ** config.power)));
  switch (config.signal) {
    case 'v':
      return byV;
    case 'depth':
      return byV.sort((a, b) => a - b);
    case 'shuffled': {
      const order = byV.map((_, i) => i).sort((a, b) => random(a) - random(b));
      return order.map((i) => byV[i]!);
    }
  }
}
