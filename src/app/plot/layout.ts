/** Where things go: margins from measured text, scales, and labels pushed apart until none overlap. */
import { windowIndices } from './decimate';
import { extentOf, linearScale, logScale, pad, type Scale } from './scale';
import type { PlotSpec, SeriesSpec } from './spec';
import type { Surface } from './surface';
import { formatTicks, linearTicks, logTicks } from './ticks';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Layout {
  readonly box: Box;
  readonly x: Scale;
  readonly y: Scale;
  readonly xTicks: readonly number[];
  readonly xLabels: readonly string[];
  readonly yTicks: readonly number[];
  readonly yLabels: readonly string[];
  /** Beyond four labelled series, or where names would take the plot's room, a legend takes the place of labels at the lines' ends. */
  readonly legend: boolean;
}

export const LABEL_HEIGHT = 14;
/** Labels at the lines' ends take at most this share of the width. */
const LABEL_SHARE = 0.3;
const TOP = 24;
const BOTTOM = 36;

export const labelled = (spec: PlotSpec): readonly SeriesSpec[] =>
  spec.unlabelled ? [] : spec.series.filter((s) => !s.faint && s.points.length > 0);

/** Extent of everything visible, references included, padded. */
export function yDomain(spec: PlotSpec): [number, number] {
  const [x0, x1] = spec.x.domain;
  let lo = Infinity;
  let hi = -Infinity;
  const include = (range: readonly [number, number] | null): void => {
    if (!range) return;
    lo = Math.min(lo, range[0]);
    hi = Math.max(hi, range[1]);
  };
  for (const { points } of spec.series) {
    const [from, to] = windowIndices(points, x0, x1);
    include(extentOf(points, from, to, spec.y.log));
  }
  for (const { value } of spec.references) if (!spec.y.log || value > 0) include([value, value]);
  if (lo > hi) return [...spec.y.fallback];
  const padded = pad([lo, hi], spec.y.log);
  return spec.y.zero && !spec.y.log ? [0, Math.max(padded[1], Number.MIN_VALUE)] : padded;
}

export function layoutPlot(spec: PlotSpec, surface: Surface): Layout {
  const domain = yDomain(spec);
  const top = TOP;
  const bottom = Math.max(top + 20, surface.height - BOTTOM);
  const count = Math.max(3, Math.floor((bottom - top) / 30));
  const yTicks = spec.y.log ? logTicks(...domain, count) : linearTicks(...domain, count);
  const yLabels = formatTicks(yTicks, spec.y.log);
  const tickWidth = Math.max(20, ...yLabels.map((l) => surface.measure(l, { mono: true })));
  const left = Math.ceil((tickWidth + 16) / 4) * 4;

  const names = labelled(spec);
  const widest = names.length < 2 ? 0 : Math.max(...names.map((s) => surface.measure(s.label, {})));
  const legend = names.length > 4 || widest > LABEL_SHARE * surface.width;
  const room = legend ? 0 : widest;
  const right = Math.max(left + 40, surface.width - Math.max(16, Math.ceil((room + 20) / 4) * 4));

  const box = { left, top, right, bottom };
  const y = (spec.y.log ? logScale : linearScale)(domain, [bottom, top]);
  const log = spec.x.log ?? false;
  const x = (log ? logScale : linearScale)(spec.x.domain, [left, right]);
  const xTicks = (log ? logTicks : linearTicks)(...spec.x.domain, Math.max(2, Math.floor((right - left) / 60)));
  return { box, x, y, xTicks, xLabels: formatTicks(xTicks, log), yTicks, yLabels, legend };
}

/** Moves labels apart by at least `gap` while keeping their order and staying inside `[lo, hi]` where they fit. */
export function spread(wanted: readonly number[], gap: number, lo: number, hi: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const placed = [...wanted];
  let floor = lo;
  for (const i of order) {
    placed[i] = Math.max(wanted[i], floor);
    floor = placed[i] + gap;
  }
  let ceiling = hi;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i], ceiling);
    ceiling = placed[i] - gap;
  }
  return placed;
}
