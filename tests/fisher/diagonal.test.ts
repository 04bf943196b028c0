/** Diagonal Fisher estimates against closed forms and per-element loops. */
import { describe, expect, it } from 'vitest';
import { boxMuller, philox4x32 } from '@/data/random';
import { DiagonalAccumulator } from '@/fisher/diagonal';

const philoxNormal = (s: number, i: number): number => {
  const [a, b] = philox4x32([i, s, 0, 0], [5, 0]);
  return boxMuller(a, b)[0];
};

const close = (a: ArrayLike<number>, b: readonly number[]): void =>
  b.forEach((x, i) => expect(a[i]).toBeCloseTo(x, 12));

describe('by hand', () => {
  const gradients = [[1, 0], [3, 2], [-1, 2], [1, -4]]; // prettier-ignore
  const run = new DiagonalAccumulator(2, { batches: [1, 2, 4, 8], batch: 2, beta2: [0.5] });
  for (const g of gradients) run.add(g);
  const { empirical, mean, miniBatch, running, examples } = run.result();

  it('F_emp is the mean square, mu the mean; F_mb(1) is F_emp exactly, F_mb(n) is mu^2', () => {
    expect(examples).toBe(4);
    close(empirical, [3, 6]);
    close(mean, [1, 0]);
    close(miniBatch[0]!.values, [3, 6]);
    close(miniBatch[2]!.values, [1, 0]);
  });

  it('F_mb(2) is the mean of squared pair means; a size without a full group has no estimate', () => {
    close(miniBatch[1]!.values, [(2 ** 2 + 0) / 2, (1 + 1) / 2]);
    expect(miniBatch.map(({ batch, groups }) => [batch, groups])).toEqual([[1, 4], [2, 2], [4, 1]]); // prettier-ignore
  });

  it('the running mean is bias-corrected over groups of the batch', () => {
    // Pair means (2, 1) and (0, -1): v = 0.5 * 0.5 * sq1 + 0.5 * sq2, corrected by 1 - 0.25.
    expect(running[0]).toMatchObject({ beta2: 0.5, updates: 2 });
    close(running[0]!.values, [(0.25 * 4) / 0.75, (0.25 + 0.5) / 0.75]);
  });

  it('refuses nonsense', () => {
    expect(() => new DiagonalAccumulator(2, { batches: [0], batch: 1, beta2: [] })).toThrow(/whole numbers from 1/);
    expect(() => new DiagonalAccumulator(2, { batches: [], batch: 1, beta2: [1] })).toThrow(/beta2 1 must lie/);
    expect(() => run.add([1])).toThrow('a gradient of 1 elements, expected 2');
    expect(() => new DiagonalAccumulator(1, { batches: [], batch: 1, beta2: [] }).result()).toThrow(/no example/);
  });
});

describe('independent Gaussian examples, mu_i and sigma_i known', () => {
  const n = 400;
  const mu = Float64Array.from({ length: n }, (_, i) => (i % 4) / 4);
  const sigma = Float64Array.from({ length: n }, (_, i) => 1 + (i % 7) / 3);
  const run = new DiagonalAccumulator(n, { batches: [1, 4, 16], batch: 4, beta2: [0.99] });
  for (let s = 0; s < 2048; s++) run.add(mu.map((m, i) => m + sigma[i]! * philoxNormal(s, i)));
  const { empirical, miniBatch, running } = run.result();
  const sum = (f: (i: number) => number): number => mu.reduce((total, _, i) => total + f(i), 0);

  it('B (F_mb(B) - mu^2) is F_emp - mu^2 within 10 %, pooled', () => {
    const spread = sum((i) => empirical[i]! - mu[i]! ** 2);
    expect(spread / sum((i) => sigma[i]! ** 2)).toBeCloseTo(1, 1);
    for (const { batch, values } of miniBatch)
      expect(Math.abs((batch * sum((i) => values[i]! - mu[i]! ** 2)) / spread - 1)).toBeLessThan(0.1);
  });

  it('after 5 / (1 - beta2) updates the running mean is F_mb of its batch', () => {
    expect(running[0]!.updates).toBeGreaterThanOrEqual(500);
    const expected = sum((i) => mu[i]! ** 2 + sigma[i]! ** 2 / 4);
    expect(sum((i) => running[0]!.values[i]!) / expected).toBeCloseTo(1, 1);
  });

  it('gradients times c make every estimate c^2 times as large', () => {
    const twin = new DiagonalAccumulator(3, { batches: [2], batch: 2, beta2: [0.9] });
    const scaled = new DiagonalAccumulator(3, { batches: [2], batch: 2, beta2: [0.9] });
    for (let s = 0; s < 8; s++) {
      const g = [0, 1, 2].map((i) => philoxNormal(s, i));
      twin.add(g);
      scaled.add(g.map((x) => 4 * x));
    }
    const [a, b] = [twin.result(), scaled.result()];
    expect([...b.empirical]).toEqual([...a.empirical].map((x) => 16 * x));
    expect([...b.miniBatch[0]!.values]).toEqual([...a.miniBatch[0]!.values].map((x) => 16 * x));
    expect([...b.running[0]!.values]).toEqual([...a.running[0]!.values].map((x) => 16 * x));
  });
});
