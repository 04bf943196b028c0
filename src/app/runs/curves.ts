/** Plots of several runs: which column against which axis, smoothed, with the run's colour and dash. */
import type { CurveColumns, RunCurves } from '@/worker/store-protocol';
import { Ema, betaOfWindow } from '../plot/ema';
import { Series } from '../plot/series';
import type { PlotSpec, SeriesSpec } from '../plot/spec';

export type XAxis = 'step' | 'tokens' | 'time' | 'flops';

export interface CurveView {
  /** `val loss` and others of evaluations begin with `val `; the rest are columns of steps. */
  readonly metric: string;
  readonly x: XAxis;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly emaWindow: number;
}

export interface ShownRun {
  readonly label: string;
  readonly curves: RunCurves;
}

export const X_TITLES: Readonly<Record<XAxis, string>> = {
  step: 'Step',
  tokens: 'Tokens',
  time: 'Training time (s)',
  flops: 'FLOPs (6 N per token)',
};

const UNITS: Readonly<Record<string, string>> = {
  loss: 'nats per token',
  'val loss': 'nats per token',
  tokens_per_second: 'tokens/s',
  'val perplexity': '',
};
const TITLES: Readonly<Record<string, string>> = {
  loss: 'Training loss',
  'val loss': 'Validation loss',
  'val perplexity': 'Validation perplexity',
  grad_norm: 'Gradient norm',
  lr: 'Learning rate',
  tokens_per_second: 'Throughput',
};

export const metricTitle = (metric: string): string => TITLES[metric] ?? metric.replaceAll('_', ' ');

/** Every metric that any of the runs has; losses first. */
export function metricsOf(runs: readonly ShownRun[]): string[] {
  const found = new Set(['loss', 'val loss']);
  for (const { curves } of runs) {
    for (const name of Object.keys(curves.step.values)) found.add(name);
    for (const name of Object.keys(curves.evals.values)) found.add(`val ${name}`);
  }
  return [...found];
}

const PALETTE = 7;
const DASHES = [undefined, [6, 3], [2, 2]] as const;

/** Colour by place in the selection, repeated with another dash. */
export const styleAt = (i: number): Pick<SeriesSpec, 'colour' | 'dash'> => {
  const dash = DASHES[Math.floor(i / PALETTE) % DASHES.length];
  return { colour: i % PALETTE, ...(dash ? { dash } : {}) };
};

function xOf({ step, tokens, elapsedMs }: CurveColumns, x: XAxis, parameters: number | null): (i: number) => number {
  switch (x) {
    case 'step':
      return (i) => step[i];
    case 'tokens':
      return (i) => tokens[i];
    case 'time':
      return (i) => elapsedMs[i] / 1000;
    case 'flops':
      return (i) => 6 * (parameters ?? NaN) * tokens[i];
  }
}

/** The series of one run, built once for each column and axis: a redraw must not copy ten thousand points. */
class RunSeries {
  private readonly built = new Map<string, { raw: Series; ema: Ema }>();
  constructor(private readonly curves: RunCurves) {}

  get(metric: string, x: XAxis): { raw: Series; ema: Ema } {
    const key = `${metric} ${x}`;
    let found = this.built.get(key);
    if (!found)
      this.built.set(
        key,
        (found = { raw: this.build(metric, x), ema: new Ema(Infinity, metric === 'tokens_per_second') }),
      );
    return found;
  }

  private build(metric: string, x: XAxis): Series {
    const evaluated = metric.startsWith('val ');
    const columns = evaluated ? this.curves.evals : this.curves.step;
    const values = columns.values[evaluated ? metric.slice(4) : metric] ?? new Float64Array(0);
    const at = xOf(columns, x, this.curves.parameters);
    const series = new Series(Math.max(1, values.length));
    for (let i = 0; i < values.length; i++) {
      const place = at(i);
      if (!Number.isNaN(place)) series.push(place, values[i]);
    }
    return series;
  }
}

const cache = new WeakMap<RunCurves, RunSeries>();
const seriesOf = (curves: RunCurves): RunSeries => {
  let found = cache.get(curves);
  if (!found) cache.set(curves, (found = new RunSeries(curves)));
  return found;
};

/** From the smallest to the largest x; on a log axis from the smallest positive one. */
function domainOf(series: readonly SeriesSpec[], log: boolean): [number, number] {
  let [lo, hi] = [Infinity, -Infinity];
  for (const { points } of series) {
    if (points.length === 0) continue;
    let first = 0;
    while (log && first < points.length - 1 && points.xs[first] <= 0) first++;
    lo = Math.min(lo, points.xs[first]);
    hi = Math.max(hi, points.xs[points.length - 1]);
  }
  if (!(hi > lo)) return log ? [1, 1000] : [0, 1000];
  if (log) return [lo > 0 ? lo : hi / 1000, hi];
  return [Math.min(0, lo), hi];
}

export function curvesSpec(runs: readonly ShownRun[], view: CurveView): PlotSpec {
  const { metric, x, logX, logY, emaWindow } = view;
  const evaluated = metric.startsWith('val ');
  const smooth = !evaluated && emaWindow > 1;
  const series = runs.flatMap(({ label, curves }, i): SeriesSpec[] => {
    const { raw, ema } = seriesOf(curves).get(metric, x);
    const base = { id: curves.id, label, origin: 'local' as const, ...styleAt(i) };
    if (evaluated) return [{ ...base, mark: 'points', points: raw }];
    if (!smooth) return [{ ...base, mark: 'line', points: raw }];
    const smoothed = ema.update(raw, betaOfWindow(emaWindow));
    const line: SeriesSpec = { ...base, mark: 'line', points: smoothed };
    // Beyond a few runs the raw lines hide more than they show.
    return runs.length > 4
      ? [line]
      : [{ ...base, id: `${curves.id} raw`, mark: 'line', faint: true, points: raw }, line];
  });
  return {
    id: 'runs',
    title: metricTitle(metric),
    x: { title: X_TITLES[x], domain: domainOf(series, logX), log: logX },
    y: { title: metricTitle(metric), unit: UNITS[metric] ?? '', log: logY, zero: false, fallback: [1, 5] },
    series,
    references: [],
    moments: [],
    empty:
      runs.length === 0
        ? 'Choose runs in the list to lay their curves over each other.'
        : `None of the chosen runs has ${metricTitle(metric).toLowerCase()}.`,
  };
}
