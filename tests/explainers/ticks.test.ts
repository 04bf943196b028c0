import { describe, expect, it } from 'vitest';
import { linearTicks, tickLabels } from '@/explainers/plot/ticks';

describe('ticks of a widget', () => {
  it('an axis has one way to write thousands', () => {
    expect(tickLabels([0, 5000, 10000, 15000])).toEqual(['0', '5k', '10k', '15k']);
    expect(tickLabels([100, 1000, 10000])).toEqual(['100', '1k', '10k']);
    expect(tickLabels([0, 2000, 4000])).toEqual(['0', '2,000', '4,000']);
    expect(tickLabels([-2e6, 0, 2e6])).toEqual(['−2M', '0', '2M']);
  });
  it.each([
    [[0.4, 16.6], 3, [5, 10, 15]],
    [[5.6, 12.4], 3, [6, 8, 10, 12]],
    [[0, 100], 3, [0, 50, 100]],
    [[2000, 7200], 3, [2000, 4000, 6000]],
    [[0, 1], 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  ] as const)('of %j, about %i', (domain, count, wanted) => {
    expect(linearTicks(domain, count)).toEqual(wanted);
  });
  it('are inside, evenly spaced, two more than asked for at most, and never one alone', () => {
    for (let i = 0; i < 2000; i++) {
      const lo = Math.sin(i) * 10 ** (i % 5);
      const span = (1.01 + Math.cos(3 * i)) * 10 ** (i % 7) * 1e-2;
      const count = 3 + (i % 6);
      const ticks = linearTicks([lo, lo + span], count);
      expect(ticks.length).toBeLessThanOrEqual(count + 2);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      for (const t of ticks) expect(t >= lo - 1e-6 * span && t <= lo + span * 1.000001).toBe(true);
      const step = ticks[1]! - ticks[0]!;
      for (let k = 2; k < ticks.length; k++)
        expect(Math.abs(ticks[k]! - ticks[k - 1]! - step)).toBeLessThan(1e-6 * span);
    }
  });
});
