/** Fits of a lane's points, file by file as the source project names them (workflow-and-explainers 4.4). */
import type { ManifestPoint } from '../manifest/schema';
import { spearman } from '../stats/correlation';
import { median } from '../stats/summary';
import { type Fit, type Sample, fit } from './envelope';
import { affine, hill2, hill3 } from './models';

type Measured = ManifestPoint & {
  readonly meanMs: number;
  readonly tokPerS: number;
  readonly bwGBs: number;
  readonly kvBytesPerToken: number;
};

const isMeasured = (p: ManifestPoint): p is Measured =>
  p.status === 'ok' &&
  p.meanMs !== undefined &&
  p.tokPerS !== undefined &&
  p.bwGBs !== undefined &&
  p.kvBytesPerToken !== undefined;

const groupBy = <K>(points: readonly Measured[], key: (p: Measured) => K): Map<K, Measured[]> => {
  const out = new Map<K, Measured[]>();
  for (const p of [...points].sort((a, b) => a.context - b.context || a.batch - b.batch))
    out.set(key(p), [...(out.get(key(p)) ?? []), p]);
  return out;
};

const MIN_POINTS = 3;
const COVERAGE = 0.8;
const MIN_R2 = 0.85;
const MAX_RHO = -0.7;

export interface Derived {
  /** File name -> document. */
  readonly files: Readonly<Record<string, unknown>>;
  readonly gates: readonly {
    readonly name: string;
    readonly pass: boolean;
    readonly value: number | null;
    readonly needed: string;
  }[];
}

function summary(name: string, { r2, rmse, n, dof, residuals, converged }: Fit<string>) {
  return { fit: name, r2, rmse, n, dof, converged, maxAbsResidual: Math.max(...residuals.map(Math.abs)) };
}

/** `all`: every point of one device and lane, measured or not. Deterministic: bootstrap draws are seeded. */
export function derive(all: readonly ManifestPoint[]): Derived {
  const points = all.filter(isMeasured);
  const files: Record<string, unknown> = {};
  const summaries: ReturnType<typeof summary>[] = [];
  const ci: Record<string, unknown> = {};
  const keep = (name: string, result: Fit<string>): void => {
    summaries.push(summary(name, result));
    ci[name] = result.ci95;
  };
  const halves: Sample[] = [];
  const r2: number[] = [];
  for (const [context, slice] of groupBy(points, (p) => p.context)) {
    if (slice.length < MIN_POINTS) continue;
    const samples = slice.map((p) => ({ x: p.batch, y: p.tokPerS }));
    const two = fit(hill2, samples);
    const three = slice.length > MIN_POINTS ? fit(hill3, samples) : null;
    const latency = fit(affine('B', 'sequences'), slice.map((p) => ({ x: p.batch, y: p.meanMs }))); // prettier-ignore
    files[`hill_fit_T${context}.json`] = { context, hill2: two, hill3: three, latency };
    keep(`hill2_T${context}`, two);
    halves.push({ x: context, y: two.params.bHalf });
    r2.push(two.r2);
  }
  const linearity = [...groupBy(points, (p) => p.batch)].flatMap(([batch, slice]) => {
    if (slice.length < MIN_POINTS) return [];
    const line = fit(affine('T', 'tokens'), slice.map((p) => ({ x: p.context, y: p.meanMs }))); // prettier-ignore
    keep(`context_B${batch}`, line);
    return [{ batch, fit: line, marginalBwGBs: (batch * slice[0]!.kvBytesPerToken) / (line.params.b * 1e6) }];
  });
  const joint = points.length >= MIN_POINTS ? fit(affine('B*T', 'tokens'), points.map((p) => ({ x: p.batch * p.context, y: p.meanMs }))) : null; // prettier-ignore
  if (joint) keep('joint', joint);
  const bandwidths = points.map((p) => p.bwGBs).sort((a, b) => b - a);
  files['context_linearity.json'] = {
    perBatch: linearity,
    joint,
    plateau: {
      maxBwGBs: bandwidths[0] ?? null,
      medianOfTop3GBs: bandwidths.length >= 3 ? median(bandwidths.slice(0, 3)) : null,
    },
  };
  files['bootstrap_ci.json'] = { draws: 1000, seed: 0, level: 0.95, intervals: ci };
  files['residual_summary.json'] = summaries;
  const coverage = all.length > 0 ? points.length / all.length : 0;
  const worst = r2.length > 0 ? Math.min(...r2) : null;
  const rho = halves.length >= 3 ? spearman(halves.map((p) => p.x), halves.map((p) => p.y)).r : null; // prettier-ignore
  const gates = [
    { name: 'coverage', pass: coverage >= COVERAGE, value: coverage, needed: `>= ${COVERAGE} of the cells measured` },
    { name: 'hill2 r2', pass: worst !== null && worst > MIN_R2, value: worst, needed: `> ${MIN_R2} in every context` },
    { name: 'rho_s(b_half, T)', pass: rho !== null && rho <= MAX_RHO, value: rho, needed: `<= ${MAX_RHO}` },
  ];
  return { files, gates };
}
