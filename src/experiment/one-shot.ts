/**
 * One-shot pruning of trained weights: a score, a mask, the held-out loss, nothing retrained. Spec: optimizers-pruning-fisher 2.7.
 */
import { philox4x32 } from '@/data/random';
import { type PrunableTensor, prunableTensors } from '@/pruning/domains';
import { PRUNE_PURPOSE } from '@/pruning/kernels';
import { jaccard } from '@/pruning/report';
import { SCORE_NEEDS, STATE_SCORES, type StateScore, scoreOf, structuralWeight } from '@/pruning/scores';
import { selectSorted } from '@/pruning/select';
import type { NamedTensors, TrainingBackend } from './backend';
import type { Calibration } from './calibration';

export { STATE_SCORES };

/** fisher: abs(w) (F + eps)^(1/4) with the mean squared gradient of sequences; wanda: abs(w) times the RMS of its input. */
export const ONE_SHOT_SCORES = ['random', 'magnitude', 'fisher', 'wanda', ...STATE_SCORES] as const;
export type OneShotScore = (typeof ONE_SHOT_SCORES)[number];

export interface OneShotOptions {
  readonly score: OneShotScore;
  readonly sparsity: number;
  readonly eps: number;
  /** Of random scores. */
  readonly seed: number;
  readonly scope: 'global' | 'tensor';
}

/** A mask and how it compares. */
export interface OneShotMask {
  readonly pruned: number;
  readonly prunable: number;
  /** Kept share by tensor. */
  readonly density: Readonly<Record<string, number>>;
  /** With the magnitude mask of the same sparsity. */
  readonly jaccardMagnitude: number;
}

export interface OneShotResult extends OneShotMask {
  readonly lossBefore: number;
  readonly loss: number;
}

export const needsCalibration = (score: OneShotScore): boolean => score === 'fisher' || score === 'wanda';
export const isStateScore = (score: OneShotScore): score is StateScore => STATE_SCORES.some((name) => name === score);

/** The first slot that a score needs and the state lacks, or null. */
export function missingSlot(score: OneShotScore, state: ReadonlyMap<string, unknown>): string | null {
  const needs = isStateScore(score) ? SCORE_NEEDS[score] : [];
  const keys = [...state.keys()];
  return needs.find((slot) => !keys.some((key) => key.startsWith(`${slot}.`))) ?? null;
}

export interface OneShotSources {
  readonly weights: NamedTensors;
  /** exp_avg.<name>, exp_avg_sq.<name>; for state scores. */
  readonly state: ReadonlyMap<string, { readonly data: ArrayLike<number> }>;
  readonly calibration: Calibration | null;
}

/** Scores of one tensor; `first` is its first element's number among the prunable ones. */
function scoresOf(
  tensor: PrunableTensor,
  first: number,
  { score, eps, seed }: Pick<OneShotOptions, 'score' | 'eps' | 'seed'>,
  sources: OneShotSources,
): Float64Array {
  const { name, size, shape } = tensor;
  const w = sources.weights.get(name)!.data;
  const state = (slot: string): ArrayLike<number> => {
    const found = sources.state.get(`${slot}.${name}`);
    if (!found) throw new Error(`score ${score} needs ${slot}.${name}, which this run did not save`);
    return found.data;
  };
  const map = (f: (i: number) => number): Float64Array => Float64Array.from({ length: size }, (_, i) => f(i));
  switch (score) {
    case 'random':
      return map((i) => philox4x32([first + i, 0, 0, 0], [seed, PRUNE_PURPOSE])[0]);
    case 'magnitude':
      return map((i) => Math.abs(w[i]!));
    case 'fisher': {
      const f = sources.calibration!.fisher.get(name)!;
      return map((i) => Math.abs(w[i]!) * (f[i]! + eps) ** 0.25);
    }
    case 'wanda': {
      const inputs = sources.calibration!.inputs.get(name)!;
      const cols = shape.at(-1)!;
      return map((i) => Math.abs(w[i]!) * Math.sqrt(inputs[Math.floor(i / cols)]!));
    }
    default: {
      const needs = SCORE_NEEDS[score];
      const m = needs.includes('exp_avg') ? state('exp_avg') : null;
      const v = needs.includes('exp_avg_sq') ? state('exp_avg_sq') : null;
      const settings = { eps, q: 0.25, correction1: 1, correction2: 1 };
      const sigma = structuralWeight(name);
      return map((i) => scoreOf(score, { w: w[i]!, m: m?.[i] ?? 0, v: v?.[i] ?? 0, movement: 0, initial: 0, sigma, random: 0 }, settings)); // prettier-ignore
    }
  }
}

/** Scores of all prunable weights, end to end, and in ascending order: of all, or of each tensor. */
interface Ranking {
  readonly scores: Float64Array;
  readonly sorted: Float64Array;
}

/** Rankings kept: the score in use, and magnitude to compare with. */
const KEPT = 2;

/** One set of trained weights, to be pruned by many scores at many sparsities: a score is ranked once. */
export class OneShot {
  readonly tensors: readonly PrunableTensor[];
  readonly prunable: number;
  calibration: Calibration | null;
  readonly #rankings = new Map<string, Ranking>();

  constructor(readonly sources: OneShotSources) {
    const parameters = [...sources.weights].map(([name, { shape, data }]) => ({
      name,
      shape,
      size: data.length,
      offset: 0,
    }));
    this.tensors = prunableTensors(parameters, 'blocks');
    this.prunable = this.tensors.reduce((sum, { size }) => sum + size, 0);
    this.calibration = sources.calibration;
  }

  #ranking({ score, eps, seed, scope }: OneShotOptions): Ranking {
    const key = [score, eps, seed, scope].join(' ');
    const known = this.#rankings.get(key);
    if (known) return known;
    const scores = new Float64Array(this.prunable);
    const sources = { ...this.sources, calibration: this.calibration };
    let first = 0;
    for (const tensor of this.tensors) {
      scores.set(scoresOf(tensor, first, { score, eps, seed }, sources), first);
      first += tensor.size;
    }
    const sorted = scores.slice();
    for (const [at, size] of this.#domains(scope)) sorted.subarray(at, at + size).sort();
    const ranking = { scores, sorted };
    for (const old of [...this.#rankings.keys()].filter((k) => !k.startsWith('magnitude')))
      if (this.#rankings.size >= KEPT) this.#rankings.delete(old);
    this.#rankings.set(key, ranking);
    return ranking;
  }

  /** [first element, elements] of each threshold. */
  #domains(scope: OneShotOptions['scope']): readonly (readonly [number, number])[] {
    if (scope === 'global') return [[0, this.prunable]];
    let at = 0;
    return this.tensors.map(({ size }) => [(at += size) - size, size] as const);
  }

  /** Keep flags of all prunable tensors, end to end: round(sparsity n) of each domain go. */
  keep(options: OneShotOptions): Uint8Array {
    const { scores, sorted } = this.#ranking(options);
    const keep = new Uint8Array(this.prunable);
    for (const [at, n] of this.#domains(options.scope)) {
      const of = (list: Float64Array): Float64Array => list.subarray(at, at + n);
      keep.set(selectSorted(of(scores), of(sorted), Math.round(options.sparsity * n)), at);
    }
    return keep;
  }

  /** The mask in numbers, beside that of magnitude. */
  describe(keep: Uint8Array, options: OneShotOptions): OneShotMask {
    const bySize = this.keep({ ...options, score: 'magnitude', eps: 0, seed: 0 });
    const density: Record<string, number> = {};
    let [pruned, both, at] = [0, 0, 0];
    for (const { name, size } of this.tensors) {
      let kept = 0;
      for (const end = at + size; at < end; at++) {
        kept += keep[at]!;
        both += keep[at]! || bySize[at]! ? 0 : 1;
      }
      density[name] = kept / size;
      pruned += size - kept;
    }
    return { pruned, prunable: this.prunable, density, jaccardMagnitude: jaccard(pruned, pruned, both) };
  }

  /** The weights with exact zeros where the mask prunes. */
  masked(keep: Uint8Array): NamedTensors {
    const masked = new Map(this.sources.weights);
    let first = 0;
    for (const { name, size } of this.tensors) {
      const { shape, data } = this.sources.weights.get(name)!;
      masked.set(name, { shape, data: data.map((w, i) => (keep[first + i] ? w : 0)) });
      first += size;
    }
    return masked;
  }
}

/** Prunes the backend's weights by one score, evaluates, and restores them. */
export async function pruneOnce(
  backend: TrainingBackend,
  options: OneShotOptions,
  state: OneShotSources['state'],
  calibration: Calibration | null,
): Promise<OneShotResult> {
  const weights = await backend.parameters();
  const shot = new OneShot({ weights, state, calibration });
  const keep = shot.keep(options);
  const lossBefore = (await backend.evaluate()).loss;
  await backend.loadParameters(shot.masked(keep));
  const { loss } = await backend.evaluate();
  await backend.loadParameters(weights);
  return { lossBefore, loss, ...shot.describe(keep, options) };
}
