/** What happens before a run: its cost is planned, its text measured, and its kernels compiled while the reader is still looking. */
import type { Corpus, CorpusLoaders, CorpusShape } from '@/data/corpus';
import { staticCorpusShape, staticVocabSize } from '@/data/corpus';
import { DEFAULT_TRAITS, type EngineDevice } from '@/engine/device';
import type { ExperimentConfig } from '@/experiment/config';
import { type OpenRun, loadRunCorpus, openRun } from '@/experiment/open-run';
import { planTraining } from '@/experiment/training-plan';
import { type Configured, type CustomText, configure } from './configure';
import type { PlanSummary, RunRequest } from './protocol';
import { summarise } from './summarise';

/** Pause in the edits after which the planned configuration is prepared: preparing compiles kernels. */
const WARM_IDLE_MS = 800;
const CORPORA_KEPT = 8;

interface CorpusSizes {
  readonly vocabSize: number;
  readonly shape: CorpusShape;
}

export interface PreparationHost {
  readonly engine: () => EngineDevice | null;
  /** A run is going on: the adapter is not free. */
  readonly busy: () => boolean;
  readonly progress: (stage: string, done: number, total: number) => void;
  /** A planned run stands ready. */
  readonly warmed: () => void;
}

export class Preparation {
  /** The run that was planned last, prepared ahead, so that Run starts at once. */
  #warm: { readonly key: string; readonly open: Promise<OpenRun> } | null = null;
  #warmTimer: ReturnType<typeof setTimeout> | undefined;
  /** By configuration; the reader's own text is compared itself. */
  readonly #corpora = new Map<string, { readonly text: string | null; readonly sizes: Promise<CorpusSizes> }>();

  constructor(readonly host: PreparationHost) {}

  /** Hands over the prepared run of this request; null when another one, or none, was prepared. */
  take(request: RunRequest): Promise<OpenRun> | null {
    const warm = this.#warm?.key === JSON.stringify(request) ? this.#warm.open : null;
    if (warm) this.#warm = null;
    return warm;
  }

  /** The device is gone, and with it what was prepared on it. */
  forget(): void {
    this.#warm = null;
  }

  readonly #onProgress = (stage: string, done: number, total: number): void => {
    this.host.progress(stage, done, total);
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
    const { config } = configure(request);
    const fixed = staticVocabSize({
      dataset: config.dataset,
      tokenizer: config.tokenizer,
      vocabMultiple: config.model.vocabMultiple,
    });
    const corpus = fixed === null ? await this.#measureCorpus(request, config) : null;
    const shape = corpus?.shape ?? staticCorpusShape(config.dataset, config.model.blockSize);
    const traits = this.host.engine()?.traits ?? DEFAULT_TRAITS;
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
    if (this.host.busy() || !this.host.engine() || this.#warm?.key === key) return;
    this.discard();
    const open = this.open(config, request.customText);
    open.then(
      () => this.host.warmed(),
      () => undefined,
    );
    this.#warm = { key, open };
  }

  /** The text of a configuration, tokenised. */
  corpus({ config, customText }: Configured): Promise<Corpus> {
    return loadRunCorpus(config, this.#loaders(), customText ?? undefined);
  }

  discard(): void {
    void this.#warm?.open.then(
      ({ backend }) => backend.destroy(),
      () => undefined,
    );
    this.#warm = null;
  }

  async open(config: ExperimentConfig, customText: CustomText | null | undefined): Promise<OpenRun> {
    const engine = this.host.engine();
    return openRun({
      config,
      engine,
      loaders: this.#loaders(),
      ...(customText ? { customText } : {}),
    });
  }
}
