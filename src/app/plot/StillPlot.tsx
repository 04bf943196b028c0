/** A plot of something that is finished: its own crosshair and log toggle around one specification. */
import { type ReactNode, useMemo, useState } from 'react';
import { significant } from '../format';
import type { PlotSource } from './controller';
import { createPlotLink, type PlotLink } from './link';
import { PlotView } from './PlotView';
import type { PlotSpec } from './spec';

export interface StillPlotProps {
  readonly title: string;
  /** Another function is another plot: memoise it over what it shows. */
  readonly spec: (log: boolean) => PlotSpec;
  /** Without extension; what file names do not bear is replaced. */
  readonly file: string;
  /** Of the cell: its size on the page. */
  readonly className: string;
  readonly format?: (value: number) => string;
  readonly compact?: boolean;
  /** Of several plots that share a crosshair and a window. */
  readonly link?: PlotLink;
}

export function StillPlot(props: StillPlotProps): ReactNode {
  const { title, spec, file, className, format = significant, compact = false, link } = props;
  const [log, setLog] = useState(false);
  const own = useMemo(() => createPlotLink(), []);
  const source = useMemo((): PlotSource => {
    const shown = spec(log);
    return { spec: () => shown, subscribe: () => () => undefined };
  }, [spec, log]);
  return (
    <div className={`plot-cell ${className}`}>
      <PlotView
        title={title}
        source={source}
        link={link ?? own}
        format={format}
        log={log}
        onLog={setLog}
        fileName={() => file.replace(/[^\w.-]+/g, '-')}
        compact={compact}
      />
    </div>
  );
}
