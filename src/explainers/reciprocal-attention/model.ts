/** Causal attention weights and those with queries and keys exchanged. Source: attention-and-kv 2.2. */

/** Row-wise softmax of a·bᵀ/√d under the causal mask; a and b are [T][d]. */
export function causalWeights(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  const d = a[0].length;
  return a.map((row, i) => {
    const scores = b.slice(0, i + 1).map((other) => row.reduce((s, v, k) => s + v * other[k], 0) / Math.sqrt(d));
    const top = Math.max(...scores);
    const e = scores.map((s) => Math.exp(s - top));
    const sum = e.reduce((x, y) => x + y, 0);
    return b.map((_, j) => (j <= i ? e[j] / sum : 0));
  });
}

/** β = tanh(a): the branch weighs nothing at a = 0, where the model equals its baseline. */
export const branchWeight = (logit: number): number => Math.tanh(logit);
