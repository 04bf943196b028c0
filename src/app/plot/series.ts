/** Points kept outside React: typed arrays that double when full, with `x` strictly increasing. */
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
  private readonly pyramid = new Pyramid();

  constructor(capacity = 1024) {
    this.xs = new Float64Array(capacity);
    this.ys = new Float64Array(capacity);
  }

  /** A point at or before the last `x` replaces everything from there on: a run that resumes from a checkpoint replays steps. */
  push(x: number, y: number): void {
    if (this.length > 0 && x <= this.xs[this.length - 1]) {
      this.length = lowerBound(this.xs, this.length, x);
      this.pyramid.truncate(this.length);
      this.generation++;
    }
    if (this.length === this.xs.length) this.grow();
    this.xs[this.length] = x;
    this.ys[this.length] = y;
    this.length++;
    this.version++;
  }

  clear(): void {
    this.length = 0;
    this.pyramid.truncate(0);
    this.version++;
    this.generation++;
  }

  /** Brought up to date when asked for: a hidden plot costs nothing. */
  get extremes(): Extremes {
    return this.pyramid.extend(this.ys, this.length);
  }

  private grow(): void {
    const double = (old: Float64Array): Float64Array => {
      const next = new Float64Array(old.length * 2);
      next.set(old);
      return next;
    };
    this.xs = double(this.xs);
    this.ys = double(this.ys);
  }
}

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
