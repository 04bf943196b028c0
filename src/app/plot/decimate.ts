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

/** Indices of the points to draw in `[from, to)`; `out` is reused between calls and must hold `4 * (columns + 2)`. `log`: columns of equal ratio. */
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
  const { xs, ys } = points;
  if (to - from <= columns * 2) {
    for (let i = from; i < to; i++) out[i - from] = i;
    return to - from;
  }
  const k = columns / (log ? Math.log(x1 / x0) : x1 - x0);
  const columnOf = log
    ? (at: number): number => Math.floor(Math.log(xs[at] / x0) * k)
    : (at: number): number => Math.floor((xs[at] - x0) * k);
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
    const last = i - 1;
    const a = Math.min(low, high);
    const b = Math.max(low, high);
    out[count++] = first;
    if (a > first) out[count++] = a;
    if (b > a && b > first) out[count++] = b;
    if (last > b && last > first) out[count++] = last;
  }
  return count;
}
