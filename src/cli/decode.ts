/** wb decode: experiments on the KV cache of a trained model (attention-and-kv 8.2); wb kv-quant: one pair of formats. */
import type { Command } from 'commander';
import { type KvDtype, kvBits } from '@/graph';
import {
  ASYMMETRY_PAIRS,
  type Subject,
  asymmetry,
  calibration,
  contextScaling,
  fusion,
  heldOut,
  injectKeyBias,
  saturation,
} from '@/experiment/kv-experiments';
import { loadRunCorpus } from '@/experiment/open-run';
import { openTunedDevice } from './tune-cache';
import { UsageError, customTextOf, loaders, print } from './options';
import { openTrainedModel } from './trained-model';

export interface Common {
  readonly run: string;
  readonly json?: boolean;
  readonly software?: boolean;
}

interface QuantOptions extends Common {
  readonly k?: string;
  readonly v?: string;
  readonly group: string;
  readonly cap: string;
  readonly asymmetric?: boolean;
  readonly fused: boolean;
  readonly preBias?: boolean;
  readonly injectBias: string;
  readonly batches: string;
}

const numbers = (name: string, text: string): number[] => {
  const values = text.split(',').map(Number);
  if (values.some((v) => !(Number.isInteger(v) && v > 0)))
    throw new UsageError(`--${name} ${text}: give positive whole numbers, separated by commas`);
  return values;
};

const dtype = (name: string, text: string): KvDtype => {
  if (!(text in kvBits)) throw new UsageError(`--${name} ${text}: there are ${Object.keys(kvBits).join(', ')}`);
  return text as KvDtype;
};

/** Returns `wb decode`, for the commands that other files add to it. */
export function registerDecode(program: Command): Command {
  const decode = program.command('decode').description('experiments on the KV cache of a trained model');
  const on = (parent: Command, name: string, about: string): Command =>
    parent
      .command(name)
      .description(about)
      .requiredOption('--run <dir>', 'run directory')
      .option('--software', 'use the software adapter even where there is a GPU')
      .option('--json', 'print one JSON document');
  on(decode, 'saturation', 'tokens/s against batch at the full context; Hill and affine fits')
    .option('--batch <list>', 'sequences', '1,2,4,8,16')
    .option('--samples <n>', 'rounds; each visits every point once', '10')
    .action((o: Common & { batch: string; samples: string }) =>
      measured(o, (s) => saturation(s, numbers('batch', o.batch), numbers('samples', o.samples)[0]!)),
    );
  on(decode, 'context', 'time a token against context; affine fit')
    .option('--batch <n>', 'sequences', '1')
    .option('--contexts <list>', 'tokens seen (default: quarters of the block)')
    .option('--samples <n>', 'rounds; each visits every point once', '10')
    .action((o: Common & { batch: string; contexts?: string; samples: string }) =>
      measured(o, (s) => {
        const block = s.model.blockSize;
        const contexts = o.contexts
          ? numbers('contexts', o.contexts)
          : [1, 2, 3, 4].map((i) => Math.max(1, Math.round((i * block) / 4)));
        const long = contexts.find((c) => c > block);
        if (long !== undefined) throw new UsageError(`--contexts ${long}: the model's block is ${block} tokens`);
        return contextScaling(s, numbers('batch', o.batch)[0]!, contexts, numbers('samples', o.samples)[0]!);
      }),
    );
  on(
    decode,
    'fusion',
    'attention over f32, f16, int4 unpacked first and int4 unpacked in registers, with the heads of the run',
  )
    .option('--batch <n>', 'sequences', '8')
    .option('--context <n>', 'tokens in each cache', '2048')
    .action((o: Common & { batch: string; context: string }) =>
      measured(o, (s) => {
        const { nHead: heads, nEmbd } = s.model;
        return fusion(s, { batch: numbers('batch', o.batch)[0]!, heads, headDim: nEmbd / heads, context: numbers('context', o.context)[0]! }); // prettier-ignore
      }),
    );
  quantised(on(decode, 'asymmetry', 'held-out perplexity with K and V stored in several pairs of formats')).action(
    (o: QuantOptions) => quant(o, ASYMMETRY_PAIRS),
  );
  on(decode, 'calibrate', 'ratio of the damage of INT6 to that of INT8 keys; above 3 keys should stay exact')
    .option('--prompts <n>', 'held-out windows', '5')
    .action(calibrate);
  quantised(on(program, 'kv-quant', 'held-out perplexity with one pair of KV formats, beside f32'))
    .requiredOption('--k <format>', 'f32, f16, int8 or int4: keys, latents and codes')
    .requiredOption('--v <format>', 'f32, f16, int8 or int4: values')
    .action((o: QuantOptions) => quant(o, [[dtype('k', o.k!), dtype('v', o.v!)]]));
  return decode;
}

const quantised = (command: Command): Command =>
  command
    .option('--group <n>', 'channels that share a scale: 8, 16 or 32', '32')
    .option('--cap <x>', 'outlier cap of symmetric formats, in means of the smaller magnitudes; 0: off', '10')
    .option('--asymmetric', 'scale and zero point instead of a scale')
    .option('--no-fused', 'unpack the cache before attention instead of in registers')
    .option('--pre-bias', 'store keys without their bias')
    .option('--inject-bias <x>', 'add x to every key bias first', '0')
    .option('--batches <n>', 'held-out batches of 8 windows', '4');

export async function subjectOf({ run, software }: Common) {
  const trained = await openTrainedModel(run);
  const engine = await openTunedDevice(software);
  const { description, architecture, software: slow } = engine.adapter;
  const adapter = `${description || architecture}${slow ? ' (software adapter)' : ''}`;
  return { trained, adapter, subject: { engine, model: trained.model, weights: trained.weights } satisfies Subject };
}

type Json = Readonly<Record<string, unknown>>;

async function measured(options: Common, body: (subject: Subject) => Promise<Json>): Promise<void> {
  const { subject, adapter } = await subjectOf(options);
  report(options, { run: options.run, adapter, software: subject.engine.adapter.software, ...(await body(subject)) });
}

/** One document; without --json its rows as aligned text and what is left as JSON. */
export function report({ json }: Pick<Common, 'json'>, document: Json): void {
  if (json) return print(document);
  for (const [key, value] of Object.entries(document)) {
    const rows = Array.isArray(value) ? (value as Json[]) : null;
    if (!rows) {
      process.stdout.write(`${key}  ${typeof value === 'object' ? JSON.stringify(value) : String(value)}\n`);
      continue;
    }
    for (const row of rows) {
      const cells = Object.entries(row).filter(([, v]) => typeof v !== 'object');
      const shown = cells.map(
        ([k, v]) => `${k} ${typeof v === 'number' && !Number.isInteger(v) ? v.toPrecision(5) : String(v)}`,
      );
      process.stdout.write(`  ${shown.join('  ')}\n`);
    }
  }
}

export async function corpusOf(trained: Awaited<ReturnType<typeof openTrainedModel>>) {
  const { customText } = customTextOf(trained.config);
  return loadRunCorpus(trained.config, loaders(), customText);
}

const ROWS = 8;

async function quant(options: QuantOptions, pairs: typeof ASYMMETRY_PAIRS): Promise<void> {
  const group = Number(options.group);
  if (![8, 16, 32].includes(group)) throw new UsageError(`--group ${options.group}: use 8, 16 or 32`);
  const cap = Number(options.cap);
  if (!(cap >= 0)) throw new UsageError(`--cap ${options.cap}: give a number of at least 0`);
  const bias = Number(options.injectBias);
  if (!Number.isFinite(bias)) throw new UsageError(`--inject-bias ${options.injectBias}: give a number`);
  const { subject, trained, adapter } = await subjectOf(options);
  const corpus = await corpusOf(trained);
  const { model } = trained;
  const n = numbers('batches', options.batches)[0]!;
  const batches = heldOut(corpus, [ROWS, model.blockSize], trained.config.training.seed, n);
  const weights = bias === 0 ? subject.weights : injectKeyBias(subject.weights, model.nEmbd, bias);
  const format = { group, cap, asymmetric: options.asymmetric ?? false, preBiasK: options.preBias ?? false };
  const rows = await asymmetry({ ...subject, weights }, ROWS, batches, pairs, { ...format, fused: options.fused });
  report(options, {
    run: options.run,
    adapter,
    format,
    injected_key_bias: bias,
    tokens: n * ROWS * model.blockSize,
    rows,
  });
}

async function calibrate(options: Common & { prompts: string }): Promise<void> {
  const { subject, trained, adapter } = await subjectOf(options);
  const corpus = await corpusOf(trained);
  const n = numbers('prompts', options.prompts)[0]!;
  const { ratio, low, high, keepKeysExact } = await calibration(subject, corpus, trained.config.training.seed, n);
  report(options, {
    run: options.run,
    adapter,
    prompts: n,
    ratio,
    int6: low,
    int8: high,
    keep_keys_exact: keepKeysExact,
  });
}
