/** The f64 reference as a training backend: the oracle of the engine, and the labelled fallback for tiny models. */
import type { Corpus } from '@/data/corpus';
import { PURPOSE, philox4x32 } from '@/data/random';
import { type RefArray, type RefContext, type RefValues, type Tensor, runReference, sizeOf } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import { type Gpt2TrainingGraph, buildGpt2, buildGpt2Training } from '@/models/gpt2';
import { clipCoefficient } from '@/optim/adamw';
import { STATE_SLOTS, type StateSlot, decays } from '@/optim/kinds';
import { SOFT_RESET, SPAM_QUEUE, clipCoordinates, spikeScore } from '@/optim/spam';
import { type StepPlan, stepPlan, updateTensor } from '@/optim/update';
import type { BackendSummary, EvalResult, NamedTensors, StepResult, TrainingBackend } from './backend';
import { STREAM, drawBatch } from './batches';
import type { ExperimentConfig } from './config';
import { initialValues } from './init';
import { LayerRates } from './layer-rates';
import type { ReadMoment } from './moment-sample';
import { metricOf, scoreBatch } from './task-metric';
import type { TaskScore } from '@/data/tasks';
import type { SpamEvent } from './events';
import { ReferencePruner } from './pruning-reference';
import { spamEvents } from './spam-events';
import { type StateSample, joined } from './state-sample';
import { SPAM_KEY, type StateTensor, type TrainingState, savedStep, stateTensor, stepTensor } from './training-state';

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
  readonly #slots = new Map<string, Partial<Record<StateSlot, Float64Array>>>();
  readonly #pruner: ReferencePruner | null;
  readonly #rates: LayerRates | null;
  readonly #norms = new Float64Array(SPAM_QUEUE);
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
      const slots = STATE_SLOTS[config.optimizer.kind].map((slot) => [slot, new Float64Array(weights.length)] as const);
      this.#slots.set(tensor.name, Object.fromEntries(slots));
      this.#values.set(tensor.id, weights);
    });
    const parameters = this.#train.graph.parameters.map(({ name, shape }) => ({
      name, shape, w: this.#weights.get(name)!, slots: this.#slots.get(name)!,
    })); // prettier-ignore
    const { layerLr } = config.optimizer;
    const arena = parameters.map(({ name, shape, w }) => ({ name, shape, size: w.length, offset: 0 }));
    this.#rates = layerLr ? new LayerRates(layerLr, arena, config.training.seed) : null;
    this.#pruner = config.pruning ? new ReferencePruner(config.pruning, parameters, config.training.seed) : null;
    bindWeights(this.#eval.graph.parameters, this.#weights, this.#evalValues);
    const copies = 2 + STATE_SLOTS[config.optimizer.kind].length;
    const bytes = [...this.#weights.values()].reduce((sum, w) => sum + 8 * copies * w.length, 0);
    const categories = [{ name: 'parameters, gradients and optimizer state (f64)', bytes }];
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

  liveBytes(): null {
    return null;
  }

  profile(): Promise<null> {
    return Promise.resolve(null);
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

  async step(step: number): Promise<{ result: Promise<StepResult> }> {
    const read: ReadMoment = (name, first, n) =>
      Promise.resolve(this.#slots.get(name)!.exp_avg_sq!.subarray(first, first + n));
    if (this.#rates?.due(step)) await this.#rates.refresh(read);
    if (this.#pruner?.due(step + 1)) await this.#pruner.resolveEps(read);
    return { result: Promise.resolve(this.#step(step)) };
  }

  #step(step: number): StepResult {
    this.#done = step + 1;
    const { gradientAccumulation } = this.config.training;
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
    return this.#update(step, loss, sums);
  }

  /** The optimizer on the summed gradients, in the order of the specification, 1.4. */
  #update(step: number, loss: number, gradients: ReadonlyMap<Tensor, Float64Array>): StepResult {
    const { optimizer, training } = this.config;
    const plan = stepPlan(optimizer, training.maxIters, step);
    const byName = new Map([...gradients].map(([{ name }, g]) => [name, g]));
    this.#pruner?.maskGradients(byName);
    let clipped = 0;
    for (const [{ name }, g] of gradients) {
      const v = this.#slots.get(name)!.exp_avg_sq;
      if (v) clipped += clipCoordinates(g, v, plan.theta);
    }
    let square = 0;
    for (const g of gradients.values()) for (const x of g) square += x * x;
    const gradNorm = Math.sqrt(square);
    if (!Number.isFinite(gradNorm)) return { loss, gradNorm };
    const spam = optimizer.spam === null ? null : this.#spam(step, gradNorm, clipped, plan);
    const coefficient = clipCoefficient(gradNorm, optimizer.gradClip);
    this.#pruner?.observe(byName, coefficient);
    for (const [parameter, g] of gradients) {
      const { name, shape } = parameter;
      const decay = decays(optimizer.decayGroups, {
        name,
        decay: parameter.source.kind === 'parameter' && parameter.source.decay,
      });
      const update = {
        w: this.#weights.get(name)!,
        g,
        shape,
        state: this.#slots.get(name)!,
        t: plan.t,
        coefficient,
        decay,
      };
      updateTensor(optimizer.kind, update, { ...optimizer, lr: plan.lr * (this.#rates?.of(name) ?? 1) });
    }
    this.#pruner?.apply();
    const corrections = { correction1: 1 - optimizer.beta1 ** plan.t, correction2: 1 - optimizer.beta2 ** plan.t };
    const prune = this.#pruner?.event(step + 1, corrections) ?? null;
    const events = [...(spam ?? []), ...(prune ? [prune] : [])];
    return events.length > 0 ? { loss, gradNorm, events } : { loss, gradNorm };
  }

  /** Norm test, soft and periodic resets of the moments. */
  #spam(step: number, norm: number, clipped: number, { reset }: StepPlan): SpamEvent[] {
    const { mode, zThreshold } = this.config.optimizer.spam!;
    const z = spikeScore(this.#norms, step, norm);
    const spike = zThreshold > 0 && z > zThreshold;
    for (const slots of this.#slots.values()) {
      const scale = (slot: StateSlot, factor: number): void =>
        slots[slot]!.forEach((x, i, all) => void (all[i] = x * factor));
      if (spike) {
        scale('exp_avg', SOFT_RESET.m);
        scale('exp_avg_sq', SOFT_RESET.v);
      }
      if (!reset) continue;
      scale('exp_avg', 0);
      scale('exp_avg_sq', 0);
      if (mode === 'fixed') scale('max_exp_avg_sq', 0);
    }
    return spamEvents(this.config, step, { z, spike, clipped }, this.summary.parameters);
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

  gradient(step: number): Promise<NamedTensors> {
    this.#runGraph(this.#train, this.#values, this.corpus.train, STREAM.TRAIN, step, 0);
    const gradients = new Map(
      [...this.#train.gradients].map(([{ name }, { id }]) => [name, Float64Array.from(this.#values.get(id)!)] as const),
    );
    this.#pruner?.maskGradients(gradients);
    const named = this.#train.graph.parameters.map(
      ({ name, shape }) => [name, { shape, data: f32(gradients.get(name)!) }] as const,
    );
    return Promise.resolve(new Map(named));
  }

  /** All elements: what this backend trains is small. */
  async sampleState(step: number): Promise<StateSample> {
    const { parameters } = this.#train.graph;
    const gradient = await this.gradient(step);
    const of = (slot: StateSlot) => [slot, joined(parameters.map((p) => this.#slots.get(p.name)![slot]!))] as const;
    return {
      w: joined(parameters.map((p) => this.#weights.get(p.name)!)),
      g: joined(parameters.map((p) => gradient.get(p.name)!.data)),
      slots: new Map(STATE_SLOTS[this.config.optimizer.kind].map(of)),
    };
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

  /** Every array of the saved state by key. */
  *#arrays(): Generator<readonly [key: string, shape: readonly number[], data: Float64Array]> {
    for (const { name, shape } of this.#train.graph.parameters) yield [name, shape, this.#weights.get(name)!];
    for (const slot of STATE_SLOTS[this.config.optimizer.kind])
      for (const { name, shape } of this.#train.graph.parameters)
        yield [`${slot}.${name}`, shape, this.#slots.get(name)![slot]!];
    if (this.config.optimizer.spam !== null) yield [SPAM_KEY, [SPAM_QUEUE], this.#norms];
  }

  saveState(): Promise<TrainingState> {
    const state = new Map<string, StateTensor>();
    for (const [key, shape, data] of this.#arrays()) state.set(key, { dtype: 'F64', shape, data: data.slice() });
    this.#pruner?.save(state);
    this.#rates?.save(state);
    return Promise.resolve(state.set(...stepTensor(this.#done)));
  }

  loadState(state: TrainingState): Promise<void> {
    for (const [key, , data] of this.#arrays()) data.set(stateTensor(state, key, data.length, 'F64', 'F32').data);
    this.#pruner?.load(state);
    this.#rates?.load(state);
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
