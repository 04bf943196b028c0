/** wb check: what a configuration costs, without any adapter. */
import type { Command } from 'commander';
import { staticCorpusShape, staticVocabSize } from '@/data/corpus';
import { DEFAULT_TRAITS } from '@/engine/device';
import { loadRunCorpus } from '@/experiment/open-run';
import { type TrainingPlan, planTraining } from '@/experiment/training-plan';
import { cacheBytesPerToken, undecodable } from '@/models/attention/cache';
import { resolveAttention } from '@/models/attention/config';
import { UsageError, loaders, print, resolveConfig, withConfigOptions, type ConfigOptions } from './options';

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

export function registerCheck(program: Command): void {
  withConfigOptions(program.command('check'))
    .description('parameters, FLOPs, planned memory and dispatches of a configuration; needs no adapter')
    .option('--context <tokens>', 'length of the sequence whose whole cache is stated (default: GPT2_BLOCK_SIZE)')
    .option('--json', 'print one JSON document')
    .action(async (overrides: string[], options: ConfigOptions & { json?: boolean; context?: string }) => {
      const { experiment, customText } = resolveConfig(overrides, options);
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
      const context = contextOf(options.context) ?? experiment.model.blockSize;
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
        `KV cache a token     ${ratio === null ? `none: ${noCache}` : `${cacheBytes} bytes (f32), ${ratio.toFixed(2)} x smaller than multi-head attention's`}`,
        ...(cacheBytes === null
          ? []
          : [`KV cache, whole      ${mib(cacheBytes * context)} at ${context.toLocaleString('en-US')} tokens`]),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    });
}
