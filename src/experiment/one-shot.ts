/**
 * One-shot pruning of trained weights: a score, a mask, the held-out loss, nothing retrained. Spec: optimizers-pruning-fisher 2.7.
 * Calibration (Fisher diagonal, Wanda) runs on the f64 reference over training sequences, one at a time.
 */
import type { Corpus } from '@/data/corpus';
import { philox4x32 } from '@/data/random';
import { type RefValues, isOp, matmul, runReference } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2Training } from '@/models/gpt2';
import { type PrunableTensor, prunableTensors } from '@/pruning/domains';
import { PRUNE_PURPOSE } from '@/pruning/kernels';
import { jaccard } from '@/pruning/report';
import { SCORE_NEEDS, STATE_SCORES, type StateScore, scoreOf, structuralWeight } from '@/pruning/scores';
import { selectSmallest } from '@/pruning/select';
import type { NamedTensors, TrainingBackend } from './backend';
import { STREAM, drawBatch } from './batches';

/** fisher: abs(w) (F + eps)^(1/4) with the mean squared gradient of sequences; wanda: abs(w) times the RMS of its input. */
export const ONE_SHOT_SCORES = ['random', 'magnitude', 'fisher', 'wanda', ...STATE_SCORES] as const;
export type OneShotScore = (typeof ONE_SHOT_SCORES)[number];

export interface OneShotOptions {
  readonly score: OneShotScore;
  readonly sparsity: number;
  readonly eps: number;
  readonly seed: number;
  /** Sequences of the calibration. */
  readonly sequences: number;
  readonly scope: 'global' | 'tensor';
}

export interface OneShotResult {
  readonly lossBefore: number;
  readonly loss: number;
  readonly pruned: number;
  readonly prunable: number;
  readonly density: Readonly<Record<string, number>>;
  /** With the magnitude mask of the same sparsity. */
  readonly jaccardMagnitude: number;
}

export interface Calibration {
  /** Mean over sequences of the squared gradient, by parameter. */
  readonly fisher: ReadonlyMap<string, Float64Array>;
  /** Mean square of each input feature of a linear, by its weight. */
  readonly inputs: ReadonlyMap<string, Float64Array>;
}

/** Gradients and inputs of `sequences` training sequences at fixed weights. */
export function calibrate(
  model: Gpt2Config,
  corpus: Corpus,
  weights: NamedTensors,
  seed: number,
  sequences: number,
): Calibration {
  const training = buildGpt2Training({ ...model, dropout: 0 }, 1, model.blockSize);
  const { graph } = training;
  const values: RefValues = new Map();
  const fisher = new Map<string, Float64Array>();
  const inputs = new Map<string, Float64Array>();
  for (const { id, name } of graph.parameters) values.set(id, Float64Array.from(weights.get(name)!.data));
  const linears = graph.nodes.filter((node) => isOp(node, matmul) && node.inputs[1]!.source.kind === 'parameter' && !node.scope.includes('backward')); // prettier-ignore
  const shape = { rows: 1, seq: model.blockSize, sampling: corpus.sampling };
  for (let s = 0; s < sequences; s++) {
    const batch = drawBatch(corpus.train, shape, seed, STREAM.TRAIN, s, 0);
    values.set(training.ids.id, batch.ids);
    values.set(training.targets.id, batch.targets);
    values.set(training.lossScale.id, Float64Array.of(batch.lossScale));
    runReference(graph, values, { seed, dropoutStream: s, uniform: () => 0.5 });
    for (const [{ name }, gradient] of training.gradients)
      accumulate(fisher, name, values.get(gradient.id)!, 1, 1 / sequences);
    for (const { inputs: [x, w] } of linears) {
      const rows = values.get(x!.id)!;
      const width = x!.shape.at(-1)!;
      accumulate(inputs, w!.name, rows, rows.length / width, width / rows.length / sequences);
    } // prettier-ignore
  }
  return { fisher, inputs };
}

/** sums[name][i] += scale * values[r, i]^2 over `rows` rows. */
function accumulate(
  sums: Map<string, Float64Array>,
  name: string,
  values: ArrayLike<number>,
  rows: number,
  scale: number,
): void {
  const width = values.length / rows;
  const sum = sums.get(name) ?? new Float64Array(width);
  for (let i = 0; i < values.length; i++) sum[i % width]! += scale * values[i]! ** 2;
  sums.set(name, sum);
}

export const needsCalibration = (score: OneShotScore): boolean => score === 'fisher' || score === 'wanda';
export const isStateScore = (score: OneShotScore): score is StateScore => STATE_SCORES.some((name) => name === score);

/** The first slot that a score needs and the state lacks, or null. */
export function missingSlot(score: OneShotScore, state: ReadonlyMap<string, unknown>): string | null {
  const needs = isStateScore(score) ? SCORE_NEEDS[score] : [];
  const keys = [...state.keys()];
  return needs.find((slot) => !keys.some((key) => key.startsWith(`${slot}.`))) ?? null;
}

interface Sources {
  readonly weights: NamedTensors;
  /** exp_avg.<name>, exp_avg_sq.<name>; for state scores. */
  readonly state: ReadonlyMap<string, { readonly data: ArrayLike<number> }>;
  readonly calibration: Calibration | null;
}

/** Scores of one tensor; `first` is its first element's number among the prunable ones. */
function scoresOf(
  tensor: PrunableTensor,
  first: number,
  { score, eps, seed }: OneShotOptions,
  sources: Sources,
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

/** Keep flags of all tensors, concatenated. */
function chooseMask(tensors: readonly PrunableTensor[], options: OneShotOptions, sources: Sources): Uint8Array {
  let first = 0;
  const lists = tensors.map((tensor) => {
    const list = scoresOf(tensor, first, options, sources);
    first += tensor.size;
    return list;
  });
  if (options.scope === 'tensor')
    return Uint8Array.from(
      lists.flatMap((list) => [...selectSmallest(list, Math.round(options.sparsity * list.length))]),
    );
  const all = new Float64Array(first);
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return selectSmallest(all, Math.round(options.sparsity * first));
}

/** Prunes the backend's weights by one score, evaluates, and restores them. */
export async function pruneOnce(
  backend: TrainingBackend,
  options: OneShotOptions,
  state: Sources['state'],
  calibration: Calibration | null,
): Promise<OneShotResult> {
  const weights = await backend.parameters();
  const parameters = [...weights].map(([name, { shape, data }]) => ({ name, shape, size: data.length, offset: 0 }));
  const tensors = prunableTensors(parameters, 'blocks');
  const sources = { weights, state, calibration };
  const keep = chooseMask(tensors, options, sources);
  const bySize = chooseMask(tensors, { ...options, score: 'magnitude' }, sources);
  const masked = new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
  const density: Record<string, number> = {};
  let at = 0;
  for (const { name, size } of tensors) {
    const data = masked.get(name)!.data;
    let kept = 0;
    for (let i = 0; i < size; i++, at++) {
      if (keep[at]) kept++;
      else data[i] = 0;
    }
    density[name] = kept / size;
  }
  const count = (f: (i: number) => boolean): number => keep.reduce((sum, _, i) => sum + (f(i) ? 1 : 0), 0);
  const pruned = count((i) => !keep[i]);
  const lossBefore = (await backend.evaluate()).loss;
  await backend.loadParameters(masked);
  const { loss } = await backend.evaluate();
  await backend.loadParameters(weights);
  const both = count((i) => !keep[i] && !bySize[i]);
  return { lossBefore, loss, pruned, prunable: keep.length, density, jaccardMagnitude: jaccard(pruned, pruned, both) };
}
