/** wb bench prune: what pruning costs on this adapter, as ratios within one process. */
import type { Command } from 'commander';
import { type EngineDevice, openDevice } from '@/engine/device';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { ExperimentConfig } from '@/experiment/config';
import { experimentConfig } from '@/experiment/config';
import { loadRunCorpus } from '@/experiment/open-run';
import { setSymbol, symbolValues } from '@/experiment/kconfig-tree';
import { dawn } from './dawn';
import { DEFAULT_DEFCONFIG, UsageError, loaders, openPreset, print } from './options';

interface BenchPruneOptions {
  readonly json?: boolean;
  readonly software?: boolean;
  readonly steps: string;
  readonly rounds: string;
}

export function registerBenchPrune(bench: Command): void {
  bench
    .command('prune')
    .description(
      'cost of a mask event over 10 million weights, and of pruned steps between events; takes --steps, --software, --json of bench',
    )
    .option('--rounds <n>', 'rounds, arms in turn; the median is reported', '5')
    .action((_: unknown, command: Command) => benchPrune(command.optsWithGlobals<BenchPruneOptions>()));
}

const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

function configOf(symbols: Readonly<Record<string, string>>): ExperimentConfig {
  const values = openPreset(DEFAULT_DEFCONFIG);
  for (const [symbol, value] of Object.entries(symbols)) setSymbol(values, symbol, value, 'benchmark');
  return experimentConfig(symbolValues(values));
}

async function open(engine: EngineDevice, symbols: Readonly<Record<string, string>>): Promise<WebGpuBackend> {
  const config = configOf({ DATASET_TASK_COPY: 'y', ...symbols });
  const corpus = await loadRunCorpus(config, loaders());
  const model = { ...config.model, vocabSize: corpus.vocabSize };
  return WebGpuBackend.create(engine, config, model, corpus, { eager: ['train', 'update', 'prune'] });
}

/** Milliseconds a step, steps `from` to `from + n`, waiting for the last. */
async function timeSteps(backend: WebGpuBackend, from: number, n: number): Promise<number> {
  const begin = performance.now();
  const results: Promise<unknown>[] = [];
  for (let step = from; step < from + n; step++) results.push((await backend.step(step)).result);
  await Promise.all(results);
  return (performance.now() - begin) / n;
}

/** AdamW and AdamWPrune in turn, after the last mask event. */
async function betweenEvents(engine: EngineDevice, steps: number, rounds: number) {
  const pruned = { OPTIMIZER_ADAMWPRUNE: 'y', PRUNING_START: '1', PRUNING_END: '2', PRUNING_EVERY: '1' };
  const arms = [await open(engine, {}), await open(engine, pruned)] as const;
  const times: [number[], number[]] = [[], []];
  for (const arm of arms) await timeSteps(arm, 0, 3);
  for (let round = 0; round < rounds; round++)
    for (const [i, arm] of arms.entries()) times[i]!.push(await timeSteps(arm, 3 + round * steps, steps));
  const parameters = arms[0].summary.parameters;
  for (const arm of arms) arm.destroy();
  const [adamw, prune] = [median(times[0]), median(times[1])];
  return { parameters, adamw_ms: adamw, adamwprune_ms: prune, ratio: prune / adamw };
}

/** A mask event (scores, selection, statistics, masks) against a training step of the same model of 10 million block weights. */
async function eventAgainstStep(engine: EngineDevice, rounds: number, symbols: Readonly<Record<string, string>>) {
  const size = { GPT2_N_LAYER: '8', GPT2_N_EMBD: '324', GPT2_N_HEAD: '6', GPT2_BLOCK_SIZE: '128', BATCH_SIZE: '1' };
  const backend = await open(engine, { ...size, ...symbols, PRUNING_START: '1', PRUNING_END: '3', PRUNING_EVERY: '1' });
  await timeSteps(backend, 0, 3);
  const { pruning, regions } = backend.training;
  const events: number[] = [];
  const steps: number[] = [];
  for (let round = 0; round < rounds; round++) {
    steps.push(await timeSteps(backend, 3 + round, 1));
    const begin = performance.now();
    const scalars = [{ seed: 1, prune_eps: 1e-8, correction1: 1, correction2: 1 }];
    await (await backend.executor.run([{ sequence: 'prune', slot: 0 }], scalars, regions.metrics)).result; // prettier-ignore
    events.push(performance.now() - begin);
  }
  const [event, step] = [median(events), median(steps)];
  const document = {
    score: pruning!.config.score, prunable: pruning!.table.elements, dispatches: pruning!.sequence.length, event_ms: event,
    tokens_per_step: 128, step_ms: step, ratio: event / step,
  }; // prettier-ignore
  backend.destroy();
  return document;
}

async function benchPrune(options: BenchPruneOptions): Promise<void> {
  const [steps, rounds] = [Number(options.steps), Number(options.rounds)];
  if (![steps, rounds].every((n) => Number.isInteger(n) && n > 0))
    throw new UsageError('--steps and --rounds: give positive integers');
  const engine = await openDevice(await dawn(options.software));
  const adapter = `${engine.adapter.description || engine.adapter.architecture}${engine.adapter.software ? ' (software adapter)' : ''}`;
  const say = (line: string): void => void (options.json || process.stdout.write(`${line}\n`));
  say(`adapter ${adapter}`);
  const events = [];
  for (const symbols of [{ PRUNING_MAGNITUDE: 'y' }, { OPTIMIZER_ADAMWPRUNE: 'y' }]) {
    const e = await eventAgainstStep(engine, rounds, symbols);
    events.push(e);
    say(
      `mask event, ${e.score}, ${e.prunable.toLocaleString('en-US')} weights, ${e.dispatches} dispatches: ${e.event_ms.toFixed(0)} ms; training step of ${e.tokens_per_step} tokens ${e.step_ms.toFixed(0)} ms, ratio ${e.ratio.toFixed(3)}`,
    );
  }
  const between = await betweenEvents(engine, steps, rounds);
  if (options.json) return print({ adapter, between_events: between, mask_events: events });
  say(
    `between mask events, ${between.parameters.toLocaleString('en-US')} parameters: AdamW ${between.adamw_ms.toFixed(1)} ms, AdamWPrune ${between.adamwprune_ms.toFixed(1)} ms a step, ratio ${between.ratio.toFixed(3)}`,
  );
}
