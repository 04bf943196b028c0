/**
 * The Lab's plots, one entry each. A method that measures something of its own adds an entry; the grid, the crosshair, saving and
 * the log toggle come with it.
 */
import { Ema, betaOfWindow } from '../plot/ema';
import { LIVE_POINTS, type Series } from '../plot/series';
import type { PlotSpec, ReferenceSpec, SeriesSpec } from '../plot/spec';
import type { RunStore } from '../stores/run';
import { significant } from '../format';
import { attentionPlots } from './attention/plots';
import { type PlotDefinition, line, moments, several, stepDomain } from './plot-definition';

const references = ({ started }: RunStore): ReferenceSpec[] => (started ? [...started.references] : []);

/** Labels collide beyond this many: then only the lines stay. */
const LABELLED_MOMENTS = 6;

/** What the loss may react to: moment resets and norm spikes. */
const lossMoments = (run: RunStore): PlotSpec['moments'] => [
  ...run.data.spam.map(({ step, kind }) => ({ x: step, label: run.data.spam.length <= LABELLED_MOMENTS ? kind : '' })),
  ...moments(run),
];

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
    const ema = new Ema(LIVE_POINTS);
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
      moments: lossMoments(run),
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
  /** `rate`: the mean of a rate is the harmonic one. */
  readonly smooths: boolean | 'rate';
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
    const ema = new Ema(LIVE_POINTS, o.smooths === 'rate');
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

const pruningPlots: readonly PlotDefinition[] = [
  several({
    id: 'sparsity',
    title: 'Sparsity',
    unit: 'share of prunable weights',
    log: false,
    fallback: [0, 1],
    format: (v) => v.toFixed(3),
    empty: 'Sparsity of the ramp and of the masks, at mask events.',
    fields: [
      ['prune.actual', 'actual'],
      ['prune.target', 'target'],
    ],
  }),
  several({
    id: 'churn',
    title: 'Mask churn',
    unit: 'share of mask bits',
    log: false,
    fallback: [0, 0.1],
    format: (v) => significant(v, 3),
    empty: 'Mask bits that changed at each mask event.',
    fields: [['prune.churn', 'changed']],
  }),
  several({
    id: 'against-magnitude',
    title: 'Against magnitude',
    unit: 'share',
    log: false,
    fallback: [0, 1],
    format: (v) => v.toFixed(3),
    empty: 'Jaccard index of the pruned set with that of magnitude, and the share of weights with v below epsilon.',
    fields: [
      ['prune.jaccard_magnitude', 'Jaccard'],
      ['prune.sat_frac', 'v < eps'],
    ],
  }),
  several({
    id: 'score-quantiles',
    title: 'Score quantiles',
    unit: '',
    log: true,
    fallback: [1e-4, 1],
    format: (v) => significant(v, 3),
    empty:
      'Score quantiles over prunable weights, at mask events; pruned ones rank lowest, and a quantile that falls on them ends.',
    fields: [
      ['prune.score.q10', 'q10'],
      ['prune.score.q50', 'q50'],
      ['prune.score.q90', 'q90'],
    ],
  }),
];

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
    smooths: 'rate',
    format: (v) => significant(v, 3),
    empty: 'Training tokens per second.',
  }),
  ...pruningPlots,
  ...attentionPlots,
];
