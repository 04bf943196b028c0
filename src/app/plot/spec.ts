/** What a plot shows, apart from where and how it is drawn. */
import type { Points } from './series';

export interface SeriesSpec {
  readonly id: string;
  /** Direct label at the line's end; the name of its CSV column. */
  readonly label: string;
  readonly mark: 'line' | 'points';
  /** Place in the fixed series order: the same run keeps its colour on every plot. `baseline` is the paired baseline, always grey. */
  readonly colour: number | 'baseline';
  /** The raw line under a smoothed one; carries no label of its own. */
  readonly faint?: boolean;
  /** Tells series apart whose colours repeat. */
  readonly dash?: readonly number[];
  /** Measured here (filled marks) or reported elsewhere (hollow marks). */
  readonly origin: 'local' | 'reported';
  readonly points: Points;
}

/** A dashed horizontal line, labelled in place. */
export interface ReferenceSpec {
  readonly id: string;
  readonly label: string;
  readonly value: number;
}

/** A vertical line at something that happened, such as the step whose loss was not finite. */
export interface MomentSpec {
  readonly x: number;
  readonly label: string;
}

export interface PlotSpec {
  readonly id: string;
  readonly title: string;
  readonly x: {
    readonly title: string;
    readonly domain: readonly [number, number];
    /** The domain must be positive. */
    readonly log?: boolean;
  };
  readonly y: {
    readonly title: string;
    readonly unit: string;
    readonly log: boolean;
    /** Linear axes of quantities that are shares of a whole start at zero. */
    readonly zero: boolean;
    /** Domain while there is nothing to show. */
    readonly fallback: readonly [number, number];
  };
  readonly series: readonly SeriesSpec[];
  /** The names stand beside the plot: none are drawn on it. */
  readonly unlabelled?: boolean;
  readonly references: readonly ReferenceSpec[];
  readonly moments: readonly MomentSpec[];
  /** Says what will fill the plot while it is empty. */
  readonly empty: string;
}

export const isEmpty = (spec: PlotSpec): boolean => spec.series.every((s) => s.points.length === 0);

export const yTitle = (spec: PlotSpec): string => (spec.y.unit ? `${spec.y.title} (${spec.y.unit})` : spec.y.title);
