import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { decimate, decimateScan, windowIndices } from '@/app/plot/decimate';
import { Ema } from '@/app/plot/ema';
import { plotCsv, plotSvg } from '@/app/plot/export';
import { spread } from '@/app/plot/layout';
import { extent, extentOf, linearScale, logScale } from '@/app/plot/scale';
import { DrawScheduler } from '@/app/plot/scheduler';
import { nearest, Series } from '@/app/plot/series';
import type { PlotSpec } from '@/app/plot/spec';
import { formatTicks, linearTicks, logTicks } from '@/app/plot/ticks';

const seriesOf = (ys: readonly number[], from = 0): Series => {
  const series = new Series(4);
  ys.forEach((y, i) => series.push(from + i, y));
  return series;
};

const specOf = (ys: readonly number[], log = false): PlotSpec => ({
  id: 'loss',
  title: 'Loss',
  x: { title: 'Step', domain: [0, Math.max(1, ys.length - 1)] },
  y: { title: 'Loss', unit: 'nats/token', log, zero: false, fallback: [1, 5] },
  series: [{ id: 'raw', label: 'train', mark: 'line', colour: 0, origin: 'local', points: seriesOf(ys) }],
  references: [{ id: 'ln-v', label: 'ln V <65>', value: 4.174 }],
  moments: [],
  empty: 'Loss of every step.',
});

describe('series', () => {
  it('grows and keeps its points', () => {
    const series = seriesOf(Array.from({ length: 1000 }, (_, i) => i * 2));
    expect(series.length).toBe(1000);
    expect(series.ys[999]).toBe(1998);
    expect(series.xs[999]).toBe(999);
  });

  it('takes back what a resumed run replays', () => {
    const series = seriesOf([1, 2, 3, 4, 5]);
    const { generation } = series;
    series.push(2, 30);
    expect(Array.from(series.ys.subarray(0, series.length))).toEqual([1, 2, 30]);
    expect(series.generation).toBe(generation + 1);
  });

  it('finds the nearest point', () => {
    const series = seriesOf([0, 0, 0]);
    expect([-5, 0.4, 0.6, 9].map((x) => nearest(series, x))).toEqual([0, 0, 1, 2]);
    expect(nearest(new Series(), 1)).toBe(-1);
  });
});

describe('ticks', () => {
  it('are round, inside and about as many as asked for', () => {
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(1.37, 4.51, 4)).toEqual([2, 3, 4]);
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (lo, span, count) => {
          const ticks = linearTicks(lo, lo + span, count);
          expect(ticks.length).toBeLessThanOrEqual(count + 1);
          for (const t of ticks) {
            expect(t).toBeGreaterThanOrEqual(lo - span * 1e-6);
            expect(t).toBeLessThanOrEqual(lo + span * (1 + 1e-6));
          }
        },
      ),
    );
  });

  it('divide decades as finely as there is room', () => {
    expect(logTicks(0.2, 30, 12)).toEqual([0.2, 0.5, 1, 2, 5, 10, 20]);
    expect(logTicks(1e-6, 1, 3)).toEqual([1e-6, 1e-4, 0.01, 1]);
    expect(logTicks(0, 1, 3)).toEqual([]);
  });

  it('are labelled with the digits that tell them apart', () => {
    expect(formatTicks([0, 0.5, 1])).toEqual(['0.0', '0.5', '1.0']);
    expect(formatTicks([0, 1000, 2000])).toEqual(['0', '1,000', '2,000']);
    expect(formatTicks([0, 20000, 40000])).toEqual(['0', '20k', '40k']);
    expect(formatTicks([0, 5e-4, 1e-3])).toEqual(['0', '5e\u22124', '1e\u22123']);
    expect(formatTicks([0.1, 1, 10], true)).toEqual(['0.1', '1', '10']);
    expect(formatTicks([-1, 0, 1])).toEqual(['\u22121', '0', '1']);
  });
});

describe('scales', () => {
  it('invert what they map', () => {
    for (const scale of [linearScale([2, 10], [300, 0]), logScale([2, 10], [300, 0])]) {
      for (const v of [2, 3.3, 10]) expect(scale.invert(scale.map(v))).toBeCloseTo(v, 9);
    }
    expect(logScale([1, 10], [0, 1]).map(0)).toBeNaN();
  });
});

describe('decimation', () => {
  it('keeps the first, lowest, highest and last of every pixel column', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 2000 }),
        (ys) => {
          const columns = 37;
          const series = seriesOf(ys);
          const x1 = Math.max(1, ys.length - 1);
          const out = new Uint32Array(4 * (columns + 4));
          const n = decimate(series, 0, ys.length, 0, x1, columns, out);
          const kept = new Map<number, number[]>();
          const all = new Map<number, number[]>();
          const add = (map: Map<number, number[]>, i: number): void => {
            const c = Math.floor((i * columns) / x1);
            map.set(c, [...(map.get(c) ?? []), ys[i]]);
          };
          for (let i = 0; i < n; i++) {
            if (i > 0) expect(out[i]).toBeGreaterThan(out[i - 1]);
            add(kept, out[i]);
          }
          ys.forEach((_, i) => add(all, i));
          if (ys.length > 2 * columns) expect(n).toBeLessThanOrEqual(4 * (columns + 1));
          for (const [c, values] of all) {
            const left = kept.get(c) ?? [];
            expect(Math.min(...left)).toBe(Math.min(...values));
            expect(Math.max(...left)).toBe(Math.max(...values));
            expect(left[0]).toBe(values[0]);
            expect(left.at(-1)).toBe(values.at(-1));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('by extremes equals the scan of every point, in every window and while points come and are taken back', () => {
    const value = fc.oneof(
      { weight: 8, arbitrary: fc.double({ min: -5, max: 5, noNaN: true }) },
      { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 0) },
    );
    const window = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0.01, max: 1, noNaN: true }));
    const parts = fc.array(fc.tuple(fc.array(value, { maxLength: 900 }), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(parts, window, fc.integer({ min: 1, max: 12 }), fc.boolean(), (pieces, [at, share], columns, log) => {
        const series = new Series(4);
        let x = 1;
        for (const [ys, back] of pieces) {
          x = Math.max(1, x - Math.floor(back * 50));
          for (const y of ys) series.push(x++, y);
          const x0 = 1 + at * x;
          const x1 = x0 + Math.max(1, share * x);
          const [from, to] = windowIndices(series, x0, x1);
          const fast = new Uint32Array(4 * (columns + 4));
          const slow = new Uint32Array(4 * (columns + 4));
          const n = decimate(series, from, to, x0, x1, columns, fast, log);
          expect(decimateScan(series, from, to, x0, x1, columns, slow, log)).toBe(n);
          expect(Array.from(fast.subarray(0, n))).toEqual(Array.from(slow.subarray(0, n)));
          for (const positive of [false, true])
            expect(extentOf(series, from, to, positive)).toEqual(extent(series.ys, from, to, positive));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('reads a number of values that grows with the columns, not with the points', () => {
    const reads = (length: number): number => {
      let count = 0;
      const spied = (values: Float64Array): Float64Array =>
        new Proxy(values, {
          get: (target, key) => {
            if (typeof key === 'string' && /^\d/.test(key)) count++;
            const found: unknown = Reflect.get(target, key, target);
            return found;
          },
        });
      const { xs, ys, extremes } = seriesOf(Array.from({ length }, (_, i) => Math.sin(i)));
      const points = { xs: spied(xs), ys: spied(ys), length, extremes };
      decimate(points, 0, length, 0, length - 1, 20, new Uint32Array(100));
      return count;
    };
    expect(reads(200_000)).toBeLessThan(1.5 * reads(20_000));
  });

  it('lets no NaN displace a number', () => {
    const ys = Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? Number.NaN : i === 500 ? 99 : 1));
    const series = seriesOf(ys);
    const out = new Uint32Array(64);
    const n = decimate(series, 0, 1000, 0, 999, 5, out);
    expect(Array.from(out.subarray(0, n)).some((i) => ys[i] === 99)).toBe(true);
  });

  it('takes one neighbour on each side of a window', () => {
    const series = seriesOf(Array.from({ length: 100 }, () => 0));
    expect(windowIndices(series, 10.5, 20.5)).toEqual([10, 23]);
  });
});

describe('EMA', () => {
  it('equals its closed form, also when it grows piecemeal', () => {
    const beta = 0.9;
    const ys = Array.from({ length: 200 }, (_, i) => Math.sin(i) + i / 50);
    const series = new Series(4);
    const ema = new Ema();
    ys.forEach((y, i) => {
      series.push(i, y);
      if (i % 7 === 0) ema.update(series, beta);
    });
    const { out } = { out: ema.update(series, beta) };
    expect(out.length).toBe(200);
    for (const t of [0, 1, 10, 199]) {
      let sum = 0;
      let weight = 0;
      for (let i = 0; i <= t; i++) {
        sum += beta ** (t - i) * ys[i];
        weight += beta ** (t - i);
      }
      expect(out.ys[t]).toBeCloseTo(sum / weight, 10);
    }
  });

  it('of a rate is the rate of the mean time: one burst does not lift it', () => {
    const rate = new Series();
    for (const [i, seconds] of [1, 1, 0.001, 1].entries()) rate.push(i, 1 / seconds);
    const beta = 0.5;
    const time = (1 * beta ** 3 + 1 * beta ** 2 + 0.001 * beta + 1) / (1 + beta + beta ** 2 + beta ** 3);
    expect(new Ema(Infinity, true).update(rate, beta).ys[3]).toBeCloseTo(1 / time, 9);
  });

  it('starts over for the series of another run', () => {
    const ema = new Ema();
    ema.update(seriesOf([1, 1, 1, 1]), 0.5);
    expect(Array.from(ema.update(seriesOf([5, 5]), 0.5).ys.subarray(0, ema.out.length))).toEqual([5, 5]);
  });

  it('passes over NaN and starts over when points are taken back', () => {
    const series = seriesOf([1, Number.NaN, 1]);
    const ema = new Ema();
    expect(ema.update(series, 0.5).length).toBe(2);
    series.push(0, 7);
    expect(Array.from(ema.update(series, 0.5).ys.subarray(0, 1))).toEqual([7]);
  });
});

describe('labels', () => {
  it('are pushed apart and keep their order', () => {
    const placed = spread([50, 52, 51, 10], 14, 0, 100);
    const sorted = [...placed].sort((a, b) => a - b);
    for (let i = 1; i < sorted.length; i++) expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(14);
    expect(placed[0]).toBeLessThan(placed[2]);
    expect(placed[2]).toBeLessThan(placed[1]);
  });
});

describe('exports', () => {
  it('write every point to CSV', () => {
    const csv = plotCsv(specOf([4, 3.5, 3])).split('\n');
    expect(csv).toEqual(['# Loss (nats/token)', 'step,train', '0,4', '1,3.5', '2,3', '']);
  });

  it('write SVG with axis titles, ticks, references and escaped text', () => {
    const svg = plotSvg(specOf([4, 3.5, 3]), 600, 300);
    expect(svg).toContain('Loss (nats/token)');
    expect(svg).toContain('ln V &lt;65&gt; 4.174');
    expect(svg).toContain('Step \u2192');
    expect(svg).not.toMatch(/NaN|undefined|style=/);
  });

  it('draw lines a pixel wide once they have more points together than the plot has room for', () => {
    const one = specOf(Array.from({ length: 400 }, (_, i) => Math.sin(i)));
    const line = (count: number): PlotSpec => ({
      ...one,
      series: Array.from({ length: count }, (_, i) => ({ ...one.series[0], id: String(i), label: String(i) })),
    });
    const strokes = (spec: PlotSpec): string[] =>
      [...plotSvg(spec, 600, 300).matchAll(/stroke-linejoin="round".*?stroke-width="([\d.]+)"/g)].map(([, w]) => w);
    expect(strokes(line(2))).toEqual(['1.5', '1.5']);
    expect(strokes(line(4))).toEqual(['1', '1', '1', '1']);
  });

  it('keep the axes of an empty plot and say what will fill it', () => {
    const svg = plotSvg(specOf([]), 600, 300);
    expect(svg).toContain('Loss of every step.');
    expect(svg).toContain('\u2191 Loss');
  });
});

describe('scheduler', () => {
  it('draws a dirty visible plot at most ten times a second, and stops when a frame is full', () => {
    let now = 0;
    const frames: (() => void)[] = [];
    const scheduler = new DrawScheduler({ now: () => now, frame: (f) => void frames.push(f) });
    const drawn = [0, 0, 0];
    const handles = drawn.map((_, i) =>
      scheduler.add(() => {
        drawn[i]++;
        now += 5;
      }),
    );
    for (const h of handles) h.setVisible(true);
    for (let frame = 0; frame < 60; frame++) {
      now = (frame * 1000) / 60;
      for (const h of handles) h.invalidate();
      const before = drawn[0] + drawn[1] + drawn[2];
      for (const run of frames.splice(0)) run();
      expect(drawn[0] + drawn[1] + drawn[2] - before).toBeLessThanOrEqual(2);
    }
    for (const n of drawn) {
      expect(n).toBeGreaterThan(7);
      expect(n).toBeLessThanOrEqual(10);
    }
    handles[0].setVisible(false);
    const hidden = drawn[0];
    for (let frame = 0; frame < 30; frame++) {
      now += 1000 / 60;
      handles[0].invalidate();
      for (const run of frames.splice(0)) run();
    }
    expect(drawn[0]).toBe(hidden);
  });

  it('draws at the next frame what a reader moves', () => {
    let now = 0;
    const frames: (() => void)[] = [];
    const scheduler = new DrawScheduler({ now: () => now, frame: (f) => void frames.push(f) });
    let drawn = 0;
    const handle = scheduler.add(() => void drawn++);
    handle.setVisible(true);
    for (let frame = 0; frame < 30; frame++) {
      now = (frame * 1000) / 60;
      handle.invalidate(true);
      for (const run of frames.splice(0)) run();
    }
    expect(drawn).toBe(30);
  });
});
