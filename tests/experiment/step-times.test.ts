import { describe, expect, it } from 'vitest';
import { StepTimes } from '@/experiment/step-times';

/** Takes flights in order, each knowing of those behind it what had arrived by then. */
function times(start: number, flights: readonly (readonly [submitted: number, arrived: number])[]): number[] {
  const clock = new StepTimes(start);
  return flights.map(([submitted, arrived], i) =>
    clock.take(
      { submitted, arrived },
      flights.slice(i + 1).map(([s, a]) => ({ submitted: s, ...(a <= arrived + 0.5 ? { arrived: a } : {}) })),
    ),
  );
}

describe('step times', () => {
  it('count from when the device was free, or from the submit after a pause', () => {
    expect(times(0, [[0, 100], [0, 180], [0, 270], [500, 590]])).toEqual([100, 80, 90, 90]); // prettier-ignore
  });

  it('share the time of results that one turn of the event loop brought, and keep its sum', () => {
    expect(
      times(
        0,
        [
          [0, 300],
          [0, 300.1],
          [0, 300.2],
          [301, 400],
        ].map(([s, a]) => [s!, a!] as const),
      ),
    ).toEqual([expect.closeTo(100.07, 2), expect.closeTo(100.07, 2), expect.closeTo(100.07, 2), 99]);
  });

  it('do not share with a result that came in a later turn', () => {
    expect(times(0, [[0, 100], [0, 101.5]])).toEqual([100, 1.5]); // prettier-ignore
  });

  it('are never below the resolution of a clock', () => {
    expect(times(0, [[0, 0]])).toEqual([0.1]);
  });
});
