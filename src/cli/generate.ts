/** wb generate: text from a run directory. */
import type { Command } from 'commander';
import type { Corpus } from '@/data/corpus';
import { entropies } from '@/data/entropy';
import { ReferenceDecoder } from '@/decode/backend-reference';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { CachedContinuation, ForwardContinuation } from '@/decode/continuation';
import { TOKENS_PER_SUBMIT, drawOnDevice } from '@/decode/draw';
import { DRAWS_PER_SUBMIT } from '@/decode/plan';
import { openDevice } from '@/engine/device';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { generate } from '@/experiment/generate';
import type { SamplingOptions } from '@/experiment/sampling';
import { dawn } from './dawn';
import { openTunedDevice } from './tune-cache';
import { UsageError, print } from './options';
import { type TrainedModel, openTrainedModel } from './trained-model';

interface GenerateOptions {
  readonly run: string;
  readonly prompt: string;
  readonly tokens: string;
  readonly seed: string;
  readonly temperature: string;
  readonly topK: string;
  readonly topP: string;
  readonly minP: string;
  readonly batch: string;
  readonly backend: string;
  readonly cache: boolean;
  readonly perSubmit: string;
  readonly hostSampling?: boolean;
  readonly json?: boolean;
}

const number = (name: string, text: string, { integer = false, min = 0, max = Infinity } = {}): number => {
  const value = Number(text);
  if (
    text.trim() === '' ||
    !(value >= min && value <= max) ||
    value === Infinity ||
    (integer && !Number.isInteger(value))
  )
    throw new UsageError(
      `--${name} ${text}: give a ${integer ? 'whole ' : ''}number of at least ${min}${max < Infinity ? ` and at most ${max}` : ''}`,
    );
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
    .option('--top-p <p>', 'draw among the fewest tokens that hold probability p; 1: all', '1')
    .option('--min-p <p>', 'leave out tokens less likely than p times the most likely one; 0: none', '0')
    .option('--batch <n>', 'continuations, decoded together', '1')
    .option(
      '--per-submit <n>',
      `tokens decoded and drawn in one submit, at most ${DRAWS_PER_SUBMIT}`,
      String(TOKENS_PER_SUBMIT),
    )
    .option('--host-sampling', 'one token a submit, drawn on the CPU: the slow twin of drawing on the device')
    .option('--no-cache', 'forward the whole window for every token: the slow twin of the KV cache')
    .option('--backend <name>', 'webgpu or reference', 'webgpu')
    .option('--json', 'print one JSON document')
    .action(run);
}

/** Tokens appended in one submit of the prompt. */
const CHUNK = 64;

interface Source extends Disposable {
  /** Rows of one token a sequence. */
  text(prompts: readonly (readonly number[])[], count: number): AsyncGenerator<readonly number[]>;
  readonly submitsPerToken: number;
}

/** Text with the KV cache; drawn on the device unless `perSubmit` is null. */
async function cached(
  trained: TrainedModel,
  batch: number,
  webgpu: boolean,
  sampling: SamplingOptions,
  perSubmit: number | null,
): Promise<Source> {
  const { model, tokenizer } = trained;
  const shape = { batch, chunk: Math.min(CHUNK, model.blockSize), capacity: model.blockSize };
  const backend = webgpu
    ? await WebGpuDecoder.create(await openTunedDevice(), model, shape)
    : new ReferenceDecoder(model, shape);
  backend.load(trained.weights);
  const onDevice = backend instanceof WebGpuDecoder && perSubmit !== null ? backend : null;
  return {
    text: (prompts, count) =>
      onDevice
        ? drawOnDevice(onDevice, prompts, count, tokenizer.vocabSize, sampling, perSubmit!)
        : generate(new CachedContinuation(backend), prompts, count, tokenizer.vocabSize, sampling),
    submitsPerToken: onDevice ? 1 / perSubmit! : 1,
    [Symbol.dispose]: () => backend.destroy(),
  };
}

/** The training backend's own forward pass over the whole block. */
async function forward(
  trained: TrainedModel,
  batch: number,
  webgpu: boolean,
  sampling: SamplingOptions,
): Promise<Source> {
  const { config, model, tokenizer } = trained;
  const stub = new Uint32Array(2 * (model.blockSize + 2));
  const corpus: Corpus = {
    name: 'none', tokenizer, vocabSize: model.vocabSize, train: stub, val: stub, sampling: 'window', hash: '',
    entropies: entropies(stub), metric: null,
  }; // prettier-ignore
  const small = { ...config, training: { ...config.training, batchSize: 1, gradientAccumulation: 1, evalBatches: 1 } };
  const backend = webgpu
    ? await WebGpuBackend.create(await openDevice(await dawn()), small, model, corpus, { eager: ['sample'] })
    : new ReferenceBackend(small, model, corpus);
  await backend.loadParameters(trained.weights);
  const continuation = new ForwardContinuation(batch, model.blockSize, (ids) => backend.nextLogits(ids));
  return {
    text: (prompts, count) => generate(continuation, prompts, count, tokenizer.vocabSize, sampling),
    submitsPerToken: 1,
    [Symbol.dispose]: () => backend.destroy(),
  };
}

async function run(options: GenerateOptions): Promise<void> {
  if (!['webgpu', 'reference'].includes(options.backend))
    throw new UsageError(`--backend ${options.backend}: there are webgpu and reference`);
  const sampling = {
    temperature: number('temperature', options.temperature),
    topK: number('top-k', options.topK, { integer: true }),
    topP: number('top-p', options.topP, { max: 1 }),
    minP: number('min-p', options.minP, { max: 1 }),
    seed: number('seed', options.seed, { integer: true }),
  };
  const count = number('tokens', options.tokens, { integer: true });
  const batch = number('batch', options.batch, { integer: true, min: 1 });
  const perSubmit = number('per-submit', options.perSubmit, { integer: true, min: 1, max: DRAWS_PER_SUBMIT });
  const trained = await openTrainedModel(options.run);
  const { tokenizer } = trained;
  const prompt = Array.from(tokenizer.encode(options.prompt));
  if (prompt.length === 0) throw new UsageError('--prompt is empty: give at least one character');
  const webgpu = options.backend === 'webgpu';
  const source = options.cache
    ? await cached(trained, batch, webgpu, sampling, options.hostSampling ? null : perSubmit)
    : await forward(trained, batch, webgpu, sampling);
  const sequences = Array.from({ length: batch }, () => [...prompt]);
  const stream = !options.json && batch === 1;
  let shown = '';
  const begin = performance.now();
  for await (const drawn of source.text(
    sequences.map((s) => [...s]),
    count,
  )) {
    drawn.forEach((token, b) => sequences[b]!.push(token));
    if (!stream) continue;
    const text = tokenizer.decode(sequences[0]!);
    if (text.startsWith(shown) && !text.endsWith('\ufffd')) {
      process.stdout.write(text.slice(shown.length)); // a character may still be incomplete
      shown = text;
    }
  }
  const seconds = (performance.now() - begin) / 1000;
  source[Symbol.dispose]();
  const texts = sequences.map((s) => tokenizer.decode(s));
  if (options.json)
    return print({
      prompt: options.prompt,
      tokens: sequences[0]!.slice(prompt.length),
      text: texts[0],
      ...(batch > 1 ? { texts } : {}),
      cache: options.cache,
      submits_per_token: source.submitsPerToken,
      time: { tokens_per_second: (batch * count) / seconds },
    });
  if (stream) process.stdout.write(`${texts[0]!.slice(shown.length)}\n`);
  else for (const [b, text] of texts.entries()) process.stdout.write(`--- ${b + 1}\n${text}\n`);
}
