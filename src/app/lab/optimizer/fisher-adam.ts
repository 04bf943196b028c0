/**
 * Bins of a log-log scatter. Points that are not positive have no logarithm and are left out, and so are the lowest 2 % of all
 * coordinates: gradients that are rounding alone would take most of the axes.
 */
export interface DensityGrid {
  /** Decades of x and y alike: the slope-1 line is the diagonal. */
  readonly low: number;
  readonly high: number;
  readonly bins: number;
  /** [column, row from the bottom, points]. */
  readonly cells: readonly (readonly [number, number, number])[];
  readonly most: number;
}

export function densityGrid(points: readonly (readonly [number, number])[], bins: number): DensityGrid {
  const logs = points.filter(([x, y]) => x > 0 && y > 0).map(([x, y]) => [Math.log10(x), Math.log10(y)] as const);
  const all = Float64Array.from(logs.flat()).sort();
  const low = Math.floor(all[Math.floor(0.02 * all.length)] ?? Infinity);
  const high = Math.ceil(all.at(-1) ?? -Infinity);
  if (!(high > low)) return { low: -1, high: 1, bins, cells: [], most: 0 };
  const bin = (v: number): number => Math.min(bins - 1, Math.floor(((v - low) / (high - low)) * bins));
  const counts = new Map<number, number>();
  for (const [x, y] of logs) {
    if (x < low || y < low) continue;
    const at = bin(x) + bins * bin(y);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  const cells = [...counts].map(([at, n]) => [at % bins, Math.floor(at / bins), n] as const);
  return { low, high, bins, cells, most: cells.reduce((m, [, , n]) => Math.max(m, n), 0) };
}
