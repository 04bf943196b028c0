/** A result of few points as one of the workbench's plots. */
import { useMemo, useState, type ReactNode } from 'react';
import { significant } from '../format';
import type { PlotSource } from '../plot/controller';
import { createPlotLink } from '../plot/link';
import { PlotView } from '../plot/PlotView';
import { type Law, fitSeries } from './fit-series';

export interface ResultPlotProps {
  readonly title: string;
  readonly x: string;
  readonly unit: string;
  /** Rising x. */
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly logX?: boolean;
  /** Memoise it. */
  readonly law?: Law | null;
}

export function ResultPlot({ title, x, unit, points, logX = false, law = null }: ResultPlotProps): ReactNode {
  const [log, setLog] = useState(false);
  const link = useMemo(() => createPlotLink(), []);
  const source = useMemo((): PlotSource => {
    const xs = Float64Array.from(points, (p) => p[0]);
    const ys = Float64Array.from(points, (p) => p[1]);
    const [first, last] = [xs[0], xs[xs.length - 1]];
    return {
      spec: () => ({
        id: title,
        title,
        x: { title: x, domain: logX ? [first / 1.2, last * 1.2] : [0, last * 1.05], log: logX },
        y: { title, unit, log, zero: !log, fallback: [0, 1] },
        series: [
          {
            id: 'measured',
            label: 'measured',
            mark: 'points',
            colour: 0,
            origin: 'local',
            points: { xs, ys, length: xs.length },
          },
          ...(law ? [fitSeries(law, first, last, logX)] : []),
        ],
        references: [],
        moments: [],
        empty: '',
      }),
      subscribe: () => () => undefined,
    };
  }, [title, x, unit, points, logX, log, law]);
  return (
    <div className="plot-cell decode-plot">
      <PlotView
        title={title}
        source={source}
        link={link}
        format={significant}
        log={log}
        onLog={setLog}
        fileName={() => `decode-${title.toLowerCase().replace(/\W+/g, '-')}`}
      />
    </div>
  );
}
