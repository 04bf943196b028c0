/** The engine's side of the door: one run at a time, driven by commands, reporting by events. */
import { DeviceError, type EngineDevice, openDevice } from '@/engine/device';
import { browserTuneCache } from './tune-cache';
import { KCONFIG_SOURCES } from '@/experiment/kconfig-tree';
import type { OpenRun } from '@/experiment/open-run';
import type { RunDirectory } from '@/experiment/run-directory';
import type { Opened } from '@/experiment/session/resilient';
import { RunControl } from '@/experiment/run-control';
import { Analyses } from './analyses';
import type { Configured } from './configure';
import { Measurer } from './decode-measure';
import type { Sampler } from './decode-sampling';
import { browserHost } from './host';
import { Preparation } from './preparation';
import { PRESETS } from './presets';
import type { Prepared, RunPreparation } from './run-preparation';
import type { RunSession, SessionResult } from './run-session';
import { type RunLock, measuringAlone } from './store/locks';
import { RunStore } from './store/run-store';
import type {
  AdapterInfo,
  AttentionView,
  PageMatrix,
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

/** Idle time before the roof is measured: it keeps the adapter busy for some seconds. */
const ROOF_IDLE_MS = 2500;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What trains, on demand: the first load has a budget, and a plan needs none of it. */
const training = async () => {
  const [preparation, session] = await Promise.all([import('./run-preparation'), import('./run-session')]);
  return { ...preparation, ...session };
};

/** A run that is being prepared or trained. */
interface Active {
  readonly control: RunControl;
  session: RunSession | null;
}

export class EngineWorker implements WorkerApi {
  #listener: (event: WorkerEvent) => void = () => undefined;
  #engine: EngineDevice | null = null;
  #adapter: Promise<AdapterInfo> | null = null;
  #active: Active | null = null;
  #pageHeap: number | null = null;
  /** A finished run's backend, kept for sampling until the next start. */
  #idle: OpenRun | null = null;
  /** Of the last run, for downloads. */
  #directory: RunDirectory | null = null;
  #store: Promise<RunStore | null> | null = null;
  #roofKnown = false;
  /** Loaded by the first sample. */
  #sampler: Sampler | null = null;
  readonly #measurer: Measurer = new Measurer({
    engine: () => this.init().then(() => this.#engine),
    busy: () => this.#active !== null,
    idle: () => this.#idle,
    corpus: (configured) => this.#preparation.corpus(configured),
    alone: measuringAlone,
    platform: browserHost,
  });
  readonly measure: WorkerApi['measure'] = (...args) => this.#measurer.measure(...args);
  readonly cancelMeasurement = (): Promise<void> => this.#measurer.cancelMeasurement();
  readonly #preparation: Preparation = new Preparation({
    engine: () => this.#engine,
    busy: () => this.#active !== null || this.#measurer.active,
    progress: (stage, done, total) => this.#active && this.#emit({ type: 'progress', stage, done, total }),
    warmed: () => {
      training().catch(() => undefined); // what Run needs, before it is pressed; Run says that it did not load
      setTimeout(() => void this.#measureRoof(), ROOF_IDLE_MS);
    },
  });
  readonly #analyses = new Analyses({
    engine: () => this.init().then(() => this.#engine),
    session: () => this.#active?.session ?? null,
    idle: () => this.#idle,
    directory: async (id) => (await this.#runs()).directory(id),
    corpus: (configured) => this.#preparation.corpus(configured),
  });
  readonly oneShot = this.#analyses.oneShot;
  readonly cancelOneShot = this.#analyses.cancelOneShot;
  readonly fisherAdam = this.#analyses.fisherAdam;
  readonly cancelFisherAdam = this.#analyses.cancelFisherAdam;
  #preparing: RunPreparation | null = null;

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
      const { adapter } = await this.#openEngine();
      info = { kind: 'webgpu', ...adapter };
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#emit({ type: 'warning', message: `${error.message}. Tiny models train on the labelled CPU reference.` });
    }
    this.#emit({ type: 'adapter', adapter: info });
    return info;
  }

  /** A device that is forgotten when it is lost: a run that goes on opens another by itself, anything else when it is needed. */
  async #openEngine(): Promise<EngineDevice> {
    const opened = await openDevice(navigator.gpu as GPU | undefined);
    const tuning = { cache: await browserTuneCache(), measure: !opened.adapter.software };
    const engine: EngineDevice = { ...opened, tuning };
    this.#engine = engine;
    void engine.device.lost.then(({ reason, message: why }) => {
      if (this.#engine !== engine) return;
      this.#engine = null;
      this.#adapter = null;
      this.#preparation.forget();
      this.#roofKnown = false;
      this.#sampler?.forget();
      this.#analyses.forget();
      if (this.#active?.session) return; // its session says so
      this.#idle = null;
      if (this.#measurer.active) return; // it says so
      this.#emit({ type: 'device-lost', reason, message: why });
    });
    return engine;
  }

  async #runs(): Promise<RunPreparation> {
    const { RunPreparation } = await training();
    this.#preparing ??= new RunPreparation({
      store: () => this.#openStore(),
      warm: (request) => this.#preparation.take(request),
    });
    return this.#preparing;
  }

  /** The run store; null, said once, where the browser keeps no files. */
  #openStore(): Promise<RunStore | null> {
    this.#store ??= RunStore.open().catch((error: unknown) => {
      this.#emit({ type: 'warning', message: message(error) });
      return null;
    });
    return this.#store;
  }

  presets(): Promise<readonly PresetInfo[]> {
    return Promise.resolve(PRESETS);
  }

  kconfig(): Promise<Readonly<Record<string, string>>> {
    return Promise.resolve(KCONFIG_SOURCES);
  }

  async plan(request: RunRequest): Promise<PlanSummary> {
    await this.init();
    return this.#preparation.plan(request);
  }

  /** After a loss: never the reference, which would take other steps. */
  async #reopen({ config, customText }: Configured): Promise<Opened> {
    const engine = this.#engine ?? (await this.#openEngine());
    this.#adapter = Promise.resolve({ kind: 'webgpu', ...engine.adapter });
    return { engine, open: await this.#preparation.open(config, customText) };
  }

  async start(request: RunRequest): Promise<void> {
    await this.#run(async () => (await this.#runs()).begin(request));
  }

  async matrix(request: RunRequest): Promise<PageMatrix> {
    return (await import('./matrix')).pageMatrix(request); // on demand: the first load has a budget
  }

  async continueRun(id: string): Promise<void> {
    await this.#run(async () => (await this.#runs()).continue(id));
  }

  async replay(id: string): Promise<void> {
    const { prepare, compare } = await (await this.#runs()).replay(id);
    await this.#run(prepare, async ({ job }) => {
      const verdict = await compare(job.directory);
      this.#emit({ type: 'verdict', id, verdict });
      return verdict.result !== 'identical';
    });
  }

  /**
   * Prepares and trains one run. Resolves when it has begun (or failed to, which is an event); the rest is reported. `finish` may
   * look at an ended run and says whether its directory is kept.
   */
  async #run(
    prepare: () => Promise<Prepared>,
    finish: (session: RunSession) => Promise<boolean> = () => Promise.resolve(true),
  ): Promise<void> {
    if (this.#active) throw new Error('a run is going on: stop it first');
    if (this.#measurer.active) throw new Error('a measurement is going on: cancel it on the Decode page first');
    const active: Active = { control: new RunControl(), session: null };
    this.#active = active;
    this.#emit({ type: 'state', state: 'preparing' });
    this.#sampler?.forget();
    this.#analyses.forget();
    this.#idle?.backend.destroy();
    this.#idle = null;
    let lock: RunLock | null = null;
    let open: OpenRun | null = null;
    try {
      await this.init();
      const { RunSession, refuse } = await training();
      const { configured, identity, place, warm, dataSha256 = null, note, ...held } = await prepare();
      lock = held.lock ?? null;
      if (!warm) this.#preparation.discard();
      open = await (warm ?? this.#preparation.open(configured.config, configured.customText));
      refuse(open, dataSha256);
      const { lock: placed, ...where } = await place();
      lock = placed;
      const session = new RunSession(
        { configured, identity, ...where },
        active.control,
        {
          emit: (event) => this.#emit(event),
          open: (wanted) => this.#reopen(wanted),
          refresh: () => this.#refresh(where.id),
          heap: () => this.#pageHeap,
        },
        { open, engine: this.#engine },
      );
      active.session = session;
      this.#directory = where.directory;
      await session.announce();
      if (note) this.#emit({ type: 'warning', message: note });
      void this.#train(active, session, finish, lock);
    } catch (error) {
      lock?.release();
      open?.backend.destroy();
      this.#end(active, { status: 'failed', failed: message(error) });
    }
  }

  async #train(
    active: Active,
    session: RunSession,
    finish: (session: RunSession) => Promise<boolean>,
    lock: RunLock | null,
  ): Promise<void> {
    const { id } = session.job;
    let result: SessionResult = { status: 'failed', failed: null };
    let keep = true;
    try {
      result = await session.train();
      this.#idle = session.open;
      if (result.status === 'ok') keep = await finish(session);
    } catch (error) {
      result = { status: 'failed', failed: message(error) };
    }
    const store = await this.#openStore();
    try {
      if (store && id !== null) await (keep ? store.refresh(id) : store.erase(id));
    } catch (error) {
      this.#emit({ type: 'warning', message: message(error) });
    }
    lock?.release();
    this.#end(active, result);
    if (this.#engine && result.failed === null) void this.#measureRoof();
  }

  #end(active: Active, { status, failed, note }: SessionResult): void {
    if (this.#active === active) this.#active = null;
    if (failed !== null) this.#emit({ type: 'error', message: failed });
    const reason = failed ?? note;
    this.#emit({
      type: 'state',
      state: status === 'ok' ? 'finished' : status === 'stopped' ? 'stopped' : 'failed',
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** The list of runs shows how far this one is; that it cannot does not stop it. */
  async #refresh(id: string | null): Promise<void> {
    const store = await this.#openStore();
    if (store && id !== null)
      await store.refresh(id).catch((error: unknown) => this.#emit({ type: 'warning', message: message(error) }));
  }

  async #measureRoof(): Promise<void> {
    const { measureRoof } = await import('@/engine/probe'); // on demand: the first load has a budget
    if (!this.#engine || this.#active || this.#measurer.active || this.#roofKnown) return;
    this.#roofKnown = true;
    const { device, traits } = this.#engine;
    const { fmaGflops, bandwidthGBs } = await measureRoof(device, traits.software);
    this.#emit({ type: 'roof', roof: { fmaGflops, bandwidthGBs } });
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

  pageHeap(bytes: number): Promise<void> {
    this.#pageHeap = bytes;
    return Promise.resolve();
  }

  saveSoon(): Promise<void> {
    this.#active?.control.requestSave();
    return Promise.resolve();
  }

  async sample(request: SampleRequest): Promise<void> {
    // On demand: the first load has a budget. Before anything is looked at: while it loads, another run may begin.
    const { Sampler } = await import('./decode-sampling');
    const session = this.#active?.session ?? null;
    const open = session?.open ?? this.#idle;
    if (!open) throw new Error('nothing is trained yet: start a run first');
    if (this.#measurer.active) throw new Error('a measurement is going on: cancel it on the Decode page first');
    const prompt = Array.from(open.corpus.tokenizer.encode(request.prompt));
    if (prompt.length === 0) throw new Error('the prompt is empty: type at least one character');
    const sampler = (this.#sampler ??= new Sampler());
    const task = (): Promise<void> => sampler.sample(open, this.#engine, prompt, request, (event) => this.#emit(event));
    if (session) session.between(task);
    else await task();
  }

  cancelSample(): Promise<void> {
    this.#sampler?.cancel();
    return Promise.resolve();
  }

  async attention(prompt: string): Promise<AttentionView> {
    const { readAttention } = await import('./attention'); // on demand: the first load has a budget
    return readAttention(this.#active?.session ?? null, this.#idle, this.#engine, prompt);
  }

  file(name: string): Promise<Uint8Array | null> {
    return this.#directory?.read(name) ?? Promise.resolve(null);
  }
}
