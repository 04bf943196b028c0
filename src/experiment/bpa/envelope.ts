/** What every fit reports (workflow-and-explainers 4.4), whatever its model. */
import type { Interval } from '../stats/correlation';
import { quantile } from '../stats/summary';
import { drawIndex, mean } from '../stats/summary';

export interface Sample {
  readonly x: number;
  readonly y: number;
}

export interface Fit<P extends string> {
  readonly model: string;
  readonly params: Readonly<Record<P, number>>;
  /** Percentile intervals of 1,000 resamples of the points; null below four points. */
  readonly ci95: Readonly<Record<P, Interval>> | null;
  readonly r2: number;
  readonly rmse: number;
  readonly n: number;
  /** Points minus parameters. */
  readonly dof: number;
  readonly residuals: readonly number[];
  readonly inputPoints: readonly Sample[];
  readonly converged: boolean;
  readonly units: Readonly<Record<string, string>>;
}

export interface Model<P extends string> {
  readonly name: string;
  readonly parameters: readonly P[];
  readonly units: Readonly<Record<string, string>>;
  predict(x: number, params: Readonly<Record<P, number>>): number;
  /** Throws RangeError when the points cannot determine the parameters. */
  solve(points: readonly Sample[]): { readonly params: Readonly<Record<P, number>>; readonly converged: boolean };
}

/** 1 - SS_res / SS_tot; NaN when all y are equal. */
export function rSquared(y: readonly number[], residuals: readonly number[]): number {
  const m = mean(y);
  const total = y.reduce((sum, v) => sum + (v - m) ** 2, 0);
  return total === 0 ? NaN : 1 - residuals.reduce((sum, r) => sum + r * r, 0) / total;
}

const DRAWS = 1000;

function intervals<P extends string>(
  model: Model<P>,
  points: readonly Sample[],
  seed: number,
): Record<P, Interval> | null {
  if (points.length < 4) return null;
  const found = Object.fromEntries(model.parameters.map((p) => [p, [] as number[]])) as Record<P, number[]>;
  for (let d = 0; d < DRAWS; d++) {
    const resample = points.map((_, i) => points[drawIndex(seed, d, i, points.length)]!);
    if (new Set(resample.map((p) => p.x)).size < model.parameters.length) continue; // does not determine the parameters
    const { params } = model.solve(resample);
    for (const p of model.parameters) found[p].push(params[p]);
  }
  return Object.fromEntries(
    model.parameters.map((p) => [p, { low: quantile(found[p], 0.025), high: quantile(found[p], 0.975) }]),
  ) as Record<P, Interval>;
}

/** Fits and reports. Throws RangeError with too few points. */
export function fit<P extends string>(model: Model<P>, points: readonly Sample[], seed = 0): Fit<P> {
  const { params, converged } = model.solve(points);
  const residuals = points.map(({ x, y }) => y - model.predict(x, params));
  const squares = residuals.reduce((sum, r) => sum + r * r, 0);
  return {
    model: model.name,
    params,
    ci95: intervals(model, points, seed),
    r2: rSquared(points.map(({ y }) => y), residuals), // prettier-ignore
    rmse: Math.sqrt(squares / points.length),
    n: points.length,
    dof: points.length - model.parameters.length,
    residuals,
    inputPoints: points,
    converged,
    units: model.units,
  };
}
