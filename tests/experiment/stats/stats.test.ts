/** Statistics against SciPy (fixtures/scipy.json), closed forms and the figures of workflow-and-explainers 6. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { correlationP, fisherInterval, pearson, pearsonR, ranks, spearman } from '@/experiment/stats/correlation';
import { bootstrap, comparePaired, holm, pairedPermutation } from '@/experiment/stats/paired';
import { incompleteBeta, logGamma, normalCdf, normalQuantile, studentTwoSided } from '@/experiment/stats/special';
import { mean, quantile, standardDeviation } from '@/experiment/stats/summary';

interface Fixtures {
  readonly correlations: readonly {
    readonly x: number[];
    readonly y: number[];
    readonly ranks: number[];
    readonly pearson: readonly [number, number];
    readonly spearman: readonly [number, number];
    readonly interval: readonly [number, number] | null;
  }[];
  readonly t: readonly (readonly [number, number, number])[];
  readonly normal: readonly (readonly [number, number])[];
  readonly paired: readonly (readonly [number[], number])[];
  readonly quantiles: readonly (readonly [number[], number, number])[];
}
const fixtures = JSON.parse(readFileSync(new URL('./fixtures/scipy.json', import.meta.url), 'utf8')) as Fixtures;

/** Relative, or absolute near 0. */
const near = (got: number, expected: number, tolerance = 1e-12): void =>
  expect(Math.abs(got - expected), `${got} for ${expected}`).toBeLessThanOrEqual(
    tolerance * Math.max(1e-3, Math.abs(expected)),
  );

describe('against SciPy', () => {
  it('correlations, their p and their interval', () => {
    for (const { x, y, ranks: r, pearson: p, spearman: s, interval } of fixtures.correlations) {
      expect(ranks(x)).toEqual(r);
      near(pearson(x, y).r, p[0]);
      near(pearson(x, y).p, p[1], 1e-11);
      near(spearman(x, y).r, s[0]);
      near(spearman(x, y).p, s[1], 1e-11);
      if (!interval) continue;
      const { low, high } = fisherInterval(p[0], x.length, 'pearson');
      near(low, interval[0]);
      near(high, interval[1]);
    }
  });

  it("Student's t and the normal quantile", () => {
    for (const [t, dof, p] of fixtures.t) near(studentTwoSided(t, dof), p, 1e-12);
    for (const [p, z] of fixtures.normal) near(normalQuantile(p), z, 1e-11);
  });

  it('the sign-flip permutation test and quantiles', () => {
    for (const [differences, p] of fixtures.paired) near(pairedPermutation(differences).p, p);
    for (const [values, q, expected] of fixtures.quantiles) near(quantile(values, q), expected);
  });
});

describe('closed forms', () => {
  it('special functions', () => {
    near(logGamma(0.5), Math.log(Math.sqrt(Math.PI)));
    near(logGamma(11), Math.log(3628800));
    near(incompleteBeta(0.3, 1, 1), 0.3);
    near(incompleteBeta(0.3, 2, 1), 0.09);
    near(studentTwoSided(1, 1), 0.5); // Cauchy
    near(studentTwoSided(Math.SQRT2, 2), 1 - Math.SQRT1_2);
    expect(normalCdf(0)).toBe(0.5);
    near(normalCdf(1.959963984540054), 0.975);
  });

  it('exact lines, ties, constants', () => {
    expect(pearsonR([1, 2, 3], [2, 4, 6])).toBe(1);
    expect(spearman([1, 2, 3, 4], [1, 8, 27, 64]).r).toBe(1);
    expect(ranks([10, 20, 10, 5])).toEqual([2.5, 4, 2.5, 1]);
    expect(pearsonR([1, 1], [1, 2])).toBeNaN();
    expect(() => pearsonR([1, 2], [1])).toThrow(/paired/);
  });

  it('the exact p of a perfect order is 2 / n!', () => {
    near(spearman([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], { p: 'exact' }).p, 2 / 120);
    expect(() => spearman([...Array(10).keys()], [...Array(10).keys()], { p: 'exact' })).toThrow(/at most 9/);
    const x = [1, 2, 3, 4, 5, 6, 7];
    const y = [2, 1, 4, 3, 7, 5, 6];
    const drawn = spearman(x, y, { p: 'permutation', seed: 1, draws: 4000 });
    expect(Math.abs(drawn.p - spearman(x, y, { p: 'exact' }).p)).toBeLessThan(0.01); // 4 sigma: sqrt(.02 * .98 / 4000) = .0022
    expect(spearman(x, y, { p: 'permutation', seed: 1, draws: 4000 }).p).toBe(drawn.p);
  });

  it('n pairs of one sign give 2 / 2^n, no less', () => {
    for (const n of [1, 2, 3, 5]) {
      const test = pairedPermutation(Array.from({ length: n }, (_, i) => 1 + i));
      expect(test).toEqual({ p: 2 / 2 ** n, exact: true, floor: 2 / 2 ** n });
    }
    expect(pairedPermutation([1, -1]).p).toBe(1);
    const many = Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? -1 : 1));
    const test = pairedPermutation(many, 3);
    // P(|15 - 5| or more heads apart) = 2 sum_{k >= 15} C(20, k) / 2^20
    expect(test.exact).toBe(false);
    expect(Math.abs(test.p - (2 * (15504 + 4845 + 1140 + 190 + 20 + 1)) / 2 ** 20)).toBeLessThan(0.006);
    expect(pairedPermutation(many, 3).p).toBe(test.p);
  });

  it('spread, bootstrap and Holm', () => {
    expect(standardDeviation([1, 3])).toBe(Math.SQRT2);
    expect(standardDeviation([1])).toBeNaN();
    expect(bootstrap([4, 4, 4])).toEqual({ low: 4, high: 4 });
    const values = Array.from({ length: 100 }, (_, i) => i);
    const { low, high } = bootstrap(values, mean, { draws: 2000 });
    const se = standardDeviation(values) / 10; // of the mean
    expect(Math.abs(low - (49.5 - 1.96 * se))).toBeLessThan(0.25 * se);
    expect(Math.abs(high - (49.5 + 1.96 * se))).toBeLessThan(0.25 * se);
    expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
  });

  it('a paired comparison is relative to its own baseline', () => {
    const c = comparePaired([1.1, 2.2, 3.3], [1, 2, 3]);
    near(c.relative, 0.1);
    near(c.spread + 1, 1);
    expect(c).toMatchObject({ n: 3, test: { p: 0.25, exact: true, floor: 0.25 } });
    expect(comparePaired([1.1], [1]).interval).toBeNull();
    expect(() => comparePaired([1], [])).toThrow(RangeError);
  });
});

describe('the figures of workflow-and-explainers 6', () => {
  it('p and intervals of the published coefficients', () => {
    near(correlationP(-0.18, 14), 0.538, 1e-3);
    near(correlationP(0.01, 14), 0.973, 1e-3);
    near(correlationP(0.2, 14), 0.493, 1e-3);
    near(correlationP(0.89, 3), 0.301, 2e-3);
    near(correlationP(0.29, 6), 0.577, 1e-3);
    near(correlationP(0.532, 14), 0.05, 5e-3);
    const { low, high } = fisherInterval(-0.18, 14, 'spearman');
    expect([low.toFixed(2), high.toFixed(2)]).toEqual(['-0.66', '0.40']);
  });
});
