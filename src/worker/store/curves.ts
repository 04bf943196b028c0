/** metrics.jsonl as columns for plots: typed arrays, which cross to the page without a copy. */
import { type MetricLine, parseMetrics } from '@/experiment/session/metrics-log';
import type { CurveColumns, RunCurves } from '../store-protocol';

const SKIPPED = new Set(['event', 'step', 'split', 'tokens', 'time']);

const timeOf = (line: MetricLine, key: string): number => {
  const value = (line['time'] as Record<string, unknown> | undefined)?.[key];
  return typeof value === 'number' ? value : NaN;
};

function columns(lines: readonly MetricLine[], tokensAt: (line: MetricLine) => number): CurveColumns {
  const names = new Set<string>();
  for (const line of lines)
    for (const name in line) if (typeof line[name] === 'number' && !SKIPPED.has(name)) names.add(name);
  const column = (of: (line: MetricLine) => unknown): Float64Array => {
    const out = new Float64Array(lines.length);
    for (let i = 0; i < lines.length; i++) {
      const value = of(lines[i]!);
      out[i] = typeof value === 'number' ? value : NaN;
    }
    return out;
  };
  const values: Record<string, Float64Array> = {};
  for (const name of names) values[name] = column((line) => line[name]);
  if (lines.some((line) => !Number.isNaN(timeOf(line, 'tokens_per_second'))))
    values['tokens_per_second'] = column((line) => timeOf(line, 'tokens_per_second'));
  return {
    step: column((line) => line.step),
    tokens: column(tokensAt),
    elapsedMs: column((line) => timeOf(line, 'elapsed_ms')),
    values,
  };
}

/** Throws MetricsError for a line that is none; a half line at the end is left out. */
export function curvesOf(id: string, metrics: string, parameters: number | null): RunCurves {
  const lines = parseMetrics(metrics);
  const steps = lines.filter((line) => line.event === 'step');
  const perStep = steps.length > 0 ? Number(steps[0]!['tokens']) / (steps[0]!.step + 1) : NaN;
  return {
    id,
    parameters,
    step: columns(steps, (line) => Number(line['tokens'])),
    evals: columns(
      lines.filter((line) => line.event === 'eval'),
      (line) => line.step * perStep,
    ),
  };
}

export const transferables = ({ step, evals }: RunCurves): Transferable[] =>
  [step, evals].flatMap((c) => [c.step.buffer, c.tokens.buffer, c.elapsedMs.buffer, ...Object.values(c.values).map((v) => v.buffer)]) as ArrayBuffer[]; // prettier-ignore
