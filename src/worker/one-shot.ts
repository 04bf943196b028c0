/**
 * One-shot pruning for the Lab. Works on a copy of the weights in a backend of its own, so that a run in training takes the same
 * steps; the newest request wins, and older ones end before their next stage.
 */
import type { EngineDevice } from '@/engine/device';
import type { TrainingBackend } from '@/experiment/backend';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { calibrate } from '@/experiment/calibration';
import { ONE_SHOT_SCORES, OneShot, type OneShotSources, missingSlot, needsCalibration } from '@/experiment/one-shot';
import type { Watch } from '@/experiment/watch';
import type { AnalysisApi, OneShotRequest, OneShotView, Progress } from './analysis-protocol';
import { type AnalysisHost, type Snapshot, takeSnapshot } from './snapshot';
import { Turns } from './turns';

/** Sequences behind the fisher and wanda scores. */
const SEQUENCES = 16;
const SEED = 1;

interface Loaded {
  readonly run: string | null;
  readonly subject: string;
  readonly snapshot: Snapshot;
  readonly engine: EngineDevice | null;
  readonly backend: TrainingBackend;
  readonly shot: OneShot;
  readonly lossBefore: number;
}

/** Forward passes alone: no masks, and an optimizer without state. */
const atRest = ({ config }: Snapshot): Snapshot['config'] => ({
  ...config,
  pruning: null,
  optimizer: { ...config.optimizer, kind: 'sinkgd', spam: null },
});

export class OneShotPruner implements Pick<AnalysisApi, 'oneShot' | 'cancelOneShot'> {
  readonly #turns = new Turns();
  #loaded: Loaded | null = null;

  constructor(readonly host: AnalysisHost) {}

  oneShot(request: OneShotRequest, onProgress: (progress: Progress) => void): Promise<OneShotView> {
    return this.#turns.take((watch) => this.#prune(request, watch), onProgress);
  }

  cancelOneShot(): Promise<void> {
    this.#turns.cancel();
    return Promise.resolve();
  }

  /** The adapter is wanted by another run, or gone: what is loaded is given back. */
  forget(): void {
    this.#turns.cancel(() => this.#release());
  }

  #release(): void {
    this.#loaded?.backend.destroy();
    this.#loaded = null;
  }

  async #load({ run, fresh }: OneShotRequest, watch: Watch): Promise<Loaded> {
    if (this.#loaded?.run === run && !fresh) return this.#loaded;
    watch('reading the weights', 0, 1);
    const engine = await this.host.engine();
    const snapshot = await takeSnapshot(this.host, run);
    this.#release();
    const { model, corpus, weights, state } = snapshot;
    const config = atRest(snapshot);
    const backend = engine
      ? await WebGpuBackend.create(engine, config, model, corpus, { eager: ['eval'] })
      : new ReferenceBackend(config, model, corpus);
    try {
      await backend.loadParameters(weights);
      watch('evaluating the dense model', 0, 1);
      const { loss: lossBefore } = await backend.evaluate();
      const shot = new OneShot({ weights, state: state as OneShotSources['state'], calibration: null });
      const subject = run ?? 'the Lab’s run';
      this.#loaded = { run, subject, snapshot, engine, backend, shot, lossBefore };
      return this.#loaded;
    } catch (error) {
      backend.destroy();
      throw error;
    }
  }

  async #prune(request: OneShotRequest, watch: Watch): Promise<OneShotView> {
    const { score, sparsity, eps } = request;
    if (!(sparsity >= 0 && sparsity < 1)) throw new Error(`sparsity ${sparsity} is not in [0, 1)`);
    const { engine, snapshot, shot, backend, lossBefore, subject } = await this.#load(request, watch);
    const { state, model, corpus, weights, step } = snapshot;
    const slot = missingSlot(score, state);
    if (slot !== null) throw new Error(`${score} needs ${slot}, which is not kept with these weights`);
    if (needsCalibration(score))
      shot.calibration ??= await calibrate({ engine, model, corpus, weights, seed: SEED, sequences: SEQUENCES }, watch);
    const options = { score, sparsity, eps, seed: SEED, scope: 'global' } as const;
    watch('ranking', 0, 1);
    const keep = shot.keep(options);
    await backend.loadParameters(shot.masked(keep));
    watch('evaluating', 0, 1);
    const { loss } = await backend.evaluate();
    const scores = ONE_SHOT_SCORES.filter((name) => missingSlot(name, state) === null);
    return { request, subject, step, scores, lossBefore, loss, ...shot.describe(keep, options) };
  }
}
