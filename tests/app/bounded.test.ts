/** The Lab's points over a long run: bounded memory, kept extremes, a whole record when saved. */
import { describe, expect, it } from 'vitest';
import type { WorkerEvent } from '@/worker/protocol';
import type { RunCurves, TimelineSample } from '@/worker/store-protocol';
import { idleShare } from '@/app/lab/timeline/idle';
import { betaOfWindow, Ema } from '@/app/plot/ema';
import { Series } from '@/app/plot/series';
import { completeRun } from '@/app/stores/complete';
import { RunData } from '@/app/stores/data';
import { initialRun, type RunStore } from '@/app/stores/run';

const LIMIT = 4096;
/** Reproducible noise about a falling loss, with a spike now and then. */
const lossAt = (i: number): number => {
  const noise = Math.sin(i * 12.9898) * 43758.5453;
  return (
    2 + 2 * Math.exp(-i / 2e5) + (noise - Math.floor(noise)) + (i % 77_777 === 5 ? 30 : i % 91_111 === 7 ? -30 : 0)
  );
};

describe('a bounded series', () => {
  const POINTS = 1_000_000;
  const series = new Series(64, LIMIT);
  const sizes = new Set<number>();
  let most = 0;
  for (let i = 0; i < POINTS; i++) {
    series.push(i, lossAt(i));
    most = Math.max(most, series.length);
    if (i >= LIMIT) sizes.add(series.xs.length).add(series.ys.length);
  }
  const { xs, ys, length, thinned } = series;

  it('stays below its limit in arrays that never grow again', () => {
    expect(most).toBe(LIMIT);
    expect([...sizes]).toEqual([LIMIT]);
    expect(length - thinned).toBeGreaterThanOrEqual(LIMIT / 2);
    expect(thinned).toBeGreaterThan(LIMIT / 16);
    expect(series.removed + length).toBe(POINTS);
  });

  it('keeps x in order and every point a true one; the first and the newest are untouched', () => {
    for (let i = 0; i < length; i++) {
      if (i > 0) expect(xs[i]).toBeGreaterThan(xs[i - 1]);
      expect(ys[i]).toBe(lossAt(xs[i]));
    }
    expect(xs[0]).toBe(0);
    for (let i = thinned; i < length; i++) expect(xs[i]).toBe(POINTS - length + i);
  });

  it('keeps the lowest and the highest of every stretch', () => {
    // Of the thinned part, in stretches of the widest power of two that cuts it into a few hundred.
    const end = xs[thinned - 1];
    const width = 2 ** Math.ceil(Math.log2(end / (LIMIT / 8 - 2)));
    const all = new Map<number, [number, number]>();
    const kept = new Map<number, [number, number]>();
    const add = (map: Map<number, [number, number]>, x: number, y: number): void => {
      const [lo, hi] = map.get(Math.floor(x / width)) ?? [Infinity, -Infinity];
      map.set(Math.floor(x / width), [Math.min(lo, y), Math.max(hi, y)]);
    };
    const whole = Math.floor(xs[thinned] / width) * width;
    for (let x = 0; x < whole; x++) add(all, x, lossAt(x));
    for (let i = 0; xs[i] < whole; i++) add(kept, xs[i], ys[i]);
    expect(all.size).toBeGreaterThan(LIMIT / 32);
    expect([...kept]).toEqual([...all]);
  });

  it('takes back what a resumed run replays, also from its thinned part', () => {
    const short = new Series(64, 64);
    for (let i = 0; i < 1000; i++) short.push(i, i);
    short.push(300, -1);
    expect(short.thinned).toBeLessThan(short.length);
    expect(short.xs[short.length - 1]).toBe(300);
    for (let i = 301; i < 1000; i++) short.push(i, i);
    expect(short.length).toBeLessThanOrEqual(64);
    expect(short.ys[short.extremes.low(0, short.length)]).toBe(-1);
  });
});

describe('smoothing of a bounded series', () => {
  const beta = betaOfWindow(20);
  const build = (readEvery: number): { bounded: Series; whole: Series } => {
    const [source, all] = [new Series(64, LIMIT), new Series()];
    const [ema, reference] = [new Ema(LIMIT), new Ema()];
    for (let i = 0; i < 50_000; i++) {
      source.push(i, lossAt(i));
      all.push(i, lossAt(i));
      if (i % readEvery === 0) ema.update(source, beta);
    }
    return { bounded: ema.update(source, beta), whole: reference.update(all, beta) };
  };

  it('equals that of all points while it reads along', () => {
    const { bounded, whole } = build(LIMIT / 4);
    expect(bounded.length).toBeLessThanOrEqual(LIMIT);
    for (let i = bounded.thinned; i < bounded.length; i++) {
      expect(bounded.ys[i]).toBe(whole.ys[bounded.xs[i]]);
    }
  });

  it('made after thinning equals it once the average has forgotten the thinned part', () => {
    const { bounded, whole } = build(Infinity);
    for (let i = bounded.length - LIMIT / 4; i < bounded.length; i++)
      expect(bounded.ys[i]).toBeCloseTo(whole.ys[bounded.xs[i]], 9);
  });
});

describe('the data of a long run', () => {
  const LONG = 40_000;
  const step = (n: number): Extract<WorkerEvent, { type: 'step' }> => ({
    type: 'step', step: n, loss: lossAt(n), lr: n, gradNorm: 1 / (n + 1), tokens: 8 * n,
    time: { elapsedMs: n, stepMs: 1, tokensPerSecond: 8000 },
  }); // prettier-ignore
  const data = new RunData();
  for (let n = 0; n < LONG; n++) data.step(step(n));
  const run = { ...initialRun(), started: { runId: 'long' }, data } as RunStore;

  it('keeps marks and histograms bounded', () => {
    const marks = new RunData();
    for (let n = 0; n < 5000; n++)
      marks.method({ event: 'spam', step: n, kind: 'reset' } as Parameters<RunData['method']>[0]);
    expect(marks.spam.length).toBeLessThanOrEqual(512);
    expect(marks.spam[0]?.step).toBe(0);
    expect(marks.spam.at(-1)?.step).toBe(4999);
  });

  it('is whole when it is saved: the record, then what came after its last line', async () => {
    expect(data.loss.thinned).toBeGreaterThan(0);
    const recorded = LONG - 500;
    const column = (of: (i: number) => number): Float64Array =>
      Float64Array.from({ length: recorded }, (_, i) => of(i));
    const curves = {
      step: { step: column((i) => i), values: { loss: column(lossAt), lr: column((i) => i) } },
    } as unknown as RunCurves;
    const asked: string[] = [];
    const whole = await completeRun(run, (id) => (asked.push(id), Promise.resolve(curves)));
    expect(asked).toEqual(['long']);
    expect(whole.data.loss.length).toBe(LONG);
    for (let i = 0; i < LONG; i++) if (whole.data.loss.ys[i] !== lossAt(i)) expect(i).toBe(-1);
    expect(whole.data.valLoss).toBe(data.valLoss);
  });

  it('reads no record while nothing was thinned', async () => {
    const young = { ...run, data: new RunData() };
    expect(await completeRun(young, () => Promise.reject(new Error('asked')))).toBe(young);
  });
});

describe('the timeline of the live run', () => {
  const sample = (step: number, more: object = {}): TimelineSample => ({
    step, elapsed_ms: step, steps: 1, gpu_bytes: { a: 1 }, gpu_peak_bytes: 1, heap_bytes: 1,
    ms: { submit: 1, wait: 5, eval: 0, observe: 0, save: 0, paused: 2, wall: 12, other: 4, idle: 4 }, ...more,
  }); // prettier-ignore

  it('is bounded, and replaces a part that is run again', () => {
    const data = new RunData();
    for (let step = 1; step <= 5000; step++) data.machine(sample(step));
    expect(data.timeline.length).toBeLessThanOrEqual(512);
    expect(data.timeline[0]?.step).toBe(1);
    data.machine(sample(2500, { resumed: true }));
    expect(data.timeline.at(-1)).toMatchObject({ step: 2500, resumed: true });
    expect(data.timeline.every(({ step }, i, all) => i === 0 || step > all[i - 1].step)).toBe(true);
  });

  it('says for which share of the time the device waited, pauses taken off', () => {
    expect(idleShare([sample(1), sample(2)])).toBe((2 * (4 - 2)) / (2 * (12 - 2)));
    expect(idleShare([])).toBeNull();
    expect(idleShare([sample(1, { gpu_bytes: null })])).toBeNull();
  });
});
