/**
 * Which tensors are prunable, which share a threshold, and how many of their elements go. Spec: optimizers-pruning-fisher 2.1, 2.5.
 * The order of prunable tensors is that of definition with the tied table last, as a module walk meets it; ties break in this order.
 */
import type { PrunableSet, PruneScope } from './config';

export interface PrunableTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  /** Element offset in the parameter arena. */
  readonly offset: number;
}

/** Elements of a tensor that medians of its v are taken over. */
const MEDIAN_ELEMENTS = 4096;

/** [first, elements]: the middle of a tensor, the same on both backends. */
export function medianBlock(size: number): readonly [number, number] {
  const n = Math.min(size, MEDIAN_ELEMENTS);
  return [Math.floor((size - n) / 2), n];
}

const isHead = (name: string): boolean => name === 'lm_head.weight';
const isTable = (name: string): boolean => name === 'transformer.wte.weight';

/** Prunable parameters of a set, in tie order. */
export function prunableTensors<T extends PrunableTensor>(parameters: readonly T[], set: PrunableSet): T[] {
  const blocks = parameters.filter(({ name, shape }) => /\.h\.\d+\..*weight$/.test(name) && shape.length >= 2);
  if (set === 'blocks') return blocks;
  const head = parameters.find(({ name }) => isHead(name)) ?? parameters.find(({ name }) => isTable(name));
  return head ? [...blocks, head] : blocks;
}

/** Thresholds of one mask event: domain of each tensor, and how many elements each domain prunes. */
export interface Budget {
  readonly domainOf: readonly number[];
  readonly pruned: readonly number[];
}

/** A target that the scope cannot reach with this model. */
export class BudgetError extends Error {
  override name = 'BudgetError';
}

/** Largest sparsity of a tensor in the depth scope. */
const DEPTH_CAP = 0.95;

/** bitter4's sparsity of each tensor, 0.7 s first to 1.3 s last, at most 0.95; `rebalance` scales so that the total is s. */
export function depthSparsities(sizes: readonly number[], s: number, rebalance: boolean): number[] {
  const slope = (i: number): number => 0.7 + (sizes.length > 1 ? (0.6 * i) / (sizes.length - 1) : 0.3);
  const plain = sizes.map((_, i) => Math.min(DEPTH_CAP, s * slope(i)));
  if (!rebalance || s === 0) return plain;
  const total = s * sizes.reduce((a, b) => a + b, 0);
  const at = (scale: number): number[] => sizes.map((_, i) => Math.min(DEPTH_CAP, scale * slope(i)));
  const sum = (list: readonly number[]): number => list.reduce((a, share, i) => a + share * sizes[i]!, 0);
  if (sum(at(2)) < total) return sizes.map(() => s); // above the cap's reach: uniform
  let [low, high] = [0, 2];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (sum(at(middle)) < total) low = middle;
    else high = middle;
  }
  return at(high);
}

/** RATIO: remaining MLP over remaining attention weights. */
export const RATIO = 2.5;

/** Sparsities alpha of `attention` and mu of `mlp` elements: their sum is `s`, what remains stands in the ratio r. */
export function ratioBudgets(attention: number, mlp: number, s: number, r = RATIO): { alpha: number; mu: number } {
  const total = attention + mlp;
  const alpha = (s * total + r * attention - mlp) / (attention * (1 + r));
  return { alpha, mu: (s * total - alpha * attention) / mlp };
}

/** Throws BudgetError where RATIO cannot hold at the target. */
export function budgetOf(
  tensors: readonly PrunableTensor[],
  scope: PruneScope,
  { sparsity, target, rebalance }: { readonly sparsity: number; readonly target: number; readonly rebalance: boolean },
): Budget {
  const sizes = tensors.map(({ size }) => size);
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  switch (scope) {
    case 'global':
      return { domainOf: sizes.map(() => 0), pruned: [Math.round(sparsity * sum(sizes))] };
    case 'tensor':
      return { domainOf: sizes.map((_, i) => i), pruned: sizes.map((n) => Math.round(sparsity * n)) };
    case 'depth': {
      const shares = depthSparsities(sizes, sparsity, rebalance);
      return { domainOf: sizes.map((_, i) => i), pruned: sizes.map((n, i) => Math.round(shares[i]! * n)) };
    }
    case 'ratio': {
      const groupOf = tensors.map(({ name }) => (name.includes('.attn.') ? 0 : name.includes('.mlp.') ? 1 : 2));
      const totals = [0, 1, 2].map((group) => sum(sizes.filter((_, i) => groupOf[i] === group)));
      const { alpha, mu } = ratioBudgets(totals[0]!, totals[1]!, target);
      if (!(alpha >= 0 && alpha < 1 && mu >= 0 && mu < 1))
        throw new BudgetError(
          `PRUNING_TARGET_SPARSITY=${target} with PRUNING_SCOPE_RATIO needs sparsity ${alpha.toFixed(3)} of attention and ` +
            `${mu.toFixed(3)} of the MLP, which must lie in [0, 1): choose another target or PRUNING_SCOPE_GLOBAL`,
        );
      // Along the ramp both budgets grow in proportion: below the target the ratio itself may have no solution.
      const done = target > 0 ? sparsity / target : 0;
      const shares = [alpha * done, mu * done, sparsity];
      return { domainOf: groupOf, pruned: totals.map((n, group) => Math.round(shares[group]! * n)) };
    }
  }
}
