/**
 * M4 decimation: of all points that fall into one pixel column keep the first, the lowest, the highest and the last.
 * A polyline through what is kept covers exactly the pixels that the full polyline covers, so spikes survive.
 */
import { lowerBound, type Points } from './series';

/** Range of point indices that a window needs, with one neighbour on each side so that lines reach the edges. */
export function windowIndices(points: Points, x0: number, x1: number): [number, number] {
  const from = Math.max(0, lowerBound(points.xs, points.length, x0) - 1);
  const to = Math.min(points.length, lowerBound(points.xs, points.length, x1) + 2);
  return [from, to];
}

/**
 * Indices of the points to draw in `[from, to)`; `out` is reused between calls and must hold `4 * (columns + 2)`. `log`: columns of
 * equal ratio. Points that know their extremes are not read one by one: the cost is that of the columns.
 */
export function decimate(
  points: Points,
  from: number,
  to: number,
  x0: number,
  x1: number,
  columns: number,
  out: Uint32Array,
  log = false,
): number {
  const { extremes } = points;
  if (to - from < columns * SPARSE || !extremes) return decimateScan(points, from, to, x0, x1, columns, out, log);
  const columnOf = columnsOf(points, x0, x1, columns, log);
  let count = 0;
  for (let first = from; first < to;) {
    const end = columnEnd(columnOf, first, to);
    count = keep(out, count, first, extremes.low(first, end), extremes.high(first, end), end - 1);
    first = end;
  }
  return count;
}

/** Slow twin of `decimate`: reads every point. Faster where a column has but a few. */
export function decimateScan(
  points: Points,
  from: number,
  to: number,
  x0: number,
  x1: number,
  columns: number,
  out: Uint32Array,
  log = false,
): number {
  const { ys } = points;
  if (to - from <= columns * 2) {
    for (let i = from; i < to; i++) out[i - from] = i;
    return to - from;
  }
  const columnOf = columnsOf(points, x0, x1, columns, log);
  let count = 0;
  let i = from;
  while (i < to) {
    const column = columnOf(i);
    const first = i;
    let low = i;
    let high = i;
    for (i++; i < to && columnOf(i) === column; i++) {
      // A NaN compares false both ways: it never displaces a number, and a number always displaces it.
      if (ys[i] < ys[low] || ys[low] !== ys[low]) low = i;
      if (ys[i] > ys[high] || ys[high] !== ys[high]) high = i;
    }
    count = keep(out, count, first, low, high, i - 1);
  }
  return count;
}

/** Points a column from which asking for extremes is cheaper than reading. */
const SPARSE = 48;

function columnsOf({ xs }: Points, x0: number, x1: number, columns: number, log: boolean): (at: number) => number {
  const k = columns / (log ? Math.log(x1 / x0) : x1 - x0);
  return log ? (at) => Math.floor(Math.log(xs[at] / x0) * k) : (at) => Math.floor((xs[at] - x0) * k);
}

/** First index after `first` in another column: strides double until one is past it, then halve. */
function columnEnd(columnOf: (at: number) => number, first: number, to: number): number {
  const column = columnOf(first);
  let inside = first;
  let stride = 1;
  while (inside + stride < to && columnOf(inside + stride) === column) {
    inside += stride;
    stride *= 2;
  }
  let outside = Math.min(to, inside + stride);
  while (outside - inside > 1) {
    const mid = (inside + outside) >>> 1;
    if (columnOf(mid) === column) inside = mid;
    else outside = mid;
  }
  return outside;
}

/** Writes the four indices of a column in order, each once; @returns the new count */
function keep(out: Uint32Array, count: number, first: number, low: number, high: number, last: number): number {
  const a = Math.min(low, high);
  const b = Math.max(low, high);
  out[count++] = first;
  if (a > first) out[count++] = a;
  if (b > a && b > first) out[count++] = b;
  if (last > b && last > first) out[count++] = last;
  return count;
}
