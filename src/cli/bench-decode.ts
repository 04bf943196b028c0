/** wb bench decode: cached decode against full re-forward, and decode attention against the stream bandwidth. */
import type { Command } from 'commander';
import type { AttentionShape } from '@/decode/bandwidth';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { Decoder } from '@/decode/decoder';
import { DRAWS_PER_SUBMIT } from '@/decode/plan';
import { type EngineDevice, openDevice } from '@/engine/device';
import { SAMPLE_MS } from '@/engine/probe';
import { type Tuning, memoryTuneCache } from '@/engine/tuning';
import { QUANTA } from '@/engine/roofline';
import { measureAbsorbed } from '@/experiment/absorbed-share';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { initialWeights } from '@/experiment/init';
import { experimentConfig } from '@/experiment/config';
import { setSymbol, symbolValues } from '@/experiment/kconfig-tree';
import { clockQuantumNs } from '@/experiment/manifest/build';
import { loadRunCorpus } from '@/experiment/open-run';
import { median } from '@/experiment/stats/summary';
import { measureShare } from '@/experiment/stream-share';
import { dawn } from './dawn';
import { DEFAULT_DEFCONFIG, UsageError, loaders, openPreset, print } from './options';

interface BenchDecodeOptions {
  readonly json?: boolean;
  readonly software?: boolean;
  readonly rounds: string;
  readonly context: string;
  readonly absorbed?: boolean;
}

export function registerBenchDecode(bench: Command): void {
  bench
    .command('decode')
    .description(
      'tokens/s with a KV cache against re-forwarding (width 128, 4 layers), decode attention against the stream copy; takes --software, --json of bench',
    )
    .option('--rounds <n>', 'rounds, arms in turn; medians', '3')
    .option('--context <n>', 'tokens of the window', '1024')
    .option(
      '--absorbed',
      'instead: a latent cache (MLA, no rotation) read as it is against expanding every latent, in turn',
    )
    .action((_: unknown, command: Command) => benchDecode(command.optsWithGlobals<BenchDecodeOptions>()));
}

/** Tokens a round: the last ones of the window, so that the cache is full. */
const TOKENS = DRAWS_PER_SUBMIT;

async function againstForward(engine: EngineDevice, context: number, rounds: number) {
  const values = openPreset(DEFAULT_DEFCONFIG);
  const symbols = { GPT2_BLOCK_SIZE: String(context), BATCH_SIZE: '1', EVAL_BATCHES: '1', DATASET_TASK_COPY: 'y' };
  for (const [symbol, value] of Object.entries(symbols)) setSymbol(values, symbol, value, 'benchmark');
  const config = experimentConfig(symbolValues(values));
  const corpus = await loadRunCorpus(config, loaders());
  const model = { ...config.model, vocabSize: corpus.vocabSize };
  const full = await WebGpuBackend.create(engine, config, model, corpus, { eager: ['sample'] });
  const backend = await WebGpuDecoder.create(engine, model, { batch: 1, chunk: 64, capacity: context });
  backend.load(await full.parameters());
  const decoder = new Decoder(backend);
  const ids = Array.from({ length: context }, (_, i) => (i * 7 + (i % 5)) % corpus.tokenizer.vocabSize);
  const [prefillMs, tokenMs, drawnMs, forwardMs]: [number[], number[], number[], number[]] = [[], [], [], []];
  let difference = 0;
  const clock = async <T>(list: number[], share: number, body: () => Promise<T>): Promise<T> => {
    const begin = performance.now();
    const result = await body();
    list.push((performance.now() - begin) / share);
    return result;
  };
  for (let round = -1; round < rounds; round++) {
    decoder.reset();
    const warm = round < 0;
    await clock(warm ? [] : prefillMs, 1, () => decoder.prefill([ids.slice(0, context - TOKENS)]));
    const cached = await clock(warm ? [] : tokenMs, TOKENS, async () => {
      let logits = new Float32Array();
      for (const id of ids.slice(context - TOKENS)) logits = (await decoder.step([id])) as typeof logits;
      return logits;
    });
    backend.place(Uint32Array.of(ids[context - TOKENS]!), Uint32Array.of(context - TOKENS));
    const sampling = { temperature: 1, topK: 0, seed: round + 1 };
    await clock(warm ? [] : drawnMs, TOKENS, () => backend.draw(TOKENS, 0, corpus.tokenizer.vocabSize, sampling));
    const slow = await clock(warm ? [] : forwardMs, 1, () => full.nextLogits(ids));
    cached.forEach((x, i) => (difference = Math.max(difference, Math.abs(x - slow[i]!))));
  }
  const document = {
    layers: model.nLayer, width: model.nEmbd, heads: model.nHead, context, prefill_ms: median(prefillMs),
    cached_ms_per_token: median(tokenMs), forward_ms_per_token: median(forwardMs),
    cached_tokens_per_s: 1000 / median(tokenMs), forward_tokens_per_s: 1000 / median(forwardMs),
    drawn_ms_per_token: median(drawnMs), drawn_tokens_per_s: 1000 / median(drawnMs), drawn_submits_per_token: 1 / TOKENS,
    speed_up: median(forwardMs) / median(tokenMs), dispatches_per_token: backend.executor.dispatchCount('decode'),
    submits_per_token: 1, cache_bytes: backend.cacheBytes, largest_logit_difference: difference,
  }; // prettier-ignore
  backend.destroy();
  full.destroy();
  return document;
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const SHAPES: readonly AttentionShape[] = [
  { batch: 1, heads: 4, headDim: 32, context: 2048 },
  { batch: 8, heads: 4, headDim: 32, context: 2048 },
  { batch: 8, heads: 4, headDim: 64, context: 4096 },
];

const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function againstStream(engine: EngineDevice, rounds: number) {
  const quantumNs = clockQuantumNs() ?? 0;
  const sampleMs = Math.max(SAMPLE_MS, (QUANTA * quantumNs) / 1e6);
  const clock = engine.adapter.software ? { processorMs } : {};
  const attention = [];
  for (const shape of SHAPES) {
    const {
      variant,
      bytes,
      ms,
      share,
      ofRead,
      processorShare,
      medians,
      rounds: list,
    } = await measureShare(engine, shape, { rounds, sampleMs, ...clock });
    attention.push({
      ...shape, variant, bytes, ms, gbs: medians.attentionGBs, stream_gbs: medians.streamGBs, read_gbs: medians.readGBs, share_of_stream: share.median, share_of_read: ofRead.median, share_least: share.least,
      share_greatest: share.greatest, processor_share: processorShare, rounds: list.map((r) => ({ gbs: r.attentionGBs, stream_gbs: r.streamGBs, read_gbs: r.readGBs })),
    }); // prettier-ignore
  }
  return { clock_quantum_ns: quantumNs, sample_ms: sampleMs, stream: 'copy of K to V in the same buffers', attention };
}

async function absorbed(
  engine: EngineDevice,
  adapter: string,
  { json = false }: BenchDecodeOptions,
  context: number,
  rounds: number,
): Promise<void> {
  const values = openPreset(DEFAULT_DEFCONFIG);
  const symbols = {
    GPT2_BLOCK_SIZE: String(context),
    BATCH_SIZE: '1',
    ATTN_MLA_NOPE: 'y',
    MLA_LATENT: '48',
    DATASET_TASK_COPY: 'y',
  };
  for (const [symbol, value] of Object.entries(symbols)) setSymbol(values, symbol, value, 'benchmark');
  const config = experimentConfig(symbolValues(values));
  const corpus = await loadRunCorpus(config, loaders());
  const model = { ...config.model, vocabSize: corpus.vocabSize };
  const weights = initialWeights(model, config.training.seed);
  const found = await measureAbsorbed(engine, model, weights, { rounds, tokens: TOKENS });
  const core = model.attention.core;
  const latent = core.kind === 'mla' ? core.latent : null;
  if (json)
    return print({
      adapter, software: engine.adapter.software, rounds, layers: model.nLayer, width: model.nEmbd, latent, context,
      absorbed_ms_per_token: found.absorbedMs, expanded_ms_per_token: found.expandedMs, speed_up: found.speedUp.median,
      speed_up_least: found.speedUp.least, speed_up_greatest: found.speedUp.greatest, largest_logit_difference: found.difference,
      cache_bytes: found.cacheBytes,
    }); // prettier-ignore
  process.stdout.write(
    `adapter ${adapter}\n${model.nLayer} layers, width ${model.nEmbd}, latent ${latent}, context ${context}: absorbed ${found.absorbedMs.toFixed(2)} ms a token, expanded ${found.expandedMs.toFixed(2)}, ${found.speedUp.median.toFixed(1)}x (${found.speedUp.least.toFixed(1)} to ${found.speedUp.greatest.toFixed(1)} in ${rounds} rounds); logits differ by at most ${found.difference.toExponential(1)}\n`,
  );
}

async function benchDecode(options: BenchDecodeOptions): Promise<void> {
  const [rounds, context] = [Number(options.rounds), Number(options.context)];
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new UsageError(`--rounds ${options.rounds}: give a positive integer`);
  if (!(Number.isInteger(context) && context > TOKENS))
    throw new UsageError(`--context ${options.context}: give a whole number above ${TOKENS}`);
  const opened = await openDevice(await dawn(options.software));
  const tuning: Tuning = { cache: memoryTuneCache(), measure: opened.adapter.software ? ['attention_cached'] : true };
  const engine = { ...opened, tuning };
  const { description, architecture, software } = engine.adapter;
  const adapter = `${description || architecture}${software ? ' (software adapter)' : ''}`;
  if (options.absorbed) return absorbed(engine, adapter, options, context, rounds);
  const model = await againstForward(engine, context, rounds);
  const bandwidth = await againstStream(engine, rounds);
  if (options.json) return print({ adapter, software, rounds, model, bandwidth });
  const lines = [
    `adapter ${adapter}`,
    `${model.layers} layers, width ${model.width}, context ${context}: cached ${model.cached_tokens_per_s.toFixed(1)} tokens/s, re-forward ${model.forward_tokens_per_s.toFixed(2)} tokens/s, ${model.speed_up.toFixed(1)}x; ${model.dispatches_per_token} dispatches and one submit a token; drawn on the device, ${TOKENS} a submit, ${model.drawn_tokens_per_s.toFixed(1)} tokens/s; logits differ by at most ${model.largest_logit_difference.toExponential(1)}`,
    ...bandwidth.attention.map(
      (a) =>
        `attention B ${a.batch} H ${a.heads} d ${a.headDim} T ${a.context}, ${a.variant}, ${(a.bytes / 1e6).toFixed(1)} MB: ${a.ms.toFixed(3)} ms, ${a.gbs.toFixed(2)} GB/s; copy of the same bytes ${a.stream_gbs.toFixed(2)}, read alone ${a.read_gbs.toFixed(2)} GB/s, ${percent(a.share_of_read)} of it reached; ${percent(a.share_of_stream)} of the copy (${percent(a.share_least)} to ${percent(a.share_greatest)} in ${rounds} rounds)${a.processor_share ? `; in processor time ${percent(a.processor_share.median)} (${percent(a.processor_share.least)} to ${percent(a.processor_share.greatest)})` : ''}`,
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
