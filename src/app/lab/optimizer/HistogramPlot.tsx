/** Shares of absolute values by log10 bins: one line a quantity. */
import { type ReactNode, useCallback } from 'react';
import { StillPlot } from '../../plot/StillPlot';
import type { PlotSpec, SeriesSpec } from '../../plot/spec';
import type { OptimizerMetric } from '../../stores/data';

const TITLE = 'Sizes';
const PER_DECADE = 4;
const QUANTITIES = [
  ['w', 'w'],
  ['g', 'g'],
  ['m', 'm'],
  ['v', 'v'],
  ['update', 'step'],
] as const;

/** Bin centres in x, shares of all sampled elements in y; empty where there is no such quantity. */
export function histogramSeries(event: OptimizerMetric): readonly SeriesSpec[] {
  return QUANTITIES.flatMap(([field, label], colour) => {
    const histogram = event[field];
    if (!histogram || histogram.counts.length === 0) return [];
    const { first, counts } = histogram;
    const xs = Float64Array.from(counts, (_, i) => 10 ** ((first + i + 0.5) / PER_DECADE));
    const ys = Float64Array.from(counts, (n) => n / event.sampled);
    return [
      { id: field, label, mark: 'line', colour, origin: 'local', points: { xs, ys, length: xs.length } } as const,
    ];
  });
}

function histogramSpec(event: OptimizerMetric, log: boolean): PlotSpec {
  const series = histogramSeries(event);
  const edges = series.flatMap(({ points: { xs, length } }) => [xs[0], xs[length - 1]]);
  return {
    id: 'optimizer-state',
    title: TITLE,
    // Room for the legend on the right.
    x: { title: 'Absolute value', domain: [Math.min(...edges) / 2, Math.max(...edges) * 1e3], log: true },
    y: { title: 'Share', unit: 'of parameters a quarter decade', log, zero: !log, fallback: [0, 0.1] },
    series,
    references: [],
    moments: [],
    empty: '',
  };
}

export function HistogramPlot({ event }: { readonly event: OptimizerMetric }): ReactNode {
  const spec = useCallback((log: boolean) => histogramSpec(event, log), [event]);
  return <StillPlot title={TITLE} spec={spec} file={`optimizer-state-${event.step}`} className="prune-plot" compact />;
}
