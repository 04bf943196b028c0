/** Interleaved timing with a clock of our own. */
import { describe, expect, it } from 'vitest';
import { interleave, interleaveRuns, leads } from '@/experiment/ab';
import type { RunEvent } from '@/experiment/events';
import type { TrainingBackend } from '@/experiment/backend';

/** Each step takes `cost` of the shared clock, which also drifts with every step taken by anybody. */
function world(costs: { a: number; b: number }, drift: number) {
  let now = 0;
  let taken = 0;
  const order: string[] = [];
  const make = (name: 'a' | 'b'): TrainingBackend =>
    ({
      depth: 1,
      step: (step: number) => {
        order.push(`${name}${step}`);
        now += costs[name] + drift * taken++;
        return Promise.resolve({ result: Promise.resolve({ loss: 0, gradNorm: 0 }) });
      },
    }) as unknown as TrainingBackend;
  return { a: make('a'), b: make('b'), now: () => now, order };
}

describe('interleaved timing', () => {
  it('goes A B B A A B B A, each through its own steps once', async () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(leads).join('')).toBe('abbaabba');
    const { a, b, now, order } = world({ a: 1, b: 2 }, 0);
    await interleave(a, b, { rounds: 4, steps: 2, warmup: 1, now });
    expect(order.join(' ')).toBe('a0 b0 a1 a2 b1 b2 b3 b4 a3 a4 b5 b6 a5 a6 a7 a8 b7 b8');
  });

  it('gives milliseconds a step and the relative difference by round', async () => {
    const { a, b, now } = world({ a: 4, b: 3 }, 0);
    const result = await interleave(a, b, { rounds: 4, steps: 5, warmup: 2, now });
    expect(result.a).toEqual([4, 4, 4, 4]);
    expect(result.comparison).toMatchObject({ n: 4, relative: -0.25, test: { p: 0.125 } });
  });

  it('a steady drift cancels over rounds of four', async () => {
    const { a, b, now } = world({ a: 100, b: 100 }, 0.01);
    const { meanA, meanB } = await interleave(a, b, { rounds: 8, steps: 5, warmup: 0, now });
    expect(meanB - meanA).toBeCloseTo(0, 9);
  });
});

describe('two whole runs in turns', () => {
  const stepEvent = (step: number): RunEvent => ({ type: 'metric', metric: { event: 'step', step, loss: 1, lr: 1, grad_norm: 1, tokens: 1, time: { elapsed_ms: 1, step_ms: 1, tokens_per_second: 1 } } }); // prettier-ignore
  async function* run(steps: number): AsyncGenerator<RunEvent, string> {
    for (let step = 0; step < steps; step++) {
      await Promise.resolve();
      yield { type: 'paused', step }; // anything between two steps counts for nothing
      yield stepEvent(step);
    }
    return `ended after ${steps}`;
  }

  it('gives each as often the first turn, loses no event and lets the longer one finish', async () => {
    const order: string[] = [];
    const ended = await interleaveRuns(run(5), run(3), 2, (side, event) => {
      if (event.type === 'metric' && event.metric.event === 'step') order.push(`${side}${event.metric.step}`);
    });
    expect(order.join(' ')).toBe('a0 a1 b0 b1 b2 a2 a3 a4');
    expect(ended).toEqual({ a: 'ended after 5', b: 'ended after 3' });
  });
});
