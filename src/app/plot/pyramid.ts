/**
 * Where the lowest and the highest value of a stretch lie, without reading all of it: a tree of blocks of `FAN`, each with the indices
 * of its extremes. A query reads O(FAN log length) values. It grows with its source; whole blocks alone are kept.
 */

/** What a plot asks of points that it does not read one by one. */
export interface Extremes {
  /** Index of the lowest of `[from, to)`; the first of equals. A NaN loses to every number. `to > from`. */
  low(from: number, to: number): number;
  high(from: number, to: number): number;
}

const FAN = 16;

interface Level {
  low: Uint32Array;
  high: Uint32Array;
  /** Whole blocks. */
  count: number;
}

const lower = (a: number, b: number): boolean => a < b || b !== b;
const higher = (a: number, b: number): boolean => a > b || b !== b;

export class Pyramid implements Extremes {
  private readonly levels: Level[] = [];
  private ys: Float64Array = new Float64Array(0);

  /** Values from `length` on are taken back or were changed. */
  truncate(length: number): void {
    let blocks = length;
    for (const level of this.levels) {
      blocks = Math.floor(blocks / FAN);
      level.count = Math.min(level.count, blocks);
    }
  }

  /** Takes in what came since. `ys` may be another array with the same values. */
  extend(ys: Float64Array, length: number): this {
    this.ys = ys;
    let children = length;
    for (let depth = 0; children >= FAN; depth++) {
      const level = (this.levels[depth] ??= { low: new Uint32Array(64), high: new Uint32Array(64), count: 0 });
      children = Math.floor(children / FAN);
      this.fill(level, depth === 0 ? null : this.levels[depth - 1], children);
    }
    return this;
  }

  low(from: number, to: number): number {
    return this.find('low', lower, from, to);
  }

  high(from: number, to: number): number {
    return this.find('high', higher, from, to);
  }

  private fill(level: Level, below: Level | null, blocks: number): void {
    while (level.low.length < blocks) {
      level.low = doubled(level.low);
      level.high = doubled(level.high);
    }
    const { ys } = this;
    for (; level.count < blocks; level.count++) {
      const from = level.count * FAN;
      let low = below ? below.low[from] : from;
      let high = below ? below.high[from] : from;
      for (let child = from + 1; child < from + FAN; child++) {
        const l = below ? below.low[child] : child;
        const h = below ? below.high[child] : child;
        if (lower(ys[l], ys[low])) low = l;
        if (higher(ys[h], ys[high])) high = h;
      }
      level.low[level.count] = low;
      level.high[level.count] = high;
    }
  }

  private find(side: 'low' | 'high', better: (a: number, b: number) => boolean, from: number, to: number): number {
    const { ys, levels } = this;
    let best = from;
    let i = from;
    while (i < to) {
      let size = 1;
      let at = i;
      // The largest whole block that starts here and ends inside.
      for (const level of levels) {
        const next = size * FAN;
        if (i % next !== 0 || i + next > to || i / next >= level.count) break;
        size = next;
        at = level[side][i / next];
      }
      if (better(ys[at], ys[best])) best = at;
      i += size;
    }
    return best;
  }
}

function doubled(old: Uint32Array): Uint32Array {
  const next = new Uint32Array(old.length * 2);
  next.set(old);
  return next;
}
