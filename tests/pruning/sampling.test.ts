/** Thresholds from a sample (optimizers-pruning-fisher 10, invariant 18). GPU and CPU choose the same weights in tests/experiment/pruning.test.ts. */
import { describe, expect, it } from 'vitest';
import { boxMuller, philox4x32 } from '@/data/random';
import { domainSizes, drawCount, sampledBudget, selectSampled } from '@/pruning/sampling';

const words = (seed: number) => (draw: number) => philox4x32([draw, 0, 1, 0], [seed, 6])[0];
const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;

describe('a sampled threshold', () => {
  const n = 20_000;
  const fraction = 0.05;
  const s = 0.7;
  const tensors = [{ size: n }];
  const budget = { domainOf: [0], pruned: [s * n] };

  it('over 200 seeds of fresh scores: no bias beyond 3 standard errors, sd within 20 % of sqrt(s (1 - s) / n)', () => {
    const draws = domainSizes(tensors, [0], fraction).draws[0]!;
    const errors = Array.from({ length: 200 }, (_, seed) => {
      const scores = Float64Array.from({ length: n }, (__, i) => {
        const [a, b] = philox4x32([i, 0, 0, 0], [seed, 1]);
        return Math.abs(boxMuller(a, b)[0]);
      });
      const keep = selectSampled(tensors, scores, budget, { fraction, word: words(seed) });
      return 1 - keep.reduce((sum, bit) => sum + bit, 0) / n - s;
    });
    const sd = Math.sqrt(errors.reduce((sum, e) => sum + (e - mean(errors)) ** 2, 0) / 199);
    expect(Math.abs(mean(errors))).toBeLessThan((3 * sd) / Math.sqrt(200));
    expect(Math.abs(sd / Math.sqrt((s * (1 - s)) / draws) - 1)).toBeLessThan(0.2);
  });

  it('follows the seed, prunes nothing for k = 0, and all ties of the threshold', () => {
    const scores = Float64Array.from({ length: n }, (_, i) => (i * 7919) % n);
    const at = (seed: number, k: number): Uint8Array =>
      selectSampled(tensors, scores, { domainOf: [0], pruned: [k] }, { fraction, word: words(seed) });
    expect(at(1, 9000)).toEqual(at(1, 9000));
    expect(at(1, 9000)).not.toEqual(at(2, 9000));
    expect(at(1, 0).every((bit) => bit === 1)).toBe(true);
    const equal = selectSampled(
      tensors,
      new Float64Array(n),
      { domainOf: [0], pruned: [1] },
      { fraction, word: words(1) },
    );
    expect(equal.every((bit) => bit === 0)).toBe(true);
  });

  it('draws a share of each chunk of 8,192; k scales with it and is at least 1', () => {
    expect([drawCount(8192, 0.02), drawCount(31, 0.02), drawCount(100, 1)]).toEqual([164, 1, 100]);
    const list = [{ size: 20_000 }, { size: 50 }, { size: 8192 }];
    expect(domainSizes(list, [0, 1, 0], 0.02)).toEqual({ elements: [28_192, 50], draws: [164 + 164 + 73 + 164, 1] });
    expect(sampledBudget({ domainOf: [0, 1, 0], pruned: [14_096, 3] }, list, 0.02)).toEqual([282, 1]);
    expect(sampledBudget({ domainOf: [0, 1, 0], pruned: [0, 0] }, list, 0.02)).toEqual([0, 0]);
  });
});
