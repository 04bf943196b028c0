/** Reports as text, CSV and JSON. */
import { stableJson } from '../manifest/serialize';
import type { Report, ReportRow } from './report';

const fixed = (x: number | null, digits: number): string => (x === null || Number.isNaN(x) ? '-' : x.toFixed(digits));
const percent = (x: number | null): string =>
  x === null || Number.isNaN(x) ? '-' : `${x >= 0 ? '+' : ''}${(100 * x).toFixed(2)} %`;

function cells({ group, values, mean, spread, baseline, paired }: ReportRow): string[] {
  const head = [group, String(values.length), fixed(mean, 4), fixed(spread, 4)];
  if (baseline) return [...head, 'baseline', '', '', '', ''];
  if (!paired) return [...head, '-', '', '', '', ''];
  const { relative, spread: over, interval, test, n } = paired;
  const range = interval ? `${percent(interval.low)} .. ${percent(interval.high)}` : '-';
  return [...head, percent(relative), percent(over).replace('+', ''), range, test.p.toPrecision(3), String(n)];
}

/** A table for a terminal, then the counts and the notes. */
export function reportText(report: Report): string {
  const head = ['group', 'runs', report.metric, 'sd', 'vs baseline', 'sd', '95 % bootstrap', 'p (paired)', 'n'];
  const table = [head, ...report.rows.map(cells)];
  const widths = head.map((_, k) => Math.max(...table.map((row) => row[k]!.length)));
  const lines = table.map((row) =>
    row.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!))).join('  ').trimEnd(),
  ); // prettier-ignore
  const trends = report.correlations.map(
    ({ axis, rho, p, n, method, interval }) =>
      `${axis}: Spearman ${fixed(rho, 3)}, 95 % ${interval ? `${fixed(interval.low, 3)} .. ${fixed(interval.high, 3)} (Fisher z)` : '-'}, p ${p.toPrecision(3)} (${method === 'exact' ? 'all orders' : 't'}), n ${n}`,
  );
  const counts = Object.entries(report.counts).map(([status, n]) => `${n} ${status}`);
  return [
    ...lines,
    '',
    ...trends,
    `cells: ${counts.join(', ')}`,
    ...report.notes.map((note) => `note: ${note}`),
    '',
  ].join('\n');
}

const csvCell = (value: string | number | null): string => {
  const text = value === null || (typeof value === 'number' && Number.isNaN(value)) ? '' : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One row a group, then one a numeric axis ("axis NAME"); numbers in full precision. RFC 4180 with "\n". */
export function reportCsv({ metric, rows, correlations }: Report): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.axes)))];
  const head = ['group', ...names, 'runs', `${metric}_mean`, `${metric}_sd`, 'params', 'relative_change', 'relative_sd', 'ci95_low', 'ci95_high', 'p_paired', 'p_holm', 'pairs', 'seeds', 'spearman', 'fisher95_low', 'fisher95_high', 'p_spearman']; // prettier-ignore
  const lines = rows.map((row) => {
    const p = row.paired;
    return [
      row.group, ...names.map((name) => row.axes[name] ?? ''), row.values.length, row.mean, row.spread, row.params, p?.relative ?? null,
      p?.spread ?? null, p?.interval?.low ?? null, p?.interval?.high ?? null, p?.test.p ?? null, p?.holm ?? null, p?.n ?? null, row.seeds.join(' '), null, null, null, null,
    ]; // prettier-ignore
  });
  const trends = correlations.map(({ axis, n, rho, p, interval }) => [
    `axis ${axis}`, ...names.map(() => ''), n, ...Array<null>(10).fill(null), '', rho, interval?.low ?? null, interval?.high ?? null, p,
  ]); // prettier-ignore
  return [head, ...lines, ...trends].map((line) => `${line.map(csvCell).join(',')}\n`).join('');
}

export const reportJson = (report: Report): string => stableJson(report);
