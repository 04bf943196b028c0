/** The engine's side of the door: one run at a time, driven by commands, reporting by events. */
import type { CorpusLoaders, CorpusShape } from '@/data/corpus';
import { staticCorpusShape, staticVocabSize } from '@/data/corpus';
import { DEFAULT_TRAITS, DeviceError, type EngineDevice, openDevice } from '@/engine/device';
import type { TuneCache } from '@/engine/autotune';
import { measureRoof } from '@/engine/probe';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { type ExperimentConfig, experimentConfig } from '@/experiment/config';
import type { RunEvent } from '@/experiment/events';
import { type OpenRun, loadRunCorpus, openRun } from '@/experiment/open-run';
import { RunRecorder, huggingFaceConfig } from '@/experiment/recorder';
import { MemoryDirectory } from '@/experiment/run-directory';
import { sampleToken } from '@/experiment/sampling';
import { KCONFIG_SOURCES, checkOverrides, openStrict, setSymbol, symbolValues } from '@/experiment/kconfig-tree';
import { writeConfig, writeMinConfig } from '@/kconfig';
import { RunControl, train } from '@/experiment/train';
import { type TrainingPlan, planTraining } from '@/experiment/training-plan';
import { cacheBytesPerToken } from '@/models/attention/cache';
import { resolveAttention } from '@/models/attention/config';
import { describeRun, referenceLines } from './describe';
import { PRESETS, presetNamed } from './presets';
import { browserTuneCache } from './tune-cache';
import type {
  AdapterInfo,
  PlanSummary,
  PresetInfo,
  RunRequest,
  SampleRequest,
  WorkerApi,
  WorkerEvent,
} from './protocol';

const REFERENCE_ADAPTER: AdapterInfo = {
  kind: 'reference', vendor: '', architecture: 'f64', device: '', description: 'CPU reference', software: true, features: [],
  limits: {},
}; // prettier-ignore

/** Steps at which the time of each op is measured: early, then now and then. */
const PROFILE_FIRST = 5;
const PROFILE_EVERY = 500;
/** Idle time before the roof is measured: it keeps the adapter busy for some seconds. */
const ROOF_IDLE_MS = 2500;

/** Pause in the edits after which the planned configuration is prepared: preparing compiles kernels. */
const WARM_IDLE_MS = 800;
const CORPORA_KEPT = 8;

/** Parameters above which the f64 reference would take minutes a step. */
const REFERENCE_LIMIT = 300_000;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

interface CorpusSizes {
  readonly vocabSize: number;
  readonly shape: CorpusShape;
}

interface Active {
  readonly control: RunControl;
  readonly directory: MemoryDirectory;
  open: OpenRun | null;
}

export class EngineWorker implements WorkerApi {
  #listener: (event: WorkerEvent) => void = () => undefined;
  #engine: EngineDevice | null = null;
  #adapter: Promise<AdapterInfo> | null = null;
  #active: Active | null = null;
  /** A finished run's backend, kept for sampling until the next start. */
  #idle: OpenRun | null = null;
  #directory: MemoryDirectory | null = null;
  #roofKnown = false;
  #tuneCache: Promise<TuneCache> | null = null;
  /** A run prepared ahead: kernels compile while the user is still looking, so that Run starts at once. */
  #warm: { readonly key: string; readonly open: Promise<OpenRun> } | null = null;
  #warmTimer: ReturnType<typeof setTimeout> | undefined;
  /** By configuration; the reader's own text is compared itself. */
  readonly #corpora = new Map<string, { readonly text: string | null; readonly sizes: Promise<CorpusSizes> }>();
  /** Work that must happen between steps (samples), in order. */
  readonly #between: (() => Promise<void>)[] = [];

  subscribe(listener: (event: WorkerEvent) => void): Promise<void> {
    this.#listener = listener;
    return Promise.resolve();
  }

  #emit(event: WorkerEvent): void {
    this.#listener(event);
  }

  init(): Promise<AdapterInfo> {
    this.#adapter ??= this.#open();
    return this.#adapter;
  }

  async #open(): Promise<AdapterInfo> {
    let info = REFERENCE_ADAPTER;
    try {
      this.#engine = await openDevice(navigator.gpu as GPU | undefined);
      const { adapter, device } = this.#engine;
      info = { kind: 'webgpu', ...adapter };
      void device.lost.then(({ reason, message: why }) => {
        if (reason === 'destroyed') return;
        this.#emit({ type: 'device-lost', reason, message: why });
        this.#engine = null;
        this.#adapter = null;
        this.#warm = null;
        this.#roofKnown = false;
        this.#active?.control.stop();
      });
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#emit({ type: 'warning', message: `${error.message}. Tiny models train on the labelled CPU reference.` });
    }
    this.#emit({ type: 'adapter', adapter: info });
    return info;
  }

  presets(): Promise<readonly PresetInfo[]> {
    return Promise.resolve(PRESETS);
  }

  kconfig(): Promise<Readonly<Record<string, string>>> {
    return Promise.resolve(KCONFIG_SOURCES);
  }

  #configure(request: RunRequest): { config: ExperimentConfig; full: string; minimal: string } {
    const { name, text } = presetNamed(request.preset);
    const edited = request.config;
    const values = edited === undefined ? openStrict(text, `defconfigs/${name}`) : openStrict(edited, 'the menu');
    for (const [symbol, value] of Object.entries(request.overrides)) setSymbol(values, symbol, value, 'overrides');
    checkOverrides(values, request.overrides, 'overrides');
    if (request.customText && edited === undefined) setSymbol(values, 'DATASET_CUSTOM', 'y', 'dropped text');
    return {
      config: experimentConfig(symbolValues(values)),
      full: writeConfig(values),
      minimal: writeMinConfig(values),
    };
  }

  readonly #onProgress = (stage: string, done: number, total: number): void => {
    if (this.#active) this.#emit({ type: 'progress', stage, done, total });
  };

  #loaders(): CorpusLoaders {
    return {
      onProgress: this.#onProgress,
      async fetchText(name) {
        const response = await fetch(
          new URL(
            `data/${name}.txt`,
            import.meta.env.DEV ? `${self.location.origin}/` : new URL('../', self.location.href),
          ),
        );
        if (!response.ok) throw new Error(`the text ${name} did not load (${response.status}): reload the page`);
        return response.text();
      },
    };
  }

  async plan(request: RunRequest): Promise<PlanSummary> {
    await this.init();
    const { config } = this.#configure(request);
    const fixed = staticVocabSize({
      dataset: config.dataset,
      tokenizer: config.tokenizer,
      vocabMultiple: config.model.vocabMultiple,
    });
    const corpus = fixed === null ? await this.#measureCorpus(request, config) : null;
    const shape = corpus?.shape ?? staticCorpusShape(config.dataset, config.model.blockSize);
    const traits = this.#engine?.traits ?? DEFAULT_TRAITS;
    this.#warmUpLater(request, config);
    return summarise(
      config,
      planTraining(config, { ...config.model, vocabSize: fixed ?? corpus!.vocabSize }, shape, { traits }),
    );
  }

  /** Sizes of a text's corpus, remembered for the texts planned last: every edit in the menu asks again. */
  #measureCorpus(request: RunRequest, config: ExperimentConfig): Promise<CorpusSizes> {
    const { dataset, tokenizer, model } = config;
    const text = request.customText?.text ?? null;
    const key = JSON.stringify([dataset, tokenizer, model.blockSize, model.vocabMultiple, text === null]);
    const known = this.#corpora.get(key);
    if (known?.text === text) return known.sizes;
    // Without progress: that of a run that is going on would be overwritten.
    const { fetchText } = this.#loaders();
    const sizes = loadRunCorpus(config, { fetchText }, request.customText).then(
      ({ vocabSize, train, val, sampling }) => ({
        vocabSize,
        shape: { trainTokens: train.length, valTokens: val.length, sampling },
      }),
    );
    if (this.#corpora.size >= CORPORA_KEPT) this.#corpora.clear();
    const entry = { text, sizes };
    this.#corpora.set(key, entry);
    sizes.catch(() => this.#corpora.get(key) === entry && this.#corpora.delete(key));
    return sizes;
  }

  /** The first plan is prepared at once, an edited one when the edits have paused. */
  #warmUpLater(request: RunRequest, config: ExperimentConfig): void {
    clearTimeout(this.#warmTimer);
    if (this.#warm === null) this.#warmUp(request, config);
    else this.#warmTimer = setTimeout(() => this.#warmUp(request, config), WARM_IDLE_MS);
  }

  /** Prepares the configuration that was planned last. Its errors are reported by `start`, which awaits it. */
  #warmUp(request: RunRequest, config: ExperimentConfig): void {
    const key = JSON.stringify(request);
    if (this.#active || !this.#engine || this.#warm?.key === key) return;
    this.#discardWarm();
    const open = this.#openRun(request, config);
    open.then(
      () => setTimeout(() => void this.#measureRoof(), ROOF_IDLE_MS),
      () => undefined,
    );
    this.#warm = { key, open };
  }

  #discardWarm(): void {
    void this.#warm?.open.then(
      ({ backend }) => backend.destroy(),
      () => undefined,
    );
    this.#warm = null;
  }

  async #openRun(request: RunRequest, config: ExperimentConfig): Promise<OpenRun> {
    this.#tuneCache ??= browserTuneCache();
    const measure = this.#engine?.adapter.software === false;
    return openRun({
      tune: { cache: await this.#tuneCache, measure },
      config,
      engine: this.#engine,
      loaders: this.#loaders(),
      ...(request.customText ? { customText: request.customText } : {}),
    });
  }

  async start(request: RunRequest): Promise<void> {
    if (this.#active) throw new Error('a run is going on: stop it first');
    const active: Active = { control: new RunControl(), directory: new MemoryDirectory(), open: null };
    this.#active = active;
    this.#directory = active.directory;
    this.#emit({ type: 'state', state: 'preparing' });
    this.#idle?.backend.destroy();
    this.#idle = null;
    try {
      await this.#prepare(request, active);
    } catch (error) {
      this.#active = null;
      this.#emit({ type: 'error', message: message(error) });
      this.#emit({ type: 'state', state: 'failed', reason: message(error) });
      return;
    }
    void this.#loop(active).catch((error: unknown) => {
      this.#active = null;
      this.#emit({ type: 'error', message: message(error) });
      this.#emit({ type: 'state', state: 'failed', reason: message(error) });
    });
  }

  async #prepare(request: RunRequest, active: Active): Promise<void> {
    await this.init();
    const { config, full, minimal } = this.#configure(request);
    const warm = this.#warm?.key === JSON.stringify(request) ? this.#warm.open : null;
    if (warm) this.#warm = null;
    else this.#discardWarm();
    const open = await (warm ?? this.#openRun(request, config));
    active.open = open;
    const { summary, kind } = open.backend;
    if (kind === 'reference' && summary.parameters > REFERENCE_LIMIT)
      throw new Error(
        `without WebGPU only tiny models train: this one has ${summary.parameters.toLocaleString('en-US')} parameters, the CPU reference takes at most ${REFERENCE_LIMIT.toLocaleString('en-US')}; reduce GPT2_N_EMBD or GPT2_N_LAYER, or use a browser with WebGPU`,
      );
    await active.directory.write('config.full', full);
    await active.directory.write('config.min', minimal);
    await active.directory.write('config.json', huggingFaceConfig(open.model));
    await active.directory.write('tokenizer.json', JSON.stringify(open.corpus.tokenizer.toJSON()));
    const shape = {
      trainTokens: open.corpus.train.length,
      valTokens: open.corpus.val.length,
      sampling: open.corpus.sampling,
    };
    const plan =
      open.backend instanceof WebGpuBackend
        ? open.backend.training
        : planTraining(config, open.model, shape, { traits: DEFAULT_TRAITS });
    this.#emit({
      type: 'started',
      runId: crypto.randomUUID(),
      preset: request.preset,
      maxIters: config.training.maxIters,
      plan: summarise(config, plan),
      allocatedBytes: summary.allocatedBytes,
      references: referenceLines(open),
      datasetName: open.corpus.name,
      trainTokens: open.corpus.train.length,
      valTokens: open.corpus.val.length,
      description: describeRun(open),
    });
  }

  async #loop(active: Active): Promise<void> {
    const { control, directory } = active;
    const open = active.open!;
    const { backend, config } = open;
    const recorder = new RunRecorder(directory, config, backend);
    await recorder.begin({});
    this.#emit({ type: 'state', state: 'running' });
    let failed: string | null = null;
    let steps = 0;
    for await (const event of train(config, backend, {
      control,
      onCheckpoint: (step, kind) => recorder.checkpoint(step, kind),
    })) {
      await recorder.record(event);
      this.#forward(event);
      if (event.type === 'failed') failed = event.message;
      if (event.type === 'metric' && event.metric.event === 'step') {
        const { step } = event.metric;
        if (++steps % 20 === 1) this.#reportMemory(backend.allocatedBytes);
        if (steps % PROFILE_EVERY === PROFILE_FIRST) this.#between.push(() => this.#profile(backend, step));
      }
      while (this.#between.length > 0) await this.#between.shift()!();
      if (event.type === 'paused') void this.#sampleWhilePaused(control);
    }
    await recorder.end(failed !== null ? 'failed' : control.stopped ? 'stopped' : 'ok');
    this.#active = null;
    this.#idle = open;
    if (failed !== null) this.#emit({ type: 'error', message: failed });
    this.#emit({
      type: 'state',
      state: failed !== null ? 'failed' : control.stopped ? 'stopped' : 'finished',
      ...(failed ? { reason: failed } : {}),
    });
    if (backend instanceof WebGpuBackend && failed === null) void this.#measureRoof();
  }

  async #sampleWhilePaused(control: RunControl): Promise<void> {
    while (control.paused) {
      while (this.#between.length > 0) await this.#between.shift()!();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async #measureRoof(): Promise<void> {
    if (!this.#engine || this.#active || this.#roofKnown) return;
    this.#roofKnown = true;
    const { device, traits } = this.#engine;
    const { fmaGflops, bandwidthGBs } = await measureRoof(device, traits.software);
    this.#emit({ type: 'roof', roof: { fmaGflops, bandwidthGBs } });
  }

  async #profile(backend: OpenRun['backend'], step: number): Promise<void> {
    if (!(backend instanceof WebGpuBackend)) return;
    const ops = await backend.profile(step);
    if (ops) this.#emit({ type: 'profile', ops });
  }

  #reportMemory(gpuBytes: number): void {
    const { memory } = performance as { memory?: { usedJSHeapSize: number } };
    this.#emit({ type: 'memory', gpuBytes, jsHeapBytes: memory?.usedJSHeapSize ?? null });
  }

  #forward(event: RunEvent): void {
    switch (event.type) {
      case 'metric': {
        const { metric } = event;
        if (metric.event === 'step')
          this.#emit({
            type: 'step', step: metric.step, loss: metric.loss, lr: metric.lr, gradNorm: metric.grad_norm, tokens: metric.tokens,
            time: { elapsedMs: metric.time.elapsed_ms, stepMs: metric.time.step_ms, tokensPerSecond: metric.time.tokens_per_second },
          }); // prettier-ignore
        else if (metric.event === 'eval') {
          const { step, split, loss, perplexity } = metric;
          this.#emit({
            type: 'eval',
            step,
            split,
            loss,
            perplexity,
            ...(metric.metric ? { metric: metric.metric } : {}),
          });
        }
        return;
      }
      case 'checkpoint':
        return this.#emit(event);
      case 'paused':
        return this.#emit({ type: 'state', state: 'paused' });
      case 'resumed':
        return this.#emit({ type: 'state', state: 'running' });
      case 'finished':
      case 'failed':
        return;
    }
  }

  pause(): Promise<void> {
    this.#active?.control.pause();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.#active?.control.resume();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#active?.control.stop();
    return Promise.resolve();
  }

  async sample(request: SampleRequest): Promise<void> {
    const open = this.#active?.open ?? this.#idle;
    if (!open) throw new Error('nothing is trained yet: start a run first');
    const prompt = Array.from(open.corpus.tokenizer.encode(request.prompt));
    if (prompt.length === 0) throw new Error('the prompt is empty: type at least one character');
    const task = (): Promise<void> => this.#generate(open, prompt, request);
    if (this.#active) this.#between.push(task);
    else await task();
  }

  async #generate({ backend, corpus }: OpenRun, prompt: readonly number[], request: SampleRequest): Promise<void> {
    const { requestId, tokens, temperature, topK, seed } = request;
    const ids = [...prompt];
    for (let i = 0; i < tokens; i++) {
      ids.push(sampleToken(await backend.nextLogits(ids), corpus.tokenizer.vocabSize, i, { temperature, topK, seed }));
      this.#emit({ type: 'sample', requestId, text: corpus.tokenizer.decode(ids), done: false });
    }
    this.#emit({ type: 'sample', requestId, text: corpus.tokenizer.decode(ids), done: true });
  }

  file(name: string): Promise<Uint8Array | null> {
    return this.#directory?.read(name) ?? Promise.resolve(null);
  }
}

function summarise(config: ExperimentConfig, plan: TrainingPlan): PlanSummary {
  const { batchSize, gradientAccumulation } = config.training;
  return {
    parameters: plan.model.graph.parameterCount,
    flopsPerToken: plan.flopsPerToken,
    tokensPerStep: batchSize * gradientAccumulation * config.model.blockSize,
    dispatchesPerStep: plan.dispatchesPerStep,
    memory: plan.memory,
    cacheBytesPerToken: cacheBytesPerToken(resolveAttention(config.model.attention, config.model), config.model.nEmbd),
  };
}
