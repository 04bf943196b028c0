/** What every plot of the Lab is made of. */
import { Series } from '../plot/series';
import type { PlotSpec, SeriesSpec } from '../plot/spec';
import type { RunStore } from '../stores/run';
import { count } from '../format';

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
export function stepDomain({ started, latest }: RunStore): readonly [number, number] {
  const planned = started ? started.maxIters - 1 : 100;
  if (!latest) return [0, Math.max(1, planned)];
  // Follow the run closely while it is young: a tenth of the axis at least stays free for what comes.
  const reach = Math.max(20, Math.ceil(latest.step * 1.1));
  return [0, Math.max(1, Math.min(planned, reach), latest.step)];
}

export const moments = ({ data }: RunStore): PlotSpec['moments'] =>
  data.nonFiniteStep === null ? [] : [{ x: data.nonFiniteStep, label: `not finite at ${count(data.nonFiniteStep)}` }];

export const line = (id: string, label: string, points: Series, faint = false): SeriesSpec => ({
  id,
  label,
  mark: 'line',
  colour: 0,
  faint,
  origin: 'local',
  points,
});

export interface Several {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly log: boolean;
  readonly fallback: readonly [number, number];
  readonly format: (value: number) => string;
  readonly empty: string;
  /** [field of the events, label]. */
  readonly fields: readonly (readonly [field: string, label: string])[];
}

/** A small plot of numbers that come with a method's events; shown once the first has come. */
export const several = (o: Several): PlotDefinition => ({
  ...o,
  size: 'small',
  smooths: false,
  when: ({ data }) => o.fields.some(([field]) => data.methods.has(field)),
  builder: () => {
    const none = new Series(1);
    return (run, { log }) => ({
      id: o.id,
      title: o.title,
      x: { title: 'Step', domain: stepDomain(run) },
      y: { title: o.title, unit: o.unit, log, zero: true, fallback: o.fallback },
      series: o.fields.map(([field, label], colour) => ({
        ...line(field, label, run.data.methods.get(field) ?? none),
        colour,
      })),
      references: [],
      moments: moments(run),
      empty: o.empty,
    });
  },
});
