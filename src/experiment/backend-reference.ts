/** The f64 reference as a training backend: the oracle of the engine, and the labelled fallback for tiny models. */
import type { Corpus } from '@/data/corpus';
import { PURPOSE, philox4x32 } from '@/data/random';
import { type RefArray, type RefContext, type RefValues, type Tensor, runReference, sizeOf } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import { type Gpt2TrainingGraph, buildGpt2, buildGpt2Training } from '@/models/gpt2';
import { adamwStep, clipCoefficient } from '@/optim/adamw';
import { learningRateAt } from '@/optim/schedule';
import type { BackendSummary, EvalResult, NamedTensors, StepResult, TrainingBackend } from './backend';
import { STREAM, drawBatch } from './batches';
import type { ExperimentConfig } from './config';
import { initialValues } from './init';
import { metricOf, scoreBatch } from './task-metric';
import type { TaskScore } from '@/data/tasks';
import { type StateTensor, type TrainingState, savedStep, stateTensor, stepTensor } from './training-state';

const f32 = (values: ArrayLike<number>): Float32Array => Float32Array.from(values);

export class ReferenceBackend implements TrainingBackend {
  readonly kind = 'reference';
  readonly depth = 1;
  readonly summary: BackendSummary;
  readonly #train: Gpt2TrainingGraph;
  readonly #eval: Gpt2TrainingGraph;
  readonly #values: RefValues = new Map();
  readonly #evalValues: RefValues = new Map();
  readonly #weights = new Map<string, Float64Array>();
  readonly #moments = new Map<string, { m: Float64Array; v: Float64Array }>();
  /** Updates done so far. */
  #done = 0;

  constructor(
    readonly config: ExperimentConfig,
    readonly model: Gpt2Config,
    readonly corpus: Corpus,
  ) {
    const { batchSize } = config.training;
    this.#train = buildGpt2Training(model, batchSize, model.blockSize);
    this.#eval = buildGpt2Training(model, batchSize, model.blockSize, false);
    this.#train.graph.parameters.forEach((tensor, i) => {
      const weights = Float64Array.from(initialValues(tensor, i, config.training.seed));
      this.#weights.set(tensor.name, weights);
      this.#moments.set(tensor.name, { m: new Float64Array(weights.length), v: new Float64Array(weights.length) });
      this.#values.set(tensor.id, weights);
    });
    bindWeights(this.#eval.graph.parameters, this.#weights, this.#evalValues);
    const bytes = [...this.#weights.values()].reduce((sum, w) => sum + 8 * 4 * w.length, 0);
    const categories = [{ name: 'parameters, gradients and moments (f64)', bytes }];
    this.summary = {
      parameters: this.#train.graph.parameterCount,
      dispatchesPerStep: 0,
      plannedBytes: bytes,
      allocatedBytes: bytes,
      memory: { categories, totalBytes: bytes, largest: [] },
      variants: { reference: ['f64'] },
      programs: [],
    };
  }

  get allocatedBytes(): number {
    return this.summary.allocatedBytes;
  }

  #context(stream: number): RefContext {
    const { seed } = this.config.training;
    return {
      seed,
      dropoutStream: stream,
      uniform: (site, index) => {
        const words = philox4x32([Math.floor(index / 4), stream, site, 0], [seed, PURPOSE.DROPOUT]);
        return ((words[index % 4]! >>> 8) + 0.5) * 2 ** -24;
      },
    };
  }

  #runGraph(
    model: Gpt2TrainingGraph,
    values: RefValues,
    split: Uint32Array,
    stream: number,
    step: number,
    micro: number,
  ): number {
    const { seed, batchSize, gradientAccumulation } = this.config.training;
    const shape = { rows: batchSize, seq: this.model.blockSize, sampling: this.corpus.sampling };
    const batch = drawBatch(split, shape, seed, stream, step, micro * batchSize);
    values.set(model.ids.id, batch.ids);
    values.set(model.targets.id, batch.targets);
    values.set(model.lossScale.id, Float64Array.of(batch.lossScale));
    runReference(model.graph, values, this.#context(step * gradientAccumulation + micro));
    return values.get(model.loss.id)![0]!;
  }

  step(step: number): Promise<{ result: Promise<StepResult> }> {
    return Promise.resolve({ result: Promise.resolve(this.#step(step)) });
  }

  #step(step: number): StepResult {
    this.#done = step + 1;
    const { optimizer, training } = this.config;
    const { gradientAccumulation } = training;
    const sums = new Map<Tensor, Float64Array>();
    let loss = 0;
    for (let micro = 0; micro < gradientAccumulation; micro++) {
      loss +=
        this.#runGraph(this.#train, this.#values, this.corpus.train, STREAM.TRAIN, step, micro) / gradientAccumulation;
      for (const [parameter, gradient] of this.#train.gradients) {
        const g = this.#values.get(gradient.id)!;
        const sum = sums.get(parameter) ?? new Float64Array(sizeOf(parameter.shape));
        for (let i = 0; i < sum.length; i++) sum[i]! += g[i]! / gradientAccumulation;
        sums.set(parameter, sum);
      }
    }
    let square = 0;
    for (const g of sums.values()) for (const x of g) square += x * x;
    const gradNorm = Math.sqrt(square);
    if (!Number.isFinite(gradNorm)) return { loss, gradNorm };
    const lr = learningRateAt(step, { ...optimizer, maxIters: training.maxIters });
    const coefficient = clipCoefficient(gradNorm, optimizer.gradClip);
    for (const [parameter, g] of sums) {
      const { m, v } = this.#moments.get(parameter.name)!;
      const decay = parameter.source.kind === 'parameter' && parameter.source.decay;
      adamwStep(this.#weights.get(parameter.name)!, g, m, v, step + 1, coefficient, decay, { ...optimizer, lr });
    }
    return { loss, gradNorm };
  }

  evaluate(): Promise<EvalResult> {
    const { evalBatches, seed, batchSize } = this.config.training;
    const shape = { rows: batchSize, seq: this.model.blockSize, sampling: this.corpus.sampling };
    let loss = 0;
    const scores: (TaskScore | null)[] = [];
    for (let i = 0; i < evalBatches; i++) {
      loss += this.#runGraph(this.#eval, this.#evalValues, this.corpus.val, STREAM.EVAL, i, 0) / evalBatches;
      scores.push(scoreBatch(this.corpus, shape, seed, i, this.#evalValues.get(this.#eval.logits.id)!));
    }
    return Promise.resolve({ loss, ...metricOf(this.corpus, scores) });
  }

  nextLogits(tokens: readonly number[]): Promise<Float32Array> {
    const ids = tokens.slice(-this.model.blockSize);
    const model = buildGpt2(this.model, 1, ids.length);
    const values: RefValues = new Map([[model.ids.id, Uint32Array.from(ids)]]);
    bindWeights(model.graph.parameters, this.#weights, values);
    runReference(model.graph, values, this.#context(0));
    return Promise.resolve(f32(values.get(model.logits.id)!.slice(-this.model.vocabSize)));
  }

  parameters(): Promise<NamedTensors> {
    return Promise.resolve(
      new Map(
        this.#train.graph.parameters.map((p) => [p.name, { shape: p.shape, data: f32(this.#weights.get(p.name)!) }]),
      ),
    );
  }

  loadParameters(tensors: NamedTensors): Promise<void> {
    for (const [name, weights] of this.#weights) weights.set(tensors.get(name)!.data);
    return Promise.resolve();
  }

  saveState(): Promise<TrainingState> {
    const { parameters } = this.#train.graph;
    const saved = (prefix: string, of: (name: string) => Float64Array) =>
      parameters.map(
        ({ name, shape }) => [`${prefix}${name}`, { dtype: 'F64', shape, data: of(name).slice() }] as const,
      );
    return Promise.resolve(
      new Map<string, StateTensor>([
        ...saved('', (name) => this.#weights.get(name)!),
        ...saved('exp_avg.', (name) => this.#moments.get(name)!.m),
        ...saved('exp_avg_sq.', (name) => this.#moments.get(name)!.v),
        stepTensor(this.#done),
      ]),
    );
  }

  loadState(state: TrainingState): Promise<void> {
    const load = (key: string, into: Float64Array): void =>
      into.set(stateTensor(state, key, into.length, 'F64', 'F32').data);
    for (const [name, weights] of this.#weights) {
      const { m, v } = this.#moments.get(name)!;
      load(name, weights);
      load(`exp_avg.${name}`, m);
      load(`exp_avg_sq.${name}`, v);
    }
    this.#done = savedStep(state);
    return Promise.resolve();
  }

  diagnose(step: number): Promise<string> {
    this.#runGraph(this.#train, this.#values, this.corpus.train, STREAM.TRAIN, step, 0);
    const finite = (values: RefArray | undefined): boolean => !values || values.every((x) => Number.isFinite(x));
    for (const node of this.#train.graph.nodes)
      for (const output of node.outputs) if (!finite(this.#values.get(output.id))) return Promise.resolve(output.name);
    return Promise.resolve('no operation of the first micro-step: the norm itself overflowed');
  }

  destroy(): void {
    this.#values.clear();
    this.#evalValues.clear();
  }
}

/** Points another graph's parameters at the same arrays, by name. */
function bindWeights(
  parameters: readonly Tensor[],
  weights: ReadonlyMap<string, Float64Array>,
  values: RefValues,
): void {
  for (const parameter of parameters) values.set(parameter.id, weights.get(parameter.name)!);
}
