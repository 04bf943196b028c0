/** Exponential moving average with bias correction, extended point by point as its source grows. */
import { Series } from './series';

export class Ema {
  readonly out: Series;
  private sum = 0;
  private weight = 0;
  private read = 0;
  private source: Series | null = null;
  private removed = 0;
  private generation = -1;
  private beta = Number.NaN;

  /**
   * `limit`: of the points of `out`. `harmonic`, for rates: averages what one unit takes, so that a short moment at a high rate weighs
   * as little as it lasted.
   */
  constructor(
    limit = Infinity,
    private readonly harmonic = false,
  ) {
    this.out = new Series(1024, limit);
  }

  /**
   * Brings `out` up to date: s = beta*s + (1-beta)*x, divided by 1-beta^n so that early values are not pulled to zero.
   * Values that are not finite are passed over. A source that was thinned since is read on where reading stopped; what is read for the
   * first time after thinning counts for all the steps that it stands for, so `x` must count steps.
   */
  update(source: Series, beta: number): Series {
    const another = source !== this.source;
    this.source = source;
    this.read -= source.removed - this.removed;
    this.removed = source.removed;
    const missed = this.read < source.thinned;
    if (another || source.generation !== this.generation || beta !== this.beta || missed) {
      this.out.clear();
      this.sum = this.weight = this.read = 0;
      this.generation = source.generation;
      this.beta = beta;
    }
    for (; this.read < source.length; this.read++) {
      const y = source.ys[this.read];
      if (!Number.isFinite(y)) continue;
      const steps = this.read > 0 && this.read < source.thinned ? source.xs[this.read] - source.xs[this.read - 1] : 1;
      const kept = steps === 1 ? beta : beta ** steps;
      this.sum = kept * this.sum + (1 - kept) * (this.harmonic ? 1 / y : y);
      this.weight = kept * this.weight + (1 - kept);
      const mean = this.sum / this.weight;
      this.out.push(source.xs[this.read], this.harmonic ? 1 / mean : mean);
    }
    return this.out;
  }
}

/** Smoothing choices offered to the reader: about how many steps are averaged; 1 is off. */
export const EMA_WINDOWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

export const betaOfWindow = (window: number): number => 1 - 1 / window;
