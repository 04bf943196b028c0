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
  readonly batch: string;
}

/** Of the default preset; the large model is timed at --batch sequences of the same length. */
const [BATCH, SEQUENCE] = [8, 128];

export function registerBenchPrune(bench: Command): void {
  bench
    .command('prune')
    .description(
      'cost of a mask event over 10 million weights, and of pruned steps between events; takes --steps, --software, --json of bench',
    )
    .option('--rounds <n>', 'rounds, arms in turn; the median is reported', '3')
    .option('--batch <n>', 'sequences of 128 tokens in a step of the large model', `${BATCH}`)
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

/** AdamW and AdamWPrune after the last mask event, step by step in turn (A B B A), so that a change of pace meets both. */
async function betweenEvents(engine: EngineDevice, steps: number, rounds: number) {
  const pruned = { OPTIMIZER_ADAMWPRUNE: 'y', PRUNING_START: '1', PRUNING_END: '2', PRUNING_EVERY: '1' };
  const arms = [await open(engine, {}), await open(engine, pruned)] as const;
  for (const arm of arms) await timeSteps(arm, 0, 4);
  const all: [number[], number[]] = [[], []];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const times: [number[], number[]] = [[], []];
    for (let i = 0; i < steps; i++)
      for (const a of i % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const))
        times[a].push(await timeSteps(arms[a], 4 + round * steps + i, 1));
    ratios.push(median(times[1]) / median(times[0]));
    for (const a of [0, 1] as const) all[a].push(...times[a]);
  }
  const { parameters } = arms[0].summary;
  for (const arm of arms) arm.destroy();
  return {
    parameters, tokens_per_step: BATCH * SEQUENCE, steps: steps * rounds,
    adamw_ms: median(all[0]), adamwprune_ms: median(all[1]), ratio: median(ratios), ratios,
  }; // prettier-ignore
}

/** Ten million block weights. */
const LARGE = { GPT2_N_LAYER: '8', GPT2_N_EMBD: '324', GPT2_N_HEAD: '6' };

/** A mask event (scores, selection, statistics, masks) against a training step of the same model. */
async function eventAgainstStep(
  engine: EngineDevice,
  { rounds, batch, symbols }: { rounds: number; batch: number; symbols: Readonly<Record<string, string>> },
) {
  const shape = { GPT2_BLOCK_SIZE: `${SEQUENCE}`, BATCH_SIZE: `${batch}` };
  const ramp = { PRUNING_START: '1', PRUNING_END: '3', PRUNING_EVERY: '1' };
  const backend = await open(engine, { ...LARGE, ...shape, ...symbols, ...ramp });
  await timeSteps(backend, 0, 4);
  const { pruning, regions, memory } = backend.training;
  const events: number[] = [];
  const steps: number[] = [];
  for (let round = 0; round < rounds; round++) {
    steps.push(await timeSteps(backend, 4 + round, 1));
    const begin = performance.now();
    const scalars = [{ seed: 1, prune_eps: 1e-8, correction1: 1, correction2: 1 }];
    await (await backend.executor.run([{ sequence: 'prune', slot: 0 }], scalars, regions.metrics)).result; // prettier-ignore
    events.push(performance.now() - begin);
  }
  const [event, step] = [median(events), median(steps)];
  const bytes = (name: string): number => memory.categories.find((c) => c.name === name)?.bytes ?? 0;
  const document = {
    score: pruning!.config.score, prunable: pruning!.table.elements, dispatches: pruning!.sequence.length,
    symbols: { ...LARGE, ...shape, ...symbols }, tokens_per_step: batch * SEQUENCE,
    event_ms: event, step_ms: step, ratio: event / step, events_ms: events, steps_ms: steps,
    memory: {
      planned_bytes: memory.totalBytes, allocated_bytes: backend.allocatedBytes, unplanned_bytes: backend.allocatedBytes - memory.totalBytes,
      masks_bytes: bytes('masks'), scratch_bytes: bytes('pruning scratch'), scratch_bytes_per_weight: bytes('pruning scratch') / pruning!.table.elements,
    },
  }; // prettier-ignore
  backend.destroy();
  return document;
}

async function benchPrune(options: BenchPruneOptions): Promise<void> {
  const [steps, rounds, batch] = [Number(options.steps), Number(options.rounds), Number(options.batch)];
  if (![steps, rounds, batch].every((n) => Number.isInteger(n) && n > 0))
    throw new UsageError('--steps, --rounds and --batch: give positive integers');
  const engine = await openDevice(await dawn(options.software));
  const adapter = `${engine.adapter.description || engine.adapter.architecture}${engine.adapter.software ? ' (software adapter)' : ''}`;
  const say = (line: string): void => void (options.json || process.stdout.write(`${line}\n`));
  say(`adapter ${adapter}`);
  const events = [];
  for (const symbols of [{ PRUNING_MAGNITUDE: 'y' }, { OPTIMIZER_ADAMWPRUNE: 'y' }]) {
    const e = await eventAgainstStep(engine, { rounds, batch, symbols });
    events.push(e);
    say(
      `mask event, ${e.score}, ${e.prunable.toLocaleString('en-US')} weights, ${e.dispatches} dispatches: ${e.event_ms.toFixed(0)} ms; training step of ${e.tokens_per_step} tokens ${e.step_ms.toFixed(0)} ms, ratio ${e.ratio.toFixed(3)}; scratch ${e.memory.scratch_bytes_per_weight.toFixed(2)} bytes a weight, beyond the plan ${e.memory.unplanned_bytes} bytes`,
    );
  }
  const between = await betweenEvents(engine, steps, rounds);
  if (options.json) return print({ adapter, between_events: between, mask_events: events });
  say(
    `between mask events, ${between.parameters.toLocaleString('en-US')} parameters, ${between.steps} steps of each in turn: AdamW ${between.adamw_ms.toFixed(1)} ms, AdamWPrune ${between.adamwprune_ms.toFixed(1)} ms a step, ratio ${between.ratio.toFixed(3)}`,
  );
}
