/** Runs side by side: the symbols in which their configurations differ, and the paired report over groups of them. */
import { reportCsv, reportJson, reportText } from '@/experiment/report/format';
import { type ReportedRun, makeReport } from '@/experiment/report/report';
import type { Status } from '@/experiment/manifest/names';
import type { Manifest } from '@/experiment/manifest/schema';
import type { ConfigDifference, ReportAnswer, ReportRequest } from '../store-protocol';
import { assignments } from '@/experiment/assignments';

export interface StoredRun {
  readonly id: string;
  readonly status: Status;
  readonly manifest: Manifest | null;
}

/** Sorted by symbol. A symbol that some configurations lack (its dependencies are not met) differs. */
export function configDifferences(runs: readonly StoredRun[]): ConfigDifference[] {
  const configs = runs.map(({ manifest }) => assignments(manifest?.config?.full ?? ''));
  const names = [...new Set(configs.flatMap((config) => [...config.keys()]))].sort();
  return names.flatMap((symbol) => {
    const values = configs.map((config) => config.get(symbol) ?? null);
    return new Set(values).size > 1 ? [{ symbol, values }] : [];
  });
}

/** Symbols that name a group by default: all that differ but the seed, and bool symbols only where no number says the same. */
const defaultAxes = (differences: readonly ConfigDifference[]): ConfigDifference[] =>
  differences.filter(({ symbol }) => symbol !== 'SEED');

/** The runs under their groups, in the order in which they were made: the first is the baseline. */
export function groupRuns(runs: readonly StoredRun[], { symbol }: Pick<ReportRequest, 'symbol'>): ReportedRun[] {
  const differences = configDifferences(runs);
  const chosen = symbol === null ? defaultAxes(differences) : differences.filter((d) => d.symbol === symbol);
  // Long groups cannot be read: after the first few symbols the preset says it shorter.
  const short = symbol !== null || chosen.length <= 3;
  const reported = runs.map((run, i): ReportedRun => {
    const { manifest } = run;
    const overrides = Object.entries(manifest?.config?.overrides ?? {}).filter(([name]) => name !== 'SEED');
    const axes = short
      ? Object.fromEntries(chosen.map((d) => [d.symbol, `${d.symbol}=${d.values[i] ?? 'none'}`]))
      : { run: [manifest?.preset ?? '', ...overrides.map(([name, value]) => `${name}=${value}`)].join(' ') };
    return { id: run.id, axes, seed: manifest?.seed ?? 0, status: run.status, manifest };
  });
  return [...reported].sort((a, b) => ((a.manifest?.createdAt ?? '') < (b.manifest?.createdAt ?? '') ? -1 : 1));
}

/** Throws RangeError when the baseline is no group. */
export function reportOn(runs: readonly StoredRun[], request: ReportRequest): ReportAnswer {
  const { metric, baseline } = request;
  const differences = configDifferences(runs);
  const made = groupRuns(runs, request);
  const report = makeReport(made, metric, baseline ?? undefined);
  return {
    report,
    text: reportText(report),
    csv: reportCsv(report),
    json: reportJson(report),
    symbols: defaultAxes(differences).map((d) => d.symbol),
  };
}
