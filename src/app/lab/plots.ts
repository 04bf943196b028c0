/**
 * The Lab's plots, one entry each. A method that measures something of its own adds an entry; the grid, the crosshair, saving and
 * the log toggle come with it.
 */
import { Ema, betaOfWindow } from '../plot/ema';
import type { Series } from '../plot/series';
import type { PlotSpec, ReferenceSpec, SeriesSpec } from '../plot/spec';
import type { RunStore } from '../stores/run';
import { count, significant } from '../format';

export interface PlotOptions {
  readonly log: boolean;
  readonly emaWindow: number;
}

/** Made once per mounted plot; keeps what it accumulates between draws. */
export type PlotBuilder = (run: RunStore, options: PlotOptions) => PlotSpec;

export interface PlotDefinition {
  readonly id: string;
  readonly title: string;
  /** `main` takes the full width of the grid. */
  readonly size: 'main' | 'small';
  readonly log: boolean;
  /** Shows the smoothing control. */
  readonly smooths: boolean;
  readonly format: (value: number) => string;
  /** Absent means always shown. */
  readonly when?: (run: RunStore) => boolean;
  readonly builder: () => PlotBuilder;
}

/** Steps of the x axis: the planned run while it is short of that, then whatever there is. */
function stepDomain({ started, latest }: RunStore): readonly [number, number] {
  const planned = started ? started.maxIters - 1 : 100;
  if (!latest) return [0, Math.max(1, planned)];
  // Follow the run closely while it is young: a tenth of the axis at least stays free for what comes.
  const reach = Math.max(20, Math.ceil(latest.step * 1.1));
  return [0, Math.max(1, Math.min(planned, reach), latest.step)];
}

const references = ({ started }: RunStore): ReferenceSpec[] => (started ? [...started.references] : []);

const moments = ({ data }: RunStore): PlotSpec['moments'] =>
  data.nonFiniteStep === null ? [] : [{ x: data.nonFiniteStep, label: `not finite at ${count(data.nonFiniteStep)}` }];

const line = (id: string, label: string, points: Series, faint = false): SeriesSpec => ({
  id,
  label,
  mark: 'line',
  colour: 0,
  faint,
  origin: 'local',
  points,
});

/** The raw line faint with its average on top, or the raw line alone where averaging is off. */
function smoothed(ema: Ema, label: string, raw: Series, window: number): SeriesSpec[] {
  if (window <= 1) return [line('raw', label, raw)];
  return [line('raw', label, raw, true), line('ema', `${label} EMA`, ema.update(raw, betaOfWindow(window)))];
}

const loss: PlotDefinition = {
  id: 'loss',
  title: 'Loss',
  size: 'main',
  log: false,
  smooths: true,
  format: (v) => v.toFixed(3),
  builder: () => {
    const ema = new Ema();
    return (run, { log, emaWindow }) => ({
      id: 'loss',
      title: 'Loss',
      x: { title: 'Step', domain: stepDomain(run) },
      y: { title: 'Loss', unit: 'nats/token', log, zero: false, fallback: [1, 5] },
      series: [
        ...smoothed(ema, 'train', run.data.loss, emaWindow),
        { id: 'val', label: 'val', mark: 'points', colour: 0, origin: 'local', points: run.data.valLoss },
      ],
      references: references(run),
      moments: moments(run),
      empty: 'Training loss of every step and validation loss at each evaluation, from the first step of a run.',
    });
  },
};

interface Simple {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly log: boolean;
  readonly series: (run: RunStore) => Series;
  readonly fallback: readonly [number, number];
  readonly smooths: boolean;
  readonly format: (value: number) => string;
  readonly empty: string;
}

/** A small plot of one quantity a step. */
const simple = (o: Simple): PlotDefinition => ({
  id: o.id,
  title: o.title,
  size: 'small',
  log: o.log,
  smooths: false,
  format: o.format,
  builder: () => {
    const ema = new Ema();
    return (run, { log, emaWindow }) => ({
      id: o.id,
      title: o.title,
      x: { title: 'Step', domain: stepDomain(run) },
      y: { title: o.title, unit: o.unit, log, zero: true, fallback: o.fallback },
      series: smoothed(ema, o.id, o.series(run), o.smooths ? emaWindow : 1).map((s) =>
        // One quantity needs no prefix: the title says what it is.
        ({ ...s, label: s.id === 'ema' ? 'EMA' : 'raw' }),
      ),
      references: [],
      moments: moments(run),
      empty: o.empty,
    });
  },
});

export const plots: readonly PlotDefinition[] = [
  loss,
  simple({
    id: 'lr',
    title: 'Learning rate',
    unit: 'per step',
    log: false,
    series: (run) => run.data.lr,
    fallback: [0, 1e-3],
    smooths: false,
    format: (v) => significant(v, 2),
    empty: 'The schedule as it is applied.',
  }),
  simple({
    id: 'grad-norm',
    title: 'Gradient norm',
    unit: 'global L2',
    log: true,
    series: (run) => run.data.gradNorm,
    fallback: [0.1, 10],
    smooths: true,
    format: (v) => significant(v, 3),
    empty: 'Norm of the whole gradient before clipping.',
  }),
  simple({
    id: 'throughput',
    title: 'Throughput',
    unit: 'tokens/s',
    log: false,
    series: (run) => run.data.tokensPerSecond,
    fallback: [0, 1000],
    smooths: true,
    format: (v) => significant(v, 3),
    empty: 'Training tokens per second.',
  }),
];
