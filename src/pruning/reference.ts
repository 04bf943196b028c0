/** Pruning in f64: the slow twin of the kernels, and the pruner of the reference backend. */
import { type Budget, type PrunableTensor } from './domains';
import { type PruneReport, QUANTILE_SAMPLES, jaccard, maskHash, quantiles } from './report';
import { SCORE_NEEDS, type ScoreName, type ScoreSettings, isSigned, scoreOf, structuralWeight } from './scores';
import { type Sampling, selectSampled } from './sampling';
import { packMask, selectSmallest } from './select';

/** One prunable tensor with all that scores may look at; `keep` is its mask, 1 or 0 an element. */
export interface PrunerTensor extends PrunableTensor {
  readonly w: Float64Array;
  readonly m: Float64Array | null;
  readonly v: Float64Array | null;
  readonly movement: Float64Array | null;
  readonly initial: Float64Array | null;
  readonly keep: Uint8Array;
}

/** In [0, 1) by the element's number among all prunable ones. */
export type RandomScore = (index: number) => number;

/** Scores of all tensors, concatenated in tie order. Pruned weights of unsigned scores get -1, so that they stay pruned. */
export function scoreAll(
  tensors: readonly PrunerTensor[],
  score: ScoreName,
  settings: ScoreSettings,
  random: RandomScore,
): Float64Array {
  const out = new Float64Array(tensors.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  for (const { name, w, m, v, movement, initial, keep, size } of tensors) {
    const sigma = structuralWeight(name);
    for (let i = 0; i < size; i++, at++) {
      const input = {
        w: w[i]!, m: m?.[i] ?? 0, v: v?.[i] ?? 0, movement: movement?.[i] ?? 0, initial: initial?.[i] ?? 0, sigma,
        random: score === 'random' ? random(at) : 0,
      }; // prettier-ignore
      out[at] = !isSigned(score) && !keep[i] ? -1 : scoreOf(score, input, settings);
    }
  }
  return out;
}

/** Keep flags under a budget, concatenated in tie order. */
export function selectAll(tensors: readonly PrunableTensor[], scores: Float64Array, budget: Budget): Uint8Array {
  const keep = new Uint8Array(scores.length).fill(1);
  budget.pruned.forEach((k, domain) => {
    const indices: number[] = [];
    let at = 0;
    tensors.forEach(({ size }, t) => {
      if (budget.domainOf[t] === domain) for (let i = 0; i < size; i++) indices.push(at + i);
      at += size;
    });
    const chosen = selectSmallest(Float64Array.from(indices, (i) => scores[i]!), k); // prettier-ignore
    indices.forEach((i, j) => (keep[i] = chosen[j]!));
  });
  return keep;
}

export interface MaskUpdate {
  readonly score: ScoreName;
  readonly settings: ScoreSettings;
  readonly budget: Budget;
  readonly target: number;
  readonly random: RandomScore;
  /** null: exact selection. */
  readonly sampling: Sampling | null;
  readonly bytes: PruneReport['bytes'];
}

/** Recomputes the masks in place and reports. Applying them to weights and state is the caller's. */
export function updateMasks(tensors: readonly PrunerTensor[], update: MaskUpdate): PruneReport {
  const { score, settings, budget, target, random, sampling, bytes } = update;
  const scores = scoreAll(tensors, score, settings, random);
  const fresh = sampling ? selectSampled(tensors, scores, budget, sampling) : selectAll(tensors, scores, budget);
  const bySize =
    score === 'magnitude' ? fresh : selectAll(tensors, scoreAll(tensors, 'magnitude', settings, random), budget);
  const n = scores.length;
  const counts = { pruned: 0, changed: 0, regrown: 0, magnitude: 0, both: 0, saturated: 0 };
  const density: Record<string, number> = {};
  let at = 0;
  for (const { name, keep, v, size } of tensors) {
    let kept = 0;
    for (let i = 0; i < size; i++, at++) {
      const now = fresh[at]!;
      counts.pruned += 1 - now;
      counts.changed += now === keep[i] ? 0 : 1;
      counts.regrown += now && !keep[i] ? 1 : 0;
      counts.magnitude += 1 - bySize[at]!;
      counts.both += now || bySize[at] ? 0 : 1;
      counts.saturated += v && v[i]! < settings.eps ? 1 : 0;
      keep[i] = now;
      kept += now;
    }
    density[name] = kept / size;
  }
  const stride = Math.max(1, Math.floor(n / QUANTILE_SAMPLES));
  return {
    target,
    actual: counts.pruned / n,
    pruned: counts.pruned,
    prunable: n,
    churn: counts.changed / n,
    regrown: counts.regrown,
    monotone: counts.regrown === 0,
    jaccard_magnitude: jaccard(counts.pruned, counts.magnitude, counts.both),
    sat_frac: SCORE_NEEDS[score].includes('exp_avg_sq') ? counts.saturated / n : null,
    non_finite: scores.reduce((sum, x) => sum + (Number.isFinite(x) ? 0 : 1), 0),
    score: quantiles(scores.filter((_, i) => i % stride === 0).subarray(0, QUANTILE_SAMPLES)),
    mask_hash: maskHash(tensors.map(({ keep }) => packMask(keep))),
    density,
    bytes,
  };
}

/** moved -= g w: what the movement score accumulates, before the update moves w. */
export function accumulateMovement(
  movement: Float64Array,
  g: ArrayLike<number>,
  w: ArrayLike<number>,
  coefficient: number,
): void {
  for (let i = 0; i < movement.length; i++) movement[i]! -= g[i]! * coefficient * w[i]!;
}
