/** From a configuration to a run that can start: corpus, model, backend. Shared by the page and the terminal. */
import { type Corpus, type CorpusLoaders, loadCorpus } from '@/data/corpus';
import type { TuneCache } from '@/engine/autotune';
import type { EngineDevice } from '@/engine/device';
import type { Gpt2Config } from '@/models/config';
import type { TrainingBackend } from './backend';
import type { ExperimentConfig } from './config';

export interface OpenOptions {
  readonly config: ExperimentConfig;
  /** null: the f64 reference. */
  readonly engine: EngineDevice | null;
  readonly loaders: CorpusLoaders;
  readonly customText?: { readonly name: string; readonly text: string };
  readonly tune?: { readonly cache: TuneCache; readonly measure: boolean };
}

export interface OpenRun {
  readonly config: ExperimentConfig;
  readonly corpus: Corpus;
  readonly model: Gpt2Config;
  readonly backend: TrainingBackend;
}

export function loadRunCorpus(
  config: ExperimentConfig,
  loaders: CorpusLoaders,
  customText?: OpenOptions['customText'],
): Promise<Corpus> {
  const dataset = customText
    ? ({ kind: 'custom', ...customText } as const)
    : config.dataset.kind === 'custom'
      ? ({ kind: 'custom', name: config.dataset.path || 'the custom text', text: '' } as const)
      : config.dataset;
  return loadCorpus(
    {
      dataset,
      tokenizer: config.tokenizer,
      blockSize: config.model.blockSize,
      vocabMultiple: config.model.vocabMultiple,
      seed: config.training.seed,
    },
    loaders,
  );
}

/** Throws DataError, ModelConfigError, PlanRefusedError or DeviceError. */
export async function openRun({ config, engine, loaders, customText, tune }: OpenOptions): Promise<OpenRun> {
  const corpus = await loadRunCorpus(config, loaders, customText);
  const model: Gpt2Config = { ...config.model, vocabSize: corpus.vocabSize };
  // Backends load on demand: the page's first load has a budget, and a plan needs neither.
  if (!engine) {
    const { ReferenceBackend } = await import('./backend-reference');
    return { config, corpus, model, backend: new ReferenceBackend(config, model, corpus) };
  }
  const { WebGpuBackend } = await import('./backend-webgpu');
  const backend = await WebGpuBackend.create(engine, config, model, corpus, {
    ...(loaders.onProgress ? { onProgress: loaders.onProgress } : {}),
    ...(tune ? { tune } : {}),
  });
  return { config, corpus, model, backend };
}
