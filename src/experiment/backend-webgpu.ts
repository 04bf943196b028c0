/** Training on a GPUDevice: the plan replayed by the executor. */
import type { Corpus } from '@/data/corpus';
import { IGNORE_BIT } from '@/data/corpus';
import { tunedPlan } from '@/engine/autotune';
import type { EngineDevice } from '@/engine/device';
import { Executor, type OpTime, type Part } from '@/engine/executor';
import type { Tuning } from '@/engine/tuning';
import { type LiveBytes, takeLiveBytes } from '@/engine/memory-meter';
import type { StepScalars } from '@/engine/scalars';
import type { Gpt2Config } from '@/models/config';
import { biasCorrection } from '@/optim/adamw';
import type { StateSlot } from '@/optim/kinds';
import { SPAM_QUEUE } from '@/optim/spam';
import { stepPlan } from '@/optim/update';
import type { BackendSummary, EvalResult, NamedTensors, StepResult, TrainingBackend } from './backend';
import { STREAM } from './batches';
import type { ExperimentConfig } from './config';
import { initialValues } from './init';
import { LayerRates } from './layer-rates';
import type { ReadMoment } from './moment-sample';
import { metricOf, scoreBatch } from './task-metric';
import type { TaskScore } from '@/data/tasks';
import { SPAM_KEY, type StateTensor, type TrainingState, savedStep, stateTensor, stepTensor } from './training-state';
import type { MetricEvent } from './events';
import { GpuPruner } from './pruning-webgpu';
import { spamEvents } from './spam-events';
import { type StateSample, joined, sampleBlocks, withoutPadding } from './state-sample';
import { METRIC, type TrainingPlan, checkFits, planTraining } from './training-plan';

export interface WebGpuOptions {
  readonly onProgress?: (stage: string, done: number, total: number) => void;
  /** Measured kernel choices; `measure` fills in what is missing before the run. */
  /** Absent: the device's own. */
  readonly tune?: Tuning;
  /** Sequences to compile now; others are compiled when first needed. */
  readonly eager?: readonly string[];
}

/** Longest submit on a hardware adapter before the plan is split: drivers reset long submits. */
const LONG_SUBMIT_MS = 500;

const withEvent = (result: StepResult, event: MetricEvent): StepResult => ({
  ...result,
  events: [...(result.events ?? []), event],
});

export class WebGpuBackend implements TrainingBackend {
  readonly kind = 'webgpu';
  readonly summary: BackendSummary;
  readonly #parts: readonly Part[];
  readonly #pruner: GpuPruner | null;
  readonly #rates: LayerRates | null;
  #lastLanded = 0;
  /** Updates submitted so far. */
  #done = 0;

  private constructor(
    readonly config: ExperimentConfig,
    readonly model: Gpt2Config,
    readonly corpus: Corpus,
    readonly engine: EngineDevice,
    readonly training: TrainingPlan,
    readonly executor: Executor,
  ) {
    const { gradientAccumulation } = config.training;
    const micro = Array.from({ length: gradientAccumulation }, (_, slot): Part => ({ sequence: 'train', slot }));
    this.#parts = [...micro, { sequence: 'update', slot: gradientAccumulation - 1 }];
    this.#pruner = training.pruning ? new GpuPruner(executor, training.pruning, config.optimizer.kind) : null;
    const { layerLr } = config.optimizer;
    this.#rates = layerLr ? new LayerRates(layerLr, training.arena.entries, config.training.seed) : null;
    const variants: Record<string, string[]> = {};
    for (const { program } of Object.values(training.plan.sequences).flat()) {
      const list = (variants[program.family] ??= []);
      if (!list.includes(program.variant)) list.push(program.variant);
    }
    this.summary = {
      parameters: training.model.graph.parameterCount,
      dispatchesPerStep: training.dispatchesPerStep,
      plannedBytes: training.memory.totalBytes,
      allocatedBytes: executor.allocatedBytes,
      memory: training.memory,
      variants,
      programs: Object.values(training.plan.sequences)
        .flat()
        .map(({ program }) => program),
    };
  }

  /** Plans, refuses what does not fit, compiles, allocates and uploads. Throws PlanRefusedError, DeviceError. */
  static async create(
    engine: EngineDevice,
    config: ExperimentConfig,
    model: Gpt2Config,
    corpus: Corpus,
    { onProgress, tune = engine.tuning, eager = ['train', 'update', 'prune', 'eval'] }: WebGpuOptions = {},
  ): Promise<WebGpuBackend> {
    const shape = { trainTokens: corpus.train.length, valTokens: corpus.val.length, sampling: corpus.sampling };
    const make = (choice?: (key: string) => string | undefined) => {
      const made = planTraining(config, model, shape, { traits: engine.traits, ...(choice ? { choice } : {}) });
      checkFits(made, engine.adapter.limits);
      return made;
    };
    const training = tune ? await tunedPlan(engine, make, ({ plan }) => plan, tune, onProgress) : make();
    const executor = await Executor.create(
      engine,
      training.plan,
      (done, total) => onProgress?.('compiling kernels', done, total),
      eager,
    );
    executor.write(training.regions.train, corpus.train);
    executor.write(training.regions.val, corpus.val);
    for (const [region, data] of training.tables) executor.write(region, data);
    const backend = new WebGpuBackend(config, model, corpus, engine, training, executor);
    training.arena.entries.forEach((entry, i) => {
      executor.write(training.regions.parameters, initialValues(entry.tensor, i, config.training.seed), entry.offset);
      onProgress?.('initialising weights', i + 1, training.arena.entries.length);
    });
    await backend.#pruner?.begin(training.regions.parameters, training.arena.elements);
    return backend;
  }

  get depth(): number {
    return this.executor.ring.depth;
  }

  get allocatedBytes(): number {
    return this.executor.allocatedBytes;
  }

  liveBytes(): LiveBytes {
    return takeLiveBytes(this.engine.device);
  }

  #scalars(step: number): StepScalars[] {
    const { optimizer, training } = this.config;
    const { lr, t, reset, theta } = stepPlan(optimizer, training.maxIters, step);
    const { stepSize, invSqrtC2 } = biasCorrection(lr, optimizer.beta1, optimizer.beta2, t);
    const accumulation = training.gradientAccumulation;
    return Array.from({ length: accumulation }, (_, micro) => ({
      seed: training.seed,
      step,
      micro,
      stream: STREAM.TRAIN,
      lr,
      step_size: stepSize,
      inv_sqrt_c2: invSqrtC2,
      beta1: optimizer.beta1,
      beta2: optimizer.beta2,
      adam_eps: optimizer.eps,
      weight_decay: optimizer.weightDecay,
      grad_clip: optimizer.gradClip,
      momentum: optimizer.momentum,
      moment_keep: reset ? 0 : 1,
      spam_theta: theta,
      spam_z: optimizer.spam?.zThreshold ?? 0,
      grad_scale: 1 / accumulation,
      dropout_stream: step * accumulation + micro,
      row_offset: micro * training.batchSize,
      ...this.#pruner?.scalars(1 - optimizer.beta1 ** t, 1 - optimizer.beta2 ** t),
    }));
  }

  async step(step: number): Promise<{ readonly result: Promise<StepResult> }> {
    if (this.#rates?.due(step)) await this.#refreshRates(this.#rates);
    const pruner = this.#pruner?.due(step + 1) ? this.#pruner : null;
    if (pruner) await this.executor.ensure('prune');
    await pruner?.resolveEps(this.#readMoment);
    const target = pruner?.prepare(step + 1) ?? 0;
    const parts = pruner ? [...this.#parts, { sequence: 'prune', slot: this.#parts.length - 2 }] : this.#parts;
    const { result } = await this.executor.run(parts, this.#scalars(step), this.training.regions.metrics);
    this.#done = step + 1;
    if (pruner) {
      const event = pruner.collect(step, target);
      return { result: Promise.all([result, event]).then(([data, prune]) => withEvent(this.#land(data, step), prune)) };
    }
    return { result: result.then((data) => this.#land(data, step)) };
  }

  /** Queued behind the steps before it: the state that the next update finds. */
  readonly #readMoment: ReadMoment = async (name, first, n) => {
    const { offset } = this.training.arena.entries.find((entry) => entry.name === name)!;
    const region = this.training.regions.slots.get('exp_avg_sq')!;
    return new Float32Array(await this.executor.read(region, offset + first, n));
  };

  async #refreshRates(rates: LayerRates): Promise<void> {
    await rates.refresh(this.#readMoment);
    this.#writeRates(rates);
  }

  #writeRates(rates: LayerRates): void {
    const { region, offset } = this.training.rates!;
    for (const { name, offset: at, size } of this.training.arena.entries)
      this.executor.write(region, new Float32Array(Math.ceil(size / 64)).fill(rates.of(name)), offset + at / 64);
  }

  #land(data: ArrayBuffer, step: number): StepResult {
    const metrics = new Float32Array(data);
    const at = performance.now();
    const tooLong =
      !this.engine.traits.software &&
      this.#lastLanded > 0 &&
      at - this.#lastLanded > LONG_SUBMIT_MS * this.executor.submits;
    if (tooLong && this.executor.submits < 64) this.executor.submits *= 2;
    this.#lastLanded = at;
    const result = { loss: metrics[METRIC.LOSS]!, gradNorm: metrics[METRIC.GRAD_NORM]! };
    if (this.config.optimizer.spam === null) return result;
    const spam = { z: metrics[METRIC.Z]!, spike: metrics[METRIC.M_SCALE] !== 1, clipped: metrics[METRIC.CLIPPED]! };
    const events = spamEvents(this.config, step, spam, this.summary.parameters);
    return events.length > 0 ? { ...result, events } : result;
  }

  #evalScalars(step: number, micro: number, share: number): StepScalars {
    return { seed: this.config.training.seed, step, micro, stream: STREAM.EVAL, grad_scale: share };
  }

  async evaluate(): Promise<EvalResult> {
    this.#lastLanded = 0;
    const { evalBatches, seed, batchSize } = this.config.training;
    const { metrics, evalLogits } = this.training.regions;
    if (!this.corpus.metric) {
      const parts = Array.from({ length: evalBatches }, (_, slot): Part => ({ sequence: 'eval', slot }));
      const scalars = parts.map((_, i) => this.#evalScalars(i, i, 1 / evalBatches));
      const { result } = await this.executor.run(parts, scalars, metrics);
      return { loss: new Float32Array(await result)[METRIC.LOSS]! };
    }
    // Tasks also score the most likely tokens: batch by batch, because the logits of a batch are overwritten by the next.
    const shape = { rows: batchSize, seq: this.model.blockSize, sampling: this.corpus.sampling };
    let loss = 0;
    const scores: (TaskScore | null)[] = [];
    for (let i = 0; i < evalBatches; i++) {
      const { result } = await this.executor.run(
        [{ sequence: 'eval', slot: 0 }],
        [this.#evalScalars(i, 0, 1)],
        metrics,
      );
      loss += new Float32Array(await result)[METRIC.LOSS]! / evalBatches;
      scores.push(scoreBatch(this.corpus, shape, seed, i, new Float32Array(await this.executor.read(evalLogits))));
    }
    return { loss, ...metricOf(this.corpus, scores) };
  }

  async nextLogits(tokens: readonly number[]): Promise<Float32Array> {
    const context = tokens.slice(-this.model.blockSize);
    const ids = new Uint32Array(this.model.blockSize); // causal: what stands behind the last token has no influence
    ids.set(context.map((id) => (id & ~IGNORE_BIT) >>> 0));
    const { sampleIds, sampleLogits, metrics } = this.training.regions;
    await this.executor.ensure('sample');
    this.executor.write(sampleIds, ids);
    const { result } = await this.executor.run([{ sequence: 'sample', slot: 0 }], [{}], metrics);
    await result;
    const { vocabSize } = this.model;
    return new Float32Array(await this.executor.read(sampleLogits, (context.length - 1) * vocabSize, vocabSize));
  }

  async #readArena(region: number, prefix = ''): Promise<[string, { shape: readonly number[]; data: Float32Array }][]> {
    const arena = new Float32Array(await this.executor.read(region));
    return this.training.arena.entries.map(({ name, shape, offset, size }) => [
      `${prefix}${name}`,
      { shape, data: arena.slice(offset, offset + size) },
    ]);
  }

  async #runGradient(step: number): Promise<void> {
    const scalars = this.#scalars(step).map((slot) => ({ ...slot, grad_scale: 1 }));
    const { result } = await this.executor.run(
      [{ sequence: 'train', slot: 0 }],
      scalars,
      this.training.regions.metrics,
    );
    await result;
  }

  async gradient(step: number): Promise<NamedTensors> {
    await this.#runGradient(step);
    return new Map(await this.#readArena(this.training.regions.gradients));
  }

  async sampleState(step: number, limit: number): Promise<StateSample> {
    const { regions, arena } = this.training;
    const blocks = sampleBlocks(arena.elements, limit);
    const read = async (region: number): Promise<Float64Array> => {
      const parts: Float32Array[] = [];
      for (const [at, n] of blocks)
        parts.push(...withoutPadding(new Float32Array(await this.executor.read(region, at, n)), at, arena.entries));
      return joined(parts);
    };
    await this.#runGradient(step);
    const [w, g] = [await read(regions.parameters), await read(regions.gradients)];
    const slots = new Map<StateSlot, Float64Array>();
    for (const [slot, region] of regions.slots) slots.set(slot, await read(region));
    return { w, g, slots };
  }

  async parameters(): Promise<NamedTensors> {
    return new Map(await this.#readArena(this.training.regions.parameters));
  }

  /** Gradients of the last step (after accumulation, before clipping), for tests and analysis. */
  async gradients(): Promise<NamedTensors> {
    return new Map(await this.#readArena(this.training.regions.gradients));
  }

  loadParameters(tensors: NamedTensors): Promise<void> {
    return this.#writeArena(this.training.regions.parameters, '', tensors);
  }

  #writeArena(region: number, prefix: string, tensors: NamedTensors): Promise<void> {
    for (const { name, offset, size } of this.training.arena.entries) {
      const found = tensors.get(`${prefix}${name}`);
      if (!found) throw new Error(`the checkpoint has no tensor ${prefix}${name}`);
      if (found.data.length !== size)
        throw new Error(
          `checkpoint tensor ${prefix}${name} has ${found.data.length} elements, the model needs ${size}`,
        );
      this.executor.write(region, found.data, offset);
    }
    return Promise.resolve();
  }

  /** Arenas of the saved state by key prefix. */
  #arenas(): (readonly [prefix: string, region: number])[] {
    const { parameters, slots } = this.training.regions;
    const { movement = null, initial = null } = this.training.pruning?.regions ?? {};
    const scores = [
      ['movement.', movement],
      ['initial.', initial],
    ] as const;
    return [
      ['', parameters] as const,
      ...[...slots].map(([slot, region]) => [`${slot}.`, region] as const),
      ...scores.flatMap(([prefix, region]) => (region === null ? [] : [[prefix, region] as const])),
    ];
  }

  async saveState(): Promise<TrainingState> {
    const state = new Map<string, StateTensor>();
    for (const [prefix, region] of this.#arenas())
      for (const [key, tensor] of await this.#readArena(region, prefix)) state.set(key, { dtype: 'F32', ...tensor });
    const { spamQueue } = this.training.regions;
    if (spamQueue !== null) {
      const data = new Float32Array(await this.executor.read(spamQueue, 0, SPAM_QUEUE));
      state.set(SPAM_KEY, { dtype: 'F32', shape: [SPAM_QUEUE], data });
    }
    await this.#pruner?.save(state);
    this.#rates?.save(state);
    return state.set(...stepTensor(this.#done));
  }

  loadState(state: TrainingState): Promise<void> {
    for (const [prefix, region] of this.#arenas())
      for (const { name, offset, size } of this.training.arena.entries)
        this.executor.write(region, stateTensor(state, `${prefix}${name}`, size, 'F32').data, offset);
    const { spamQueue } = this.training.regions;
    if (spamQueue !== null) this.executor.write(spamQueue, stateTensor(state, SPAM_KEY, SPAM_QUEUE, 'F32').data);
    this.#pruner?.load(state);
    if (this.#rates) {
      this.#rates.load(state);
      this.#writeRates(this.#rates);
    }
    this.#done = savedStep(state);
    return Promise.resolve();
  }

  /**
   * Time by kernel family of the forward and backward pass of a step; null without timestamp queries. Leaves weights and
   * moments alone: the update is not part of it, and the next step overwrites the gradients.
   */
  profile(step: number): Promise<readonly OpTime[] | null> {
    return this.executor.profile(
      this.#parts.filter((part) => part.sequence === 'train'),
      this.#scalars(step),
    );
  }

  async diagnose(step: number): Promise<string> {
    const found = await this.executor.firstNonFinite(
      this.#parts.filter((part) => part.sequence === 'train'),
      this.#scalars(step),
    );
    return found
      ? `${found.program.label} (kernel ${found.program.family}/${found.program.variant})`
      : 'none in the forward and backward pass: the norm itself overflowed';
  }

  destroy(): void {
    this.executor.destroy();
  }
}
