/**
 * Runs compared with their paired baselines: one row a group of runs that differ in nothing but the seed. Lower is better for
 * every metric here (losses). No pair, no comparison: a group is never set against a baseline of other seeds.
 */
import type { Status } from '../manifest/names';
import type { Manifest } from '../manifest/schema';
import { type PairedComparison, comparePaired, holm } from '../stats/paired';
import { mean, standardDeviation } from '../stats/summary';
import { type AxisCorrelation, axisCorrelations } from './group';

export interface ReportedRun {
  readonly id: string;
  /** What names its group: axis labels, or the preset and overrides of a single run. */
  readonly axes: Readonly<Record<string, string>>;
  readonly seed: number;
  readonly status: Status;
  readonly manifest: Manifest | null;
  /** Runs of two groups with equal text are compared; the seed by default. */
  readonly pair?: string;
}

export type Metric = 'val_loss' | 'best_val_loss' | 'loss';

export interface ReportRow {
  readonly group: string;
  readonly axes: Readonly<Record<string, string>>;
  readonly seeds: readonly number[];
  readonly values: readonly number[];
  readonly mean: number | null;
  /** Over seeds, n - 1; null for one run. */
  readonly spread: number | null;
  readonly params: number | null;
  readonly baseline: boolean;
  /** Over the seeds that both have; null for the baseline itself, and without a common seed. */
  readonly paired: (PairedComparison & { readonly holm: number }) | null;
}

export interface Report {
  readonly metric: Metric;
  readonly baseline: string | null;
  readonly counts: Readonly<Partial<Record<Status, number>>>;
  readonly rows: readonly ReportRow[];
  /** Of axes with numbers; all runs, not paired. */
  readonly correlations: readonly AxisCorrelation[];
  /** What a reader has to know before quoting a figure. */
  readonly notes: readonly string[];
}

export function valueOf({ status, manifest }: ReportedRun, metric: Metric): number | null {
  const results = manifest?.results;
  if (status !== 'ok' || !results) return null;
  const value = metric === 'best_val_loss' ? results.best?.loss : results.final[metric];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

interface Measured {
  readonly seed: number;
  readonly value: number;
}

export const groupName = (axes: Readonly<Record<string, string>>): string => Object.values(axes).join(' ') || 'base';

/** `baseline`: the group's name as the table shows it. Throws RangeError when there is no such group. */
export function makeReport(runs: readonly ReportedRun[], metric: Metric, baseline?: string): Report {
  const groups = new Map<string, ReportedRun[]>();
  for (const run of runs) groups.set(groupName(run.axes), [...(groups.get(groupName(run.axes)) ?? []), run]);
  const base = baseline ?? [...groups.keys()][0] ?? null;
  if (base !== null && !groups.has(base))
    throw new RangeError(`there is no group "${base}"; there are: ${[...groups.keys()].join(', ')}`);
  const measured = (list: readonly ReportedRun[]): Map<string, Measured> =>
    new Map(list.flatMap((run) => {
      const value = valueOf(run, metric);
      return value === null ? [] : [[run.pair ?? String(run.seed), { seed: run.seed, value }] as const];
    }).sort(([, a], [, b]) => a.seed - b.seed)); // prettier-ignore
  const reference = base === null ? new Map<string, Measured>() : measured(groups.get(base)!);
  const rows = [...groups].map(([group, list]) => {
    const values = measured(list);
    const common = [...values.keys()].filter((pair) => reference.has(pair));
    const paired =
      group === base || common.length === 0
        ? null
        : comparePaired(common.map((s) => values.get(s)!.value), common.map((s) => reference.get(s)!.value)); // prettier-ignore
    const all = [...values.values()].map(({ value }) => value);
    const spread = standardDeviation(all);
    return {
      group,
      axes: list[0]!.axes,
      seeds: [...values.values()].map(({ seed }) => seed),
      values: all,
      mean: all.length > 0 ? mean(all) : null,
      spread: Number.isNaN(spread) ? null : spread,
      params: list.find((run) => run.manifest?.model)?.manifest?.model?.params ?? null,
      baseline: group === base,
      paired,
    };
  });
  const adjusted = holm(rows.flatMap(({ paired }) => (paired ? [paired.test.p] : [])));
  let next = 0;
  const counts: Partial<Record<Status, number>> = {};
  for (const { status } of runs) counts[status] = (counts[status] ?? 0) + 1;
  return {
    metric,
    baseline: base,
    counts,
    rows: rows.map((row) => ({ ...row, paired: row.paired && { ...row.paired, holm: adjusted[next++]! } })),
    correlations: axisCorrelations(
      runs.flatMap((run) => {
        const value = valueOf(run, metric);
        return value === null ? [] : [{ axes: run.axes, value }];
      }),
    ),
    notes: notesOn(runs, rows),
  };
}

function notesOn(
  runs: readonly ReportedRun[],
  rows: readonly { readonly paired: PairedComparison | null }[],
): string[] {
  const manifests = runs.flatMap(({ manifest }) => (manifest ? [manifest] : []));
  const distinct = (of: (m: Manifest) => unknown): number => new Set(manifests.map((m) => JSON.stringify(of(m)))).size;
  const notes: string[] = [];
  const pairs = rows.flatMap(({ paired }) => (paired ? [paired] : []));
  const fewest = Math.min(...pairs.map((p) => p.n));
  if (pairs.length > 0 && fewest < 6)
    notes.push(
      `${fewest} ${fewest === 1 ? 'pair' : 'pairs'}: p cannot be below ${2 / 2 ** fewest}, so no difference can reach p < 0.05 with fewer than 6 seeds`,
    );
  if (manifests.some((m) => m.device?.software))
    notes.push('software adapter or CPU: losses hold, times say nothing about hardware');
  if (distinct((m) => m.data?.sha256) > 1)
    notes.push('the runs did not train on the same data: losses are not comparable');
  if (distinct((m) => [m.device?.backend, m.device?.adapter]) > 1)
    notes.push('the runs were made on different adapters');
  if (distinct((m) => m.results?.steps) > 1) notes.push('the runs have different numbers of steps');
  return notes;
}
