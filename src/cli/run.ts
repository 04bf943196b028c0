/** wb run: trains in the terminal and writes a run directory. */
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { openDevice } from '@/engine/device';
import { toSafetensors, huggingFaceConfig, RunRecorder } from '@/experiment/recorder';
import { openRun, type OpenRun } from '@/experiment/open-run';
import { tokenRows } from '@/experiment/batches';
import { writeSafetensors } from '@/experiment/safetensors';
import { RunControl, train } from '@/experiment/train';
import { dawn } from './dawn';
import { DiskDirectory } from './disk-directory';
import { diskTuneCache } from './tune-cache';
import {
  loaders,
  print,
  resolveConfig,
  withConfigOptions,
  UsageError,
  type ConfigOptions,
  type ResolvedConfig,
} from './options';

interface RunOptions extends ConfigOptions {
  readonly out: string;
  readonly backend: string;
  readonly saveInit?: boolean;
  readonly saveBatches?: boolean;
  readonly steps?: string;
  readonly json?: boolean;
  readonly software?: boolean;
  readonly autotune?: boolean;
}

export function registerRun(program: Command): void {
  withConfigOptions(program.command('run'))
    .description('train, and write a run directory')
    .requiredOption('--out <dir>', 'run directory to write')
    .option('--backend <name>', 'webgpu or reference (f64 on the CPU)', 'webgpu')
    .option('--steps <n>', 'stop after n steps; the schedule stays that of MAX_ITERS')
    .option('--save-init', 'write init.safetensors: the weights before step 0')
    .option('--save-batches', 'write batches.safetensors: the tokens of every step')
    .option('--autotune', 'measure kernel variants first, also on a software adapter; kept for later runs')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document at the end, nothing else on stdout')
    .action((overrides: string[], options: RunOptions) => run(overrides, options));
}

function progressBar(total: number, quiet: boolean): SingleBar | null {
  if (quiet || !process.stderr.isTTY) return null;
  const bar = new SingleBar({
    format: '{bar} {value}/{total} steps  loss {loss}  val {val}  {speed} tok/s  ETA {eta_formatted}',
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, 0, { loss: '-', val: '-', speed: '-' });
  return bar;
}

async function saveInputs(open: OpenRun, directory: DiskDirectory, options: RunOptions, steps: number): Promise<void> {
  if (options.saveInit)
    await directory.write('init.safetensors', toSafetensors(await open.backend.parameters(), { format: 'pt' }));
  if (!options.saveBatches) return;
  const { batchSize, gradientAccumulation, seed } = open.config.training;
  const rows = batchSize * gradientAccumulation;
  const seq = open.model.blockSize;
  const data = new Int32Array(steps * rows * (seq + 1));
  for (let step = 0; step < steps; step++)
    data.set(
      tokenRows(open.corpus.train, { rows, seq, sampling: open.corpus.sampling }, seed, step),
      step * rows * (seq + 1),
    );
  await directory.write(
    'batches.safetensors',
    writeSafetensors([{ name: 'tokens', dtype: 'I32', shape: [steps, rows, seq + 1], data }]),
  );
}

function manifest(config: ResolvedConfig, open: OpenRun, adapter: unknown): string {
  const { summary } = open.backend;
  const document = {
    schema: 'wb-run/0',
    preset: config.name,
    overrides: config.overrides,
    seed: open.config.training.seed,
    dataset: {
      name: open.corpus.name,
      sha256: open.corpus.hash,
      train_tokens: open.corpus.train.length,
      val_tokens: open.corpus.val.length,
    },
    backend: open.backend.kind,
    adapter,
    parameters: summary.parameters,
    planned_bytes: summary.plannedBytes,
    dispatches_per_step: summary.dispatchesPerStep,
    variants: summary.variants,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

async function run(overrides: readonly string[], options: RunOptions): Promise<void> {
  if (!['webgpu', 'reference'].includes(options.backend))
    throw new UsageError(`--backend ${options.backend}: use webgpu or reference`);
  const steps = options.steps === undefined ? null : Number(options.steps);
  if (steps !== null && !(Number.isInteger(steps) && steps > 0))
    throw new UsageError(`--steps ${options.steps ?? ''}: give a positive integer`);
  const resolved = resolveConfig(overrides, options);
  const engine = options.backend === 'webgpu' ? await openDevice(await dawn(options.software)) : null;
  const say = (line: string): void => void (options.json ?? process.stderr.write(`${line}\n`));
  say(
    engine
      ? `adapter: ${engine.adapter.description || engine.adapter.architecture}${engine.adapter.software ? ' (software adapter)' : ''}`
      : 'CPU reference, f64: for tiny models',
  );
  const tune = engine
    ? { tune: { cache: diskTuneCache(), measure: options.autotune ?? !engine.adapter.software } }
    : {};
  const open = await openRun({
    ...tune,
    config: resolved.experiment,
    engine,
    loaders: loaders(),
    ...(resolved.customText ? { customText: resolved.customText } : {}),
  });
  const total = Math.min(steps ?? Infinity, resolved.experiment.training.maxIters);
  const directory = new DiskDirectory(options.out);
  const recorder = new RunRecorder(directory, resolved.experiment, open.backend);
  await recorder.begin({
    'config.min': resolved.minimal,
    'config.full': resolved.full,
    'manifest.json': manifest(resolved, open, engine?.adapter ?? 'CPU reference'),
    'config.json': huggingFaceConfig(open.model),
    'tokenizer.json': `${JSON.stringify(open.corpus.tokenizer.toJSON())}\n`,
  });
  await saveInputs(open, directory, options, total);
  const control = new RunControl();
  process.once('SIGINT', () => control.stop());
  const bar = progressBar(total, options.json ?? false);
  let loss = NaN;
  let val: number | null = null;
  let failed: string | null = null;
  try {
    for await (const event of train(resolved.experiment, open.backend, {
      control,
      stopAt: total,
      onCheckpoint: (s, kind) => recorder.checkpoint(s, kind),
    })) {
      await recorder.record(event);
      if (event.type === 'failed') failed = event.message;
      if (event.type !== 'metric') continue;
      const { metric } = event;
      if (metric.event === 'prune' && !bar && !options.json)
        say(`step ${metric.step}  pruned ${(100 * metric.actual).toFixed(2)} %`);
      if (metric.event !== 'eval' && metric.event !== 'step') continue;
      if (metric.event === 'eval') val = metric.loss;
      else {
        loss = metric.loss;
        bar?.update(metric.step + 1, {
          loss: loss.toFixed(4),
          val: val?.toFixed(4) ?? '-',
          speed: metric.time.tokens_per_second.toFixed(0),
        });
      }
      if (!bar && !options.json && (metric.event === 'eval' || metric.step % 50 === 0))
        say(`step ${metric.step}  ${metric.event === 'eval' ? 'val ' : ''}loss ${metric.loss.toFixed(4)}`);
    }
  } catch (error) {
    await recorder.end('failed');
    throw error;
  } finally {
    bar?.stop();
  }
  await recorder.end(failed !== null ? 'failed' : control.stopped ? 'stopped' : 'ok');
  open.backend.destroy();
  if (failed !== null) throw new Error(failed);
  const status = control.stopped ? 'stopped' : 'ok';
  if (options.json) print({ out: options.out, status, steps: total, loss, val_loss: val });
  else say(`${status}: ${options.out}  loss ${loss.toFixed(4)}${val === null ? '' : `  val ${val.toFixed(4)}`}`);
}
