/** The curve of a fitted law, as a series beside the points that it was fitted to. */
import type { SeriesSpec } from '../plot/spec';

export interface Law {
  readonly label: string;
  readonly of: (x: number) => number;
}

const SAMPLES = 65;

/** Between the first and the last abscissa, evenly along the axis. */
export function fitSeries({ label, of }: Law, first: number, last: number, logX: boolean): SeriesSpec {
  const xs = Float64Array.from({ length: SAMPLES }, (_, i) => {
    const at = i / (SAMPLES - 1);
    return logX ? first * (last / first) ** at : first + (last - first) * at;
  });
  return {
    id: 'fit',
    label,
    mark: 'line',
    colour: 1,
    origin: 'local',
    points: { xs, ys: xs.map(of), length: SAMPLES },
  };
}
