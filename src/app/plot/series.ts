/** Points kept outside React: typed arrays that double up to a limit, with `x` strictly increasing. */
import { Pyramid, type Extremes } from './pyramid';

/** What the renderer and the exporters read. Only the first `length` entries are points. */
export interface Points {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  readonly length: number;
  /** Of all points; absent where nobody keeps them. */
  readonly extremes?: Extremes;
}

export class Series implements Points {
  xs: Float64Array;
  ys: Float64Array;
  length = 0;
  /** Grows with every change; a cheap "is there anything new" test. */
  version = 0;
  /** Grows only when points are taken back, so that incremental consumers know to start over. */
  generation = 0;
  /** The first `thinned` points are what is left of more: the lowest and the highest of equal stretches of `x`. */
  thinned = 0;
  /** Points that thinning has taken out so far: everything behind the thinned part has moved down by as many. */
  removed = 0;
  private readonly pyramid = new Pyramid();

  /** At `limit` points the older half is thinned; the newer half is as it came. */
  constructor(
    capacity = 1024,
    private readonly limit = Infinity,
  ) {
    this.xs = new Float64Array(capacity);
    this.ys = new Float64Array(capacity);
  }

  /** A point at or before the last `x` replaces everything from there on: a run that resumes from a checkpoint replays steps. */
  push(x: number, y: number): void {
    if (this.length > 0 && x <= this.xs[this.length - 1]) {
      this.length = lowerBound(this.xs, this.length, x);
      this.thinned = Math.min(this.thinned, this.length);
      this.pyramid.truncate(this.length);
      this.generation++;
    }
    if (this.length === this.limit) this.thin();
    if (this.length === this.xs.length) this.grow();
    this.xs[this.length] = x;
    this.ys[this.length] = y;
    this.length++;
    this.version++;
  }

  clear(): void {
    this.length = this.thinned = 0;
    this.pyramid.truncate(0);
    this.version++;
    this.generation++;
  }

  /** Brought up to date when asked for: a hidden plot costs nothing. */
  get extremes(): Extremes {
    return this.pyramid.extend(this.ys, this.length);
  }

  /**
   * Leaves at most a quarter of `limit` of the older half. Stretches are powers of two wide and begin at multiples of their width, so
   * that a later stretch is made of whole earlier ones and their extremes stay those of all points that ever came.
   */
  private thin(): void {
    const { xs, ys } = this;
    const half = Math.floor(this.limit / 2);
    const width = 2 ** Math.ceil(Math.log2((xs[half - 1] - xs[0]) / (this.limit / 8 - 2)));
    const stretchOf = (i: number): number => Math.floor(xs[i] / width);
    let kept = 1; // the first point: where the run began
    const keep = (i: number): void => {
      if (i < kept) return;
      xs[kept] = xs[i];
      ys[kept++] = ys[i];
    };
    for (let i = 1; i < half;) {
      const stretch = stretchOf(i);
      let [low, high] = [i, i];
      for (i++; i < half && stretchOf(i) === stretch; i++) {
        if (ys[i] < ys[low] || ys[low] !== ys[low]) low = i;
        if (ys[i] > ys[high] || ys[high] !== ys[high]) high = i;
      }
      keep(Math.min(low, high));
      if (low !== high) keep(Math.max(low, high));
    }
    xs.copyWithin(kept, half, this.length);
    ys.copyWithin(kept, half, this.length);
    this.length -= half - kept;
    this.removed += half - kept;
    this.thinned = kept;
    this.pyramid.truncate(0);
  }

  private grow(): void {
    const double = (old: Float64Array): Float64Array => {
      const next = new Float64Array(Math.min(old.length * 2, this.limit));
      next.set(old);
      return next;
    };
    this.xs = double(this.xs);
    this.ys = double(this.ys);
  }
}

/** Points of a live series: four to a pixel of a wide plot, and a thinned part finer than a pixel. */
export const LIVE_POINTS = 16_384;

/** First index whose value is at least `x`; `length` when there is none. */
export function lowerBound(xs: ArrayLike<number>, length: number, x: number): number {
  let lo = 0;
  let hi = length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (xs[mid] < x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** Index of the point nearest to `x`, or -1 when there are none. */
export function nearest(points: Points, x: number): number {
  if (points.length === 0) return -1;
  const at = lowerBound(points.xs, points.length, x);
  if (at === 0) return 0;
  if (at === points.length) return at - 1;
  return x - points.xs[at - 1] <= points.xs[at] - x ? at - 1 : at;
}
