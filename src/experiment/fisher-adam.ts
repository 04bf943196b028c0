/**
 * Adam's second moment beside the diagonal Fisher estimates of the same weights. Spec: optimizers-pruning-fisher 3; compare
 * Li et al., arXiv:2507.18807. Near convergence v^ approximates F_emp / B; early in training, or with a large batch, the squared
 * mean gradient dominates and it does not.
 *
 * Examples are sequences: tokens of one sequence are dependent. v^ follows clipped gradients of moving weights, F weights at rest.
 */
import { DiagonalAccumulator, type Diagonal } from '@/fisher/diagonal';
import { prunableTensors } from '@/pruning/domains';
import { jaccard } from '@/pruning/report';
import { selectSmallest } from '@/pruning/select';
import type { NamedTensors, TrainingBackend } from './backend';
import type { ExperimentConfig } from './config';
import { pearsonR, ranks } from './stats/correlation';
import { drawIndex } from './stats/summary';

/** Bottom sets and the largest rank correlation of the Lab and of `wb fisher-adam`. */
export const BOTTOM_SHARES = [0.5, 0.7, 0.9] as const;
export const RANK_SAMPLE = 200_000;

/** The run's configuration for single sequences at fixed weights: nothing dropped, nothing pruned. */
export const atRest = (config: ExperimentConfig): ExperimentConfig => ({
  ...config,
  model: { ...config.model, dropout: 0 },
  pruning: null,
  training: { ...config.training, batchSize: 1, gradientAccumulation: 1 },
});

export interface FisherAdamOptions {
  /** Training sequences, each a gradient of its own. */
  readonly sequences: number;
  /** Group sizes of F_mb. */
  readonly batches: readonly number[];
  readonly beta2: readonly number[];
  /** Shares of the block weights that the bottom sets hold. */
  readonly bottom: readonly number[];
  /** Most elements that a rank correlation looks at; drawn with `seed`. */
  readonly sample: number;
  readonly seed: number;
}

export interface FisherAdamInput {
  /** Batch of one sequence, no dropout, nothing pruned, the weights in question. */
  readonly backend: TrainingBackend;
  /** Bias-corrected exp_avg_sq by parameter. */
  readonly vhat: ReadonlyMap<string, Float64Array>;
  /** Keep flags of pruned tensors: pruned weights have v = 0 and are left out. */
  readonly keep: ReadonlyMap<string, Uint8Array>;
  /** Sequences in one update of the run. */
  readonly batch: number;
  /** First step whose batches are drawn: beyond the run's, so that the sequences are new. */
  readonly firstStep: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Agreement of an estimate x with F_emp. */
export interface Agreement {
  /** Elements compared by rank. */
  readonly n: number;
  readonly spearman: number;
  /** Of the logarithms, where both are positive. */
  readonly logPearson: number;
  /** Batch factor times the sum of x over the sum of F_emp. */
  readonly ratio: number;
}

export interface TensorAgreement extends Agreement {
  readonly name: string;
  readonly sumV: number;
  readonly sumF: number;
}

export interface FisherAdamReport {
  readonly sequences: number;
  readonly batch: number;
  readonly parameters: number;
  readonly pooled: Agreement;
  readonly tensors: readonly TensorAgreement[];
  /** Sum of mu^2 over the sum of F_emp: near 0 at a stationary point; its floor is 1 / sequences. */
  readonly meanShare: number;
  /** Jaccard index of bottom sets over the block weights: by F against v^, and by |w| F^(1/4) against |w| v^^(1/4). */
  readonly bottom: readonly { readonly share: number; readonly value: number; readonly score: number }[];
  readonly overBatch: readonly (Agreement & { readonly batch: number; readonly groups: number })[];
  readonly overBeta2: readonly (Agreement & { readonly beta2: number; readonly updates: number })[];
  /** [v^ B, F_emp] of a few sampled elements, for a scatter plot. */
  readonly points: readonly (readonly [number, number])[];
}

interface Tensors {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  readonly shape: readonly number[];
}

const POINTS = 2000;

/** At most `limit` of `indices`, drawn without order or repetition concerns: seeded, with replacement beyond the limit. */
function drawSample(indices: Uint32Array, limit: number, seed: number): Uint32Array {
  if (indices.length <= limit) return indices;
  return Uint32Array.from({ length: limit }, (_, i) => indices[drawIndex(seed, 0, i, indices.length)]!);
}

const sum = (x: Float64Array, at: Uint32Array): number => at.reduce((s, i) => s + x[i]!, 0);

/** Agreement of x with f over the elements `at`; x times `factor` is on f's scale. */
export function agreement(
  x: Float64Array,
  f: Float64Array,
  at: Uint32Array,
  factor: number,
  options: Pick<FisherAdamOptions, 'sample' | 'seed'>,
): Agreement {
  const sample = drawSample(at, options.sample, options.seed);
  const pick = (values: Float64Array): number[] => Array.from(sample, (i) => values[i]!);
  const positive = sample.filter((i) => x[i]! > 0 && f[i]! > 0);
  const logs = (values: Float64Array): number[] => Array.from(positive, (i) => Math.log(values[i]!));
  return {
    n: sample.length,
    spearman: sample.length < 2 ? NaN : pearsonR(ranks(pick(x)), ranks(pick(f))),
    logPearson: positive.length < 2 ? NaN : pearsonR(logs(x), logs(f)),
    ratio: (factor * sum(x, at)) / sum(f, at),
  };
}

async function accumulate(
  { backend, batch, firstStep, onProgress }: FisherAdamInput,
  options: FisherAdamOptions,
): Promise<{ readonly tensors: readonly Tensors[]; readonly diagonal: Diagonal }> {
  let tensors: readonly Tensors[] = [];
  let run: DiagonalAccumulator | null = null;
  let flat = new Float32Array(0);
  for (let s = 0; s < options.sequences; s++) {
    const gradient = await backend.gradient(firstStep + s);
    if (!run) {
      let offset = 0;
      tensors = [...gradient].map(([name, { shape, data }]) => ({
        name,
        shape,
        size: data.length,
        offset: (offset += data.length) - data.length,
      }));
      flat = new Float32Array(offset);
      run = new DiagonalAccumulator(offset, { batches: options.batches, batch, beta2: options.beta2 });
    }
    for (const { name, offset } of tensors) flat.set(gradient.get(name)!.data, offset);
    run.add(flat);
    onProgress?.(s + 1, options.sequences);
  }
  return { tensors, diagonal: run!.result() };
}

/** Jaccard indices of bottom sets over the matrices of the blocks, pruned weights left out. */
function bottomSets(
  tensors: readonly Tensors[],
  kept: Uint8Array,
  weights: NamedTensors,
  v: Float64Array,
  f: Float64Array,
  shares: readonly number[],
): FisherAdamReport['bottom'] {
  const at = prunableTensors(tensors, 'blocks').flatMap(({ name, offset, size }) =>
    Array.from({ length: size }, (_, i) => ({ i: offset + i, w: Math.abs(weights.get(name)!.data[i]!) })).filter(
      ({ i }) => kept[i],
    ),
  );
  const by = (score: (i: number, w: number) => number) => {
    const values = Float64Array.from(at, ({ i, w }) => score(i, w));
    return (k: number): Uint8Array => selectSmallest(values, k);
  };
  const overlap = (a: Uint8Array, b: Uint8Array, k: number): number =>
    jaccard(
      k,
      k,
      a.reduce((n, keep, i) => n + (keep || b[i] ? 0 : 1), 0),
    );
  const [byF, byV, scoreF, scoreV] = [
    by((i) => f[i]!),
    by((i) => v[i]!),
    by((i, w) => w * f[i]! ** 0.25),
    by((i, w) => w * v[i]! ** 0.25),
  ];
  return shares.map((share) => {
    const k = Math.round(share * at.length);
    return { share, value: overlap(byF(k), byV(k), k), score: overlap(scoreF(k), scoreV(k), k) };
  });
}

/** Runs `sequences` gradients and compares. Throws RangeError when v^ lacks a parameter. */
export async function compareFisherAdam(input: FisherAdamInput, options: FisherAdamOptions): Promise<FisherAdamReport> {
  const { tensors, diagonal } = await accumulate(input, options);
  const { empirical: f, mean, miniBatch, running } = diagonal;
  const n = f.length;
  const v = new Float64Array(n);
  const kept = new Uint8Array(n).fill(1);
  for (const { name, offset } of tensors) {
    const found = input.vhat.get(name);
    if (!found)
      throw new RangeError(
        `there is no exp_avg_sq of ${name}: Fisher and Adam are compared in runs of the Adam family`,
      );
    v.set(found, offset);
    kept.set(input.keep.get(name) ?? [], offset);
  }
  const within = ({ offset, size }: Tensors): Uint32Array =>
    Uint32Array.from({ length: size }, (_, i) => offset + i).filter((i) => kept[i] === 1);
  const all = Uint32Array.from({ length: n }, (_, i) => i).filter((i) => kept[i] === 1);
  const { batch } = input;
  const points = drawSample(all, POINTS, options.seed + 1);
  return {
    sequences: diagonal.examples,
    batch,
    parameters: all.length,
    pooled: agreement(v, f, all, batch, options),
    tensors: tensors.map((tensor) => {
      const at = within(tensor);
      return { name: tensor.name, ...agreement(v, f, at, batch, options), sumV: sum(v, at), sumF: sum(f, at) };
    }),
    meanShare: sum(mean.map((x) => x * x), all) / sum(f, all),
    bottom: bottomSets(tensors, kept, await input.backend.parameters(), v, f, options.bottom),
    overBatch: miniBatch.map(({ batch: b, groups, values }) => ({ batch: b, groups, ...agreement(values, f, all, b, options) })),
    overBeta2: running.map(({ beta2, updates, values }) => ({ beta2, updates, ...agreement(values, f, all, batch, options) })),
    points: Array.from(points, (i) => [v[i]! * batch, f[i]!] as const),
  }; // prettier-ignore
}
