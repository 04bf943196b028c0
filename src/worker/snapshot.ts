/** Weights and optimizer state of one moment: of the run in training, of the one that ended last, or of a stored one. */
import type { Corpus } from '@/data/corpus';
import type { EngineDevice } from '@/engine/device';
import type { ExperimentConfig } from '@/experiment/config';
import type { NamedTensors } from '@/experiment/backend';
import type { OpenRun } from '@/experiment/open-run';
import type { RunDirectory } from '@/experiment/run-directory';
import { readSafetensors } from '@/experiment/safetensors';
import { STATE_FILE, decodeState } from '@/experiment/session/state-file';
import { type TrainingState, isWeight, savedStep } from '@/experiment/training-state';
import type { Gpt2Config } from '@/models/config';
import { type Configured, stored } from './configure';
import type { RunSession } from './run-session';

export interface Snapshot {
  readonly config: ExperimentConfig;
  readonly model: Gpt2Config;
  readonly corpus: Corpus;
  readonly weights: NamedTensors;
  /** Empty where only weights were kept. */
  readonly state: TrainingState;
  /** Updates done. */
  readonly step: number;
}

/** What analyses of trained weights need from the worker. */
export interface AnalysisHost {
  /** null: the f64 reference. */
  readonly engine: () => Promise<EngineDevice | null>;
  readonly session: () => RunSession | null;
  readonly idle: () => OpenRun | null;
  readonly directory: (id: string) => Promise<RunDirectory>;
  readonly corpus: (configured: Configured) => Promise<Corpus>;
}

async function ofBackend({ config, model, corpus, backend }: OpenRun): Promise<Snapshot> {
  const weights = await backend.parameters();
  const state = await backend.saveState();
  return { config, model, corpus, weights, state, step: savedStep(state) };
}

/** Of the Lab's run: between two of its steps while it trains. Rejects where nothing was trained. */
function ofLab({ session, idle }: AnalysisHost): Promise<Snapshot> {
  const [active, ended] = [session(), idle()];
  if (active) return active.read(() => ofBackend(active.open));
  return ended ? ofBackend(ended) : Promise.reject(new Error('nothing is trained yet: start a run first'));
}

/** Its last saved state, or its best weights where the state was cleaned away. */
async function ofStored(host: AnalysisHost, id: string): Promise<Snapshot> {
  const directory = await host.directory(id);
  const configured = await stored(id, directory);
  const { config } = configured;
  const saved = await directory.read(STATE_FILE);
  const found = saved ? fromState(saved) : await fromWeights(id, directory);
  const corpus = await host.corpus(configured);
  return { config, corpus, model: { ...config.model, vocabSize: corpus.vocabSize }, ...found };
}

function fromState(file: Uint8Array): Pick<Snapshot, 'weights' | 'state' | 'step'> {
  const { state, step } = decodeState(file);
  const weights = [...state].filter(([key]) => isWeight(key));
  return {
    state,
    step,
    weights: new Map(weights.map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }])),
  };
}

async function fromWeights(id: string, directory: RunDirectory): Promise<Pick<Snapshot, 'weights' | 'state' | 'step'>> {
  const file = await directory.read('best.safetensors');
  if (!file)
    throw new Error(`${id}: neither ${STATE_FILE} nor best.safetensors is kept: there are no weights to prune`);
  const { tensors, metadata } = readSafetensors(file);
  const weights = [...tensors].flatMap(([name, { shape, data }]) =>
    data instanceof Float32Array ? [[name, { shape, data }] as const] : [],
  );
  return { weights: new Map(weights), state: new Map(), step: Number(metadata.step ?? 0) };
}

/** `run`: a stored run by its directory; null: the Lab's. Rejects with a readable message. */
export const takeSnapshot = (host: AnalysisHost, run: string | null): Promise<Snapshot> =>
  run === null ? ofLab(host) : ofStored(host, run);
