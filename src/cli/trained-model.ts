/** The model of a run directory: configuration, tokenizer, weights. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Tokenizer, tokenizerFromJSON } from '@/data/tokenizers';
import type { NamedTensors } from '@/experiment/backend';
import { type ExperimentConfig, experimentConfig } from '@/experiment/config';
import { openStrict, symbolValues } from '@/experiment/kconfig-tree';
import { readSafetensors } from '@/experiment/safetensors';
import type { Gpt2Config } from '@/models/config';
import { UsageError } from './options';

export interface TrainedModel {
  readonly config: ExperimentConfig;
  readonly model: Gpt2Config;
  readonly tokenizer: Tokenizer;
  readonly weights: NamedTensors;
}

/** best.safetensors, or the latest checkpoint. */
function weightsOf(run: string): string {
  const best = join(run, 'best.safetensors');
  if (existsSync(best)) return best;
  const folder = join(run, 'checkpoints');
  const last = existsSync(folder) ? readdirSync(folder).sort((a, b) => parseInt(b) - parseInt(a))[0] : undefined;
  if (!last) throw new UsageError(`${run} holds no weights (best.safetensors or checkpoints/): train it first`);
  return join(folder, last);
}

/** Throws UsageError where `run` is no run directory or was never trained. */
export async function openTrainedModel(run: string): Promise<TrainedModel> {
  const file = (name: string): string => {
    const path = join(run, name);
    if (!existsSync(path)) throw new UsageError(`${run} is no run directory: ${name} is missing`);
    return readFileSync(path, 'utf8');
  };
  const config = experimentConfig(symbolValues(openStrict(file('config.full'), join(run, 'config.full'))));
  const tokenizer = await tokenizerFromJSON(JSON.parse(file('tokenizer.json')) as unknown);
  const { vocab_size: vocabSize } = JSON.parse(file('config.json')) as { vocab_size: number };
  const { tensors } = readSafetensors(readFileSync(weightsOf(run)));
  const weights = new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: t.data as Float32Array }]));
  return { config, model: { ...config.model, vocabSize }, tokenizer, weights };
}
