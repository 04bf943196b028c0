/** wb check: what a configuration costs, without any adapter. */
import type { Command } from 'commander';
import { staticCorpusShape, staticVocabSize } from '@/data/corpus';
import { DEFAULT_TRAITS } from '@/engine/device';
import { loadRunCorpus } from '@/experiment/open-run';
import { type TrainingPlan, planTraining } from '@/experiment/training-plan';
import { cacheBytesPerToken, undecodable } from '@/models/attention/cache';
import { resolveAttention } from '@/models/attention/config';
import { expansionOf } from './matrix';
import {
  type ConfigOptions,
  type ResolvedConfig,
  UsageError,
  loaders,
  presetNames,
  print,
  resolveConfig,
  withConfigOptions,
} from './options';

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const PER_PARAMETER = [
  'parameters', 'gradients', 'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'momentum_buffer', 'sinkgd scratch', 'masks',
  'movement', 'initial weights', 'pruning scratch',
]; // prettier-ignore

/** Bytes a parameter of each arena as allocated, over the arena's elements (parameters start on 256-byte boundaries). */
function bytesPerParameter({ memory, arena }: TrainingPlan): Record<string, number> {
  const arenas = memory.categories.filter(({ name }) => PER_PARAMETER.includes(name));
  const entries = arenas.map(({ name, bytes }) => [name, Math.round((1000 * bytes) / arena.elements) / 1000] as const);
  const total = entries.reduce((sum, [, bytes]) => sum + bytes, 0);
  return { ...Object.fromEntries(entries), total: Math.round(1000 * total) / 1000 };
}

function contextOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`--context ${text}: give a positive number of tokens`);
  return Number(text);
}

interface CheckOptions extends ConfigOptions {
  readonly json?: boolean;
  readonly context?: string;
  readonly allPresets?: boolean;
}

export function registerCheck(program: Command): void {
  withConfigOptions(program.command('check'))
    .description('parameters, FLOPs, planned memory and dispatches of a configuration; needs no adapter')
    .option('--all-presets', 'every preset: a line each, exit 1 when one cannot run')
    .option('--context <tokens>', 'length of the sequence whose whole cache is stated (default: GPT2_BLOCK_SIZE)')
    .option('--json', 'print one JSON document')
    .action((overrides: string[], options: CheckOptions) =>
      options.allPresets ? checkPresets(overrides, options) : check(overrides, options),
    );
}

/** Plans a configuration for a device with default limits. Throws what planning refuses. */
async function costOf({ experiment, customText }: ResolvedConfig, contextText: string | undefined) {
  const fixed = staticVocabSize({
    dataset: experiment.dataset,
    tokenizer: experiment.tokenizer,
    vocabMultiple: experiment.model.vocabMultiple,
  });
  const corpus = fixed === null ? await loadRunCorpus(experiment, loaders(), customText) : null;
  const vocabSize = fixed ?? corpus!.vocabSize;
  const shape = corpus
    ? { trainTokens: corpus.train.length, valTokens: corpus.val.length, sampling: corpus.sampling }
    : staticCorpusShape(experiment.dataset, experiment.model.blockSize);
  const plan = planTraining(experiment, { ...experiment.model, vocabSize }, shape, { traits: DEFAULT_TRAITS });
  const { nLayer, nEmbd } = experiment.model;
  const layers = resolveAttention(experiment.model.attention, experiment.model);
  const noCache = undecodable(layers);
  const cacheBytes = noCache === null ? cacheBytesPerToken(layers, nEmbd) : null;
  const context = contextOf(contextText) ?? experiment.model.blockSize;
  const ratio = cacheBytes === null ? null : (2 * nLayer * nEmbd * 4) / cacheBytes;
  const document = {
    parameters: plan.model.graph.parameterCount,
    vocab_size: vocabSize,
    flops_per_token: Math.round(plan.flopsPerToken),
    planned_bytes: plan.memory.totalBytes,
    bytes_per_parameter: bytesPerParameter(plan),
    memory: Object.fromEntries(plan.memory.categories.map((c) => [c.name, c.bytes])),
    largest: plan.memory.largest,
    dispatches_per_step: plan.dispatchesPerStep,
    cache_bytes_per_token: cacheBytes,
    cache_ratio_to_mha: ratio,
    context,
    cache_bytes: cacheBytes === null ? null : cacheBytes * context,
    ...(noCache === null ? {} : { no_cache_because: noCache }),
  };
  return { plan, document, noCache };
}

async function check(overrides: readonly string[], options: CheckOptions): Promise<void> {
  const { plan, document, noCache } = await costOf(resolveConfig(overrides, options), options.context);
  if (options.json) return print(document);
  const lines = [
    `parameters           ${document.parameters.toLocaleString('en-US')}`,
    `training FLOPs/token ${document.flops_per_token.toLocaleString('en-US')}`,
    `planned memory       ${mib(document.planned_bytes)}`,
    ...plan.memory.categories.map((c) => `  ${c.name.padEnd(18)} ${mib(c.bytes)}`),
    `bytes a parameter    ${Object.entries(document.bytes_per_parameter)
      .map(([name, bytes]) => `${name} ${bytes}`)
      .join(', ')}`,
    `dispatches a step    ${document.dispatches_per_step}`,
    `KV cache a token     ${document.cache_ratio_to_mha === null ? `none: ${noCache ?? ''}` : `${document.cache_bytes_per_token} bytes (f32), ${document.cache_ratio_to_mha.toFixed(2)} x smaller than multi-head attention's`}`,
    ...(document.cache_bytes === null
      ? []
      : [`KV cache, whole      ${mib(document.cache_bytes)} at ${document.context.toLocaleString('en-US')} tokens`]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

interface PresetRow {
  readonly preset: string;
  readonly cells: number;
  readonly parameters: number | null;
  readonly planned_bytes: number | null;
  readonly problem: string | null;
}

async function presetRow(preset: string): Promise<PresetRow> {
  try {
    const { resolved, expansion } = expansionOf([], { defconfig: preset });
    const { document } = await costOf(resolved, undefined);
    const { parameters, planned_bytes } = document;
    return { preset, cells: expansion.cells.length, parameters, planned_bytes, problem: null };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { preset, cells: 0, parameters: null, planned_bytes: null, problem };
  }
}

/** The base configuration of every preset is planned, its matrix expanded. */
async function checkPresets(overrides: readonly string[], options: CheckOptions): Promise<void> {
  if (overrides.length > 0 || options.defconfig !== undefined || options.config !== undefined)
    throw new UsageError('--all-presets takes no configuration of its own');
  const rows: PresetRow[] = [];
  for (const name of presetNames()) {
    const row = await presetRow(name);
    rows.push(row);
    const cost = `${String(row.cells).padStart(3)} cells  ${(row.parameters ?? 0).toLocaleString('en-US').padStart(12)} parameters  ${mib(row.planned_bytes ?? 0).padStart(10)}`;
    if (!options.json) process.stdout.write(`${name.padEnd(34)} ${row.problem ?? cost}\n`);
  }
  if (options.json) print({ presets: rows });
  if (rows.some(({ problem }) => problem !== null)) process.exitCode = 1;
}
