/** timeline.jsonl: what the machine did, beside a run whose lines it does not touch. */
import { describe, expect, it } from 'vitest';
import { openDevice } from '@/engine/device';
import { takeLiveBytes } from '@/engine/memory-meter';
import { PhaseClock } from '@/experiment/phases';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { MemoryDirectory, readText } from '@/experiment/run-directory';
import {
  TIMELINE_FILE,
  Timeline,
  type TimelineSample,
  parseTimeline,
  rewindTimeline,
  summariseTimeline,
} from '@/experiment/session/timeline';
import { testExperiment } from '../support/experiment';
import { testGpu } from '../support/gpu';

describe('the phase clock', () => {
  it('adds up to the wall time and counts what the device waited', async () => {
    let at = 0;
    const clock = new PhaseClock(() => at);
    const takes = (ms: number) => () => Promise.resolve(void (at += ms));
    await clock.measure('submit', takes(3)); // 0..3
    await clock.measure('wait', takes(10)); // 3..13
    clock.busy(3, 13);
    at += 5; // the caller is busy: 13..18
    await clock.measure('save', takes(7)); // 18..25
    await clock.measure('submit', takes(1)); // 25..26
    await clock.measure('wait', takes(4)); // 26..30
    clock.busy(25, 30);
    expect(clock.take()).toEqual({
      submit: 4, wait: 14, eval: 0, observe: 0, save: 7, paused: 0, wall: 30, other: 5, idle: 3 + (25 - 13),
    }); // prettier-ignore
    expect(clock.take()).toMatchObject({ wall: 0, other: 0, idle: 0, wait: 0 });
  });

  it('counts steps in flight together as one busy stretch', () => {
    let at = 0;
    const clock = new PhaseClock(() => at);
    at = 20;
    clock.busy(0, 10);
    clock.busy(2, 18); // was queued behind the first
    expect(clock.take().idle).toBe(0);
  });
});

const { config, model, corpus } = testExperiment({});
const sample = (step: number, more: Partial<TimelineSample> = {}): TimelineSample => ({
  step, elapsed_ms: 10 * step, steps: 10, gpu_bytes: { parameters: 100, corpus: 20 }, gpu_peak_bytes: 150 + step, heap_bytes: 1000 - step,
  ms: { submit: 1, wait: 2, eval: 3, observe: 0, save: 0, paused: 10, wall: 30, other: 14, idle: 15 }, ...more,
}); // prettier-ignore
const lines = (list: readonly unknown[]): string => list.map((value) => `${JSON.stringify(value)}\n`).join('');

describe('timeline.jsonl', () => {
  it('is sampled once an interval, more rarely as a run gets long, and flushed at the end', async () => {
    const directory = new MemoryDirectory();
    let now = 0;
    const timeline = new Timeline(directory, new ReferenceBackend(config, model, corpus), {
      clock: new PhaseClock(() => now),
      heap: () => 7,
      resumed: true,
      now: () => now,
    });
    for (let step = 0; step < 10_000; step++, now += 100) await timeline.step(step, now);
    await timeline.flush();
    const found = parseTimeline((await readText(directory, TIMELINE_FILE))!);
    // 1,000 s: 128 samples a second apart, 128 two seconds apart, 128 four, then eight; profiles add one at steps 5, 505, ...
    expect(found.length).toBeGreaterThan(350);
    expect(found.length).toBeLessThan(420);
    expect(found[0]).toMatchObject({ step: 1, steps: 1, heap_bytes: 7, gpu_bytes: null, resumed: true });
    expect(found.filter((s) => s.resumed)).toHaveLength(1);
    expect(found.reduce((sum, s) => sum + s.steps, 0)).toBe(found.at(-1)!.step);
  });

  it('is read whatever somebody put in it', () => {
    const good = sample(3);
    const bad = ['{', '[]', 'null', '{"step":"1"}', lines([{ ...good, ms: 4 }]).trim(), '{"step":1e999}'];
    expect(parseTimeline(`${bad.join('\n')}\n${lines([good])}{"step":4,"ela`)).toEqual([good]);
    const odd = { ...good, gpu_bytes: { parameters: -1, corpus: 5 }, ops: [{ name: 1 }, null], heap_bytes: 'x' };
    expect(parseTimeline(lines([odd]))).toEqual([{ ...good, gpu_bytes: { corpus: 5 }, ops: [], heap_bytes: null }]);
  });

  it('loses the samples of steps that are run again', async () => {
    const directory = new MemoryDirectory();
    await rewindTimeline(directory, 5);
    expect(await directory.list()).toEqual([]);
    await directory.append(TIMELINE_FILE, lines([sample(1), sample(20), sample(21)]));
    await rewindTimeline(directory, 20);
    expect(parseTimeline((await readText(directory, TIMELINE_FILE))!).map((s) => s.step)).toEqual([1, 20]);
  });

  it('is summed up', () => {
    const ops = [{ name: 'gemm', dispatches: 3, ms: 2 }];
    const summary = summariseTimeline([sample(1, { ops }), sample(2, { resumed: true })])!;
    expect(summary).toMatchObject({ samples: 2, restarts: 1, ops, idleShare: (30 - 20) / (60 - 20) });
    expect(summary.ms).toMatchObject({ wall: 60, wait: 4, paused: 20 });
    expect(summary.gpuBytes).toEqual({ first: 120, last: 120, peak: 152 });
    expect(summary.heapBytes).toEqual({ first: 999, last: 998, peak: 999 });
    expect(summary.categories).toEqual([{ name: 'parameters', bytes: 100 }, { name: 'corpus', bytes: 20 }]); // prettier-ignore
    expect(summariseTimeline([])).toBeNull();
  });
});

describe('the memory meter', async () => {
  const { device } = await openDevice(await testGpu());
  it('counts what lives, by label, and the peak since it was last read', () => {
    const usage = GPUBufferUsage.STORAGE;
    const make = (label: string, size: number) => device.createBuffer({ label, size, usage });
    const [a, b, c] = [make('staging 0', 64), make('staging 1', 32), make('', 16)];
    expect(takeLiveBytes(device)).toEqual({ categories: { staging: 96, other: 16 }, totalBytes: 112, peakBytes: 112 });
    c.destroy();
    b.destroy();
    b.destroy(); // twice is allowed and counts once
    expect(takeLiveBytes(device)).toEqual({ categories: { staging: 64 }, totalBytes: 64, peakBytes: 112 });
    a.destroy();
    expect(takeLiveBytes(device)).toEqual({ categories: {}, totalBytes: 0, peakBytes: 64 });
  });
});
