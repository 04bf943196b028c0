/** Exponential moving average with bias correction, extended point by point as its source grows. */
import { Series } from './series';

export class Ema {
  /** @param harmonic for rates: averages what one unit takes, so that a short moment at a high rate weighs as little as it lasted */
  constructor(private readonly harmonic = false) {}

  readonly out = new Series();
  private sum = 0;
  private weight = 0;
  private read = 0;
  private generation = -1;
  private beta = Number.NaN;

  /**
   * Brings `out` up to date: s = beta*s + (1-beta)*x, divided by 1-beta^n so that early values are not pulled to zero.
   * Values that are not finite are passed over.
   */
  update(source: Series, beta: number): Series {
    if (source.generation !== this.generation || beta !== this.beta) {
      this.out.clear();
      this.sum = this.weight = this.read = 0;
      this.generation = source.generation;
      this.beta = beta;
    }
    for (; this.read < source.length; this.read++) {
      const y = source.ys[this.read];
      if (!Number.isFinite(y)) continue;
      this.sum = beta * this.sum + (1 - beta) * (this.harmonic ? 1 / y : y);
      this.weight = beta * this.weight + (1 - beta);
      const mean = this.sum / this.weight;
      this.out.push(source.xs[this.read], this.harmonic ? 1 / mean : mean);
    }
    return this.out;
  }
}

/** Smoothing choices offered to the reader: about how many steps are averaged; 1 is off. */
export const EMA_WINDOWS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

export const betaOfWindow = (window: number): number => 1 - 1 / window;
