/** Adam's second moment beside the Fisher diagonal of the Lab's run, on a copy of its weights: the run takes the same steps. */
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { ExperimentConfig } from '@/experiment/config';
import { BOTTOM_SHARES, RANK_SAMPLE, atRest, compareFisherAdam } from '@/experiment/fisher-adam';
import { maskFlags, secondMoment } from '@/experiment/second-moment';
import type { Watch } from '@/experiment/watch';
import type { AnalysisApi, FisherAdamRequest, FisherAdamView, Progress } from './analysis-protocol';
import { type AnalysisHost, takeSnapshot } from './snapshot';
import { Turns } from './turns';

/** The window of v, at fixed weights, and two shorter ones. */
const windows = ({ optimizer: { beta2 } }: ExperimentConfig): readonly number[] =>
  [...new Set([0.9, 0.95, beta2])].filter((b) => b <= beta2);

export class FisherAdam implements Pick<AnalysisApi, 'fisherAdam' | 'cancelFisherAdam'> {
  readonly #turns = new Turns();

  constructor(readonly host: AnalysisHost) {}

  fisherAdam(request: FisherAdamRequest, onProgress: (progress: Progress) => void): Promise<FisherAdamView> {
    return this.#turns.take((watch) => this.#compare(request, watch), onProgress);
  }

  cancelFisherAdam(): Promise<void> {
    this.#turns.cancel();
    return Promise.resolve();
  }

  async #compare({ run, sequences }: FisherAdamRequest, watch: Watch): Promise<FisherAdamView> {
    watch('reading weights and moments', 0, sequences);
    const engine = await this.host.engine();
    const { config, model, corpus, weights, state, step } = await takeSnapshot(this.host, run);
    const vhat = secondMoment(state, config);
    if (vhat === null)
      throw new Error(
        'this state has no exp_avg_sq: choose an optimizer of the Adam family and train at least one step',
      );
    const rest = atRest(config);
    const backend = engine
      ? await WebGpuBackend.create(engine, rest, model, corpus, { eager: ['train'] })
      : new ReferenceBackend(rest, model, corpus);
    try {
      await backend.loadParameters(weights);
      const { batchSize, gradientAccumulation, maxIters } = config.training;
      const report = await compareFisherAdam(
        {
          backend, vhat, keep: maskFlags(state), batch: batchSize * gradientAccumulation, firstStep: maxIters,
          onProgress: (done, total) => watch('one gradient a sequence', done, total),
        }, // prettier-ignore
        { sequences, batches: [1, 4, 16].filter((b) => b <= sequences), beta2: windows(config), bottom: BOTTOM_SHARES, sample: RANK_SAMPLE, seed: 1 }, // prettier-ignore
      );
      return { ...report, step, beta2: config.optimizer.beta2 };
    } finally {
      backend.destroy();
    }
  }
}
