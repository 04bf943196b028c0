/** Shares of absolute values by log10 bins: one line a quantity. */
import { type ReactNode, useMemo, useState } from 'react';
import { significant } from '../../format';
import type { PlotSource } from '../../plot/controller';
import { createPlotLink } from '../../plot/link';
import { PlotView } from '../../plot/PlotView';
import type { SeriesSpec } from '../../plot/spec';
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

export function HistogramPlot({ event }: { readonly event: OptimizerMetric }): ReactNode {
  const [log, setLog] = useState(false);
  const link = useMemo(() => createPlotLink(), []);
  const source = useMemo((): PlotSource => {
    const series = histogramSeries(event);
    const edges = series.flatMap(({ points: { xs, length } }) => [xs[0], xs[length - 1]]);
    const domain = [Math.min(...edges) / 2, Math.max(...edges) * 1e3] as const; // room for the legend
    return {
      spec: () => ({
        id: 'optimizer-state',
        title: TITLE,
        x: { title: 'Absolute value', domain, log: true },
        y: { title: 'Share', unit: 'of parameters a quarter decade', log, zero: !log, fallback: [0, 0.1] },
        series,
        references: [],
        moments: [],
        empty: '',
      }),
      subscribe: () => () => undefined,
    };
  }, [event, log]);
  return (
    <div className="plot-cell prune-plot">
      <PlotView
        title={TITLE}
        source={source}
        link={link}
        format={significant}
        log={log}
        onLog={setLog}
        fileName={() => `optimizer-state-${event.step}`}
        compact
      />
    </div>
  );
}
