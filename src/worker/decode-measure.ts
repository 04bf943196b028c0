/** Measurements of the Decode page: one at a time, and none beside a run, which would disturb both. */
import type { EngineDevice } from '@/engine/device';
import type { Corpus } from '@/data/corpus';
import { initialWeights } from '@/experiment/init';
import type { Host } from '@/experiment/manifest/build';
import type { OpenRun } from '@/experiment/open-run';
import { Cancelled, type Watch } from '@/experiment/watch';
import { type Configured, configure } from './configure';
import type { Material } from '@/experiment/decode-outcome';
import { CANCELLED, DEVICE_LOST, type MeasureApi, type MeasureProgress, type MeasureRequest, type MeasureResult } from './decode-protocol'; // prettier-ignore

export interface MeasureHost {
  readonly engine: () => Promise<EngineDevice | null>;
  /** A run is prepared or trained. */
  readonly busy: () => boolean;
  /** The ended run whose weights are still loaded. */
  readonly idle: () => OpenRun | null;
  readonly corpus: (configured: Configured) => Promise<Corpus>;
  /** Runs the body while no other tab measures or trains; refuses with a readable Error. */
  readonly alone: <T>(body: () => Promise<T>) => Promise<T>;
  /** What a manifest says about this program. */
  readonly platform: () => Host;
}

/** Lets what has happened already be heard. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

export class Measurer implements MeasureApi {
  #cancelled: boolean | null = null;

  constructor(readonly host: MeasureHost) {}

  /** A measurement is going on. */
  get active(): boolean {
    return this.#cancelled !== null;
  }

  async measure(request: MeasureRequest, onProgress: (p: MeasureProgress) => void): Promise<MeasureResult> {
    if (this.host.busy()) throw new Error('a run is going on: measuring beside it would disturb both; stop it first');
    if (this.active) throw new Error('another measurement is going on: wait for it or cancel it');
    this.#cancelled = false;
    let ended = false; // of a lost device, the rest goes on for a while
    const watch: Watch = (stage, done, total) => {
      if (ended || this.#cancelled) throw new Cancelled(CANCELLED);
      onProgress({ stage, done, total });
    };
    try {
      return await this.host.alone(() => this.#onDevice(request, watch));
    } finally {
      ended = true;
      this.#cancelled = null;
    }
  }

  /** A lost device answers at once and with nothing: whatever was measured on it since is not kept. */
  async #onDevice(request: MeasureRequest, watch: Watch): Promise<MeasureResult> {
    const engine = await this.host.engine();
    if (!engine) throw new Error('this browser has no WebGPU: there is no adapter to measure');
    let gone: Error | null = null;
    const lost = engine.device.lost.then(({ reason, message }) => {
      gone = new Error(`the graphics device was lost while measuring (${message || reason})`);
      gone.name = DEVICE_LOST;
      throw gone;
    });
    lost.catch(() => undefined); // also told when nobody waits
    const told = await Promise.race([this.#measure(engine, request, watch), lost]).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await turn();
    if (gone) throw gone;
    if ('error' in told) throw told.error;
    return told.value;
  }

  cancelMeasurement(): Promise<void> {
    if (this.active) this.#cancelled = true;
    return Promise.resolve();
  }

  async #measure(engine: EngineDevice, request: MeasureRequest, watch: Watch): Promise<MeasureResult> {
    watch('loading the text and the weights', 0, 1);
    const material = await this.#material(engine, request);
    const { description, architecture, software } = engine.adapter;
    // On demand: the first load has a budget.
    const [{ measured }, { decodeManifest }] = await Promise.all([
      import('@/experiment/decode-outcome'),
      import('@/experiment/decode-document'),
    ]);
    const subject = request.subject === 'run' ? 'weights of the last run' : 'random initial weights';
    const { preset } = request.run;
    const { what } = request;
    const { result, kernels } = await measured(material, what, watch);
    const manifest = decodeManifest(engine, this.host.platform(), { what, subject, model: preset, kernels });
    const common = {
      adapter: description || architecture,
      software,
      timing: manifest.timing.source,
      subject,
      preset,
      manifest,
    };
    return { ...common, ...result };
  }

  async #material(engine: EngineDevice, { subject, run, what }: MeasureRequest): Promise<Material> {
    if (subject === 'run') {
      const open = this.host.idle();
      if (!open) throw new Error('no finished run is loaded: train one in the Lab, or measure random initial weights');
      const { config, corpus, model } = open;
      return { subject: { engine, model, weights: await open.backend.parameters() }, config, corpus };
    }
    const configured = configure(run);
    const { config } = configured;
    const corpus = await this.host.corpus(configured);
    const model = { ...config.model, vocabSize: corpus.vocabSize };
    const weights = what.kind === 'roofline' ? new Map() : initialWeights(model, config.training.seed);
    return { subject: { engine, model, weights }, config, corpus };
  }
}
