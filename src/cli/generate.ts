/** wb generate: text from a run directory. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Corpus } from '@/data/corpus';
import { entropies } from '@/data/entropy';
import { tokenizerFromJSON } from '@/data/tokenizers';
import { openDevice } from '@/engine/device';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { experimentConfig } from '@/experiment/config';
import { readSafetensors } from '@/experiment/safetensors';
import { openStrict, symbolValues } from '@/experiment/kconfig-tree';
import { sampleToken } from '@/experiment/sampling';
import { dawn } from './dawn';
import { UsageError, print } from './options';

interface GenerateOptions {
  readonly run: string;
  readonly prompt: string;
  readonly tokens: string;
  readonly seed: string;
  readonly temperature: string;
  readonly topK: string;
  readonly backend: string;
  readonly json?: boolean;
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

const number = (name: string, text: string, integer: boolean): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0 || (integer && !Number.isInteger(value)))
    throw new UsageError(`--${name} ${text}: give a ${integer ? 'whole ' : ''}number of at least 0`);
  return value;
};

export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('text from a trained run')
    .requiredOption('--run <dir>', 'run directory')
    .requiredOption('--prompt <text>', 'what to continue')
    .requiredOption('--tokens <n>', 'tokens to generate')
    .option('--seed <n>', 'seed of the draws', '0')
    .option('--temperature <t>', '0 takes the most likely token', '1')
    .option('--top-k <k>', 'draw among the k most likely tokens; 0: all', '0')
    .option('--backend <name>', 'webgpu or reference', 'webgpu')
    .option('--json', 'print one JSON document')
    .action(generate);
}

async function generate(options: GenerateOptions): Promise<void> {
  const file = (name: string): string => {
    const path = join(options.run, name);
    if (!existsSync(path)) throw new UsageError(`${options.run} is no run directory: ${name} is missing`);
    return readFileSync(path, 'utf8');
  };
  const config = experimentConfig(symbolValues(openStrict(file('config.full'), join(options.run, 'config.full'))));
  const tokenizer = await tokenizerFromJSON(JSON.parse(file('tokenizer.json')) as unknown);
  const { vocab_size: vocabSize } = JSON.parse(file('config.json')) as { vocab_size: number };
  const { tensors } = readSafetensors(readFileSync(weightsOf(options.run)));
  const model = { ...config.model, vocabSize };
  const stub = new Uint32Array(2 * (model.blockSize + 2));
  const corpus: Corpus = {
    name: 'none',
    tokenizer,
    vocabSize,
    train: stub,
    val: stub,
    sampling: 'window',
    hash: '',
    entropies: entropies(stub),
    metric: null,
  };
  const small = { ...config, training: { ...config.training, batchSize: 1, gradientAccumulation: 1, evalBatches: 1 } };
  const backend =
    options.backend === 'reference'
      ? new ReferenceBackend(small, model, corpus)
      : await WebGpuBackend.create(await openDevice(await dawn()), small, model, corpus, { eager: ['sample'] });
  const weights = new Map([...tensors].map(([name, t]) => [name, { shape: t.shape, data: t.data as Float32Array }]));
  await backend.loadParameters(weights);
  const sampling = {
    temperature: number('temperature', options.temperature, false),
    topK: number('top-k', options.topK, true),
    seed: number('seed', options.seed, true),
  };
  const prompt = Array.from(tokenizer.encode(options.prompt));
  if (prompt.length === 0) throw new UsageError('--prompt is empty: give at least one character');
  const ids = [...prompt];
  const count = number('tokens', options.tokens, true);
  for (let i = 0; i < count; i++)
    ids.push(sampleToken(await backend.nextLogits(ids), tokenizer.vocabSize, i, sampling));
  backend.destroy();
  const text = tokenizer.decode(ids);
  if (options.json) print({ prompt: options.prompt, tokens: ids.slice(prompt.length), text });
  else process.stdout.write(`${text}\n`);
}
