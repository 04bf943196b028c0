/** A result of few points as one of the workbench's plots. */
import { useCallback, type ReactNode } from 'react';
import type { PlotSpec } from '../plot/spec';
import { StillPlot } from '../plot/StillPlot';
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

function resultSpec({ title, x, unit, points, logX = false, law }: ResultPlotProps, log: boolean): PlotSpec {
  const xs = Float64Array.from(points, (p) => p[0]);
  const ys = Float64Array.from(points, (p) => p[1]);
  const [first, last] = [xs[0], xs[xs.length - 1]];
  const measured = { id: 'measured', label: 'measured', mark: 'points', colour: 0, origin: 'local' } as const;
  return {
    id: title,
    title,
    x: { title: x, domain: logX ? [first / 1.2, last * 1.2] : [0, last * 1.05], log: logX },
    y: { title, unit, log, zero: !log, fallback: [0, 1] },
    series: [
      { ...measured, points: { xs, ys, length: xs.length } },
      ...(law ? [fitSeries(law, first, last, logX)] : []),
    ],
    references: [],
    moments: [],
    empty: '',
  };
}

export function ResultPlot({ title, x, unit, points, logX = false, law = null }: ResultPlotProps): ReactNode {
  const spec = useCallback(
    (log: boolean) => resultSpec({ title, x, unit, points, logX, law }, log),
    [title, x, unit, points, logX, law],
  );
  return <StillPlot title={title} spec={spec} file={`decode-${title.toLowerCase()}`} className="decode-plot" />;
}
