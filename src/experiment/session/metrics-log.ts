/** metrics.jsonl as values: lines without what a clock measured, and where two logs part. */

export type MetricLine = Readonly<Record<string, unknown>> & { readonly event: string; readonly step: number };

export class MetricsError extends Error {
  override name = 'MetricsError';
}

/** Parses a log. A last line without its newline (a kill in the middle of an append) is left out. Throws MetricsError by line. */
export function parseMetrics(text: string): MetricLine[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line, i) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new MetricsError(`metrics.jsonl:${i + 1} is not JSON`);
    }
    const { event, step } = (value ?? {}) as Partial<MetricLine>;
    if (typeof event !== 'string' || typeof step !== 'number')
      throw new MetricsError(`metrics.jsonl:${i + 1} has no event or no step`);
    return value as MetricLine;
  });
}

const withoutTime = (line: MetricLine): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(line).filter(([key]) => key !== 'time'));

/** The line without its `time`: equal runs have equal lines. */
export const timeless = (line: MetricLine): string => JSON.stringify(withoutTime(line));

export interface MetricsDifference {
  /** Line number, from 1. */
  readonly line: number;
  readonly expected: string | null;
  readonly got: string | null;
  /** Largest |a - b| / max(|a|, |b|) over the numbers of all lines up to the shorter log's end; Infinity for different texts. */
  readonly relative: number;
}

function relativeDifference(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number')
    return a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return Math.max(0, ...[...keys].map((k) => relativeDifference((a as MetricLine)[k], (b as MetricLine)[k])));
  }
  return a === b ? 0 : Infinity;
}

/** The first line in which two logs differ by more than `tolerance` (relative), without `time`; null when there is none. */
export function compareMetrics(
  expected: readonly MetricLine[],
  got: readonly MetricLine[],
  tolerance = 0,
): MetricsDifference | null {
  let first = -1;
  let relative = 0;
  for (let i = 0; i < Math.max(expected.length, got.length); i++) {
    const [a, b] = [expected[i], got[i]];
    if (a && b && timeless(a) === timeless(b)) continue;
    const apart = a && b ? relativeDifference(withoutTime(a), withoutTime(b)) : Infinity;
    relative = Math.max(relative, apart);
    if (first < 0 && (apart > tolerance || tolerance === 0)) first = i;
  }
  if (first < 0) return null;
  const at = (lines: readonly MetricLine[]): string | null => (lines[first] ? timeless(lines[first]) : null);
  return { line: first + 1, expected: at(expected), got: at(got), relative };
}

/** Largest relative difference over all numbers of two logs; 0: equal. */
export const metricsDistance = (a: readonly MetricLine[], b: readonly MetricLine[]): number =>
  compareMetrics(a, b)?.relative ?? 0;
