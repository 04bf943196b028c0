/** Groups by any symbol, and how a symbol's value goes with the metric. */
import { assignments } from '../assignments';
import { type Interval, fisherInterval, spearman } from '../stats/correlation';
import type { ReportedRun } from './report';

/**
 * Runs under groups named by the values of `symbols`. Two runs are paired when they agree in the seed and in every axis that does
 * not decide the group. Throws RangeError for a symbol that no run has.
 */
export function groupBySymbols(runs: readonly ReportedRun[], symbols: readonly string[]): ReportedRun[] {
  const values = runs.map(({ manifest }) => assignments(manifest?.config?.full ?? ''));
  const unknown = symbols.find((symbol) => values.every((config) => !config.has(symbol)));
  if (unknown !== undefined) throw new RangeError(`no run has a symbol ${unknown}`);
  const grouped = runs.map((run, i) => {
    const axes = Object.fromEntries(symbols.map((symbol) => [symbol, `${symbol}=${values[i]!.get(symbol) ?? 'none'}`]));
    return { run, axes, group: Object.values(axes).join(' ') };
  });
  const decides = (axis: string): boolean => {
    const groups = new Map<string, Set<string>>();
    for (const { run, group } of grouped) {
      const label = run.axes[axis] ?? '';
      groups.set(label, (groups.get(label) ?? new Set()).add(group));
    }
    return groups.size > 1 && [...groups.values()].every((set) => set.size === 1);
  };
  const axes = [...new Set(runs.flatMap((run) => Object.keys(run.axes)))];
  const free = axes.filter((axis) => !symbols.includes(axis) && !decides(axis));
  return grouped.map(({ run, axes: named }) => ({
    ...run,
    axes: named,
    pair: [String(run.seed), ...free.map((axis) => run.axes[axis] ?? '')].join(' '),
  }));
}

export interface AxisCorrelation {
  readonly axis: string;
  readonly n: number;
  /** Spearman's coefficient of the axis's number and the metric; two-sided p. */
  readonly rho: number;
  readonly p: number;
  readonly method: 'exact' | 't';
  /** Fisher's 95 % interval; null below four runs and where |rho| = 1. */
  readonly interval: Interval | null;
}

/** All orders are counted up to here. */
const EXACT_N = 9;

/** For each axis with at least three different numbers: does the metric rise or fall with it? Runs of all groups and seeds. */
export function axisCorrelations(
  runs: readonly { readonly axes: Readonly<Record<string, string>>; readonly value: number }[],
): AxisCorrelation[] {
  const axes = [...new Set(runs.flatMap((run) => Object.keys(run.axes)))];
  return axes.flatMap((axis): AxisCorrelation[] => {
    const pairs = runs.flatMap(({ axes: named, value }) => {
      const text = (named[axis] ?? '').replace(`${axis}=`, '');
      const x = Number(text);
      return text.trim() === '' || !Number.isFinite(x) ? [] : [[x, value] as const];
    });
    const [x, y] = [pairs.map((pair) => pair[0]), pairs.map((pair) => pair[1])];
    if (new Set(x).size < 3 || new Set(y).size < 2) return [];
    const n = pairs.length;
    const method = n <= EXACT_N ? 'exact' : 't';
    const { r, p } = spearman(x, y, { p: method });
    const interval = n >= 4 && Math.abs(r) < 1 ? fisherInterval(r, n, 'spearman') : null;
    return [{ axis, n, rho: r, p, method, interval }];
  });
}
