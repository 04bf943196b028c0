/**
 * A table that `trackio.import_csv(csv_path=..., project=..., name=...)` takes: a `step` column, a `timestamp` column (ISO 8601),
 * one column a metric. A step's train and evaluation figures share a row; what a step did not measure is empty.
 */
import type { Scalars } from './scalars';

export function trackioCsv(rows: readonly Scalars[], beganMs: number): string {
  const names = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))].sort();
  const steps = new Map<number, { elapsedMs: number; values: Record<string, number> }>();
  for (const { step, elapsedMs, values } of rows) {
    const row = steps.get(step) ?? { elapsedMs, values: {} };
    steps.set(step, { elapsedMs: Math.max(row.elapsedMs, elapsedMs), values: { ...row.values, ...values } });
  }
  const line = (cells: readonly (string | number)[]): string => `${cells.join(',')}\n`;
  const body = [...steps].map(([step, { elapsedMs, values }]) =>
    line([step, new Date(beganMs + elapsedMs).toISOString(), ...names.map((name) => values[name] ?? '')]),
  );
  return line(['step', 'timestamp', ...names]) + body.join('');
}
