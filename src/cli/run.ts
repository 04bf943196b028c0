/** wb run: trains in the terminal and writes a run directory. */
import type { Command } from 'commander';
import { tokenRows } from '@/experiment/batches';
import { type RunIdentity, makeRunId, utc } from '@/experiment/manifest/build';
import type { OpenRun } from '@/experiment/open-run';
import { toSafetensors } from '@/experiment/recorder';
import { writeSafetensors } from '@/experiment/safetensors';
import { readStatus } from '@/experiment/session/resume';
import { DiskDirectory } from './disk-directory';
import { host, projectName } from './host';
import {
  type ConfigOptions,
  type ResolvedConfig,
  UsageError,
  print,
  resolveConfig,
  withConfigOptions,
} from './options';
import { trackersOf } from './trackers';
import { type Outcome, adapterText, openEngine, openOn, openRunnable, trainInto } from './train-run';

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

/** Refuses a directory that holds a run: its metrics would be mixed with the new ones. */
export async function refuseOldRun(directory: DiskDirectory): Promise<void> {
  const found = (await directory.list()).find((file) => ['manifest.json', 'metrics.jsonl', 'STATUS'].includes(file));
  if (found === undefined) return;
  const status = (await readStatus(directory)) ?? 'unknown';
  throw new UsageError(
    `--out ${directory.root}: holds a run already (${found}, STATUS ${status}); choose another, or "wb continue ${directory.root}"`,
  );
}

export function identityOf(
  resolved: ResolvedConfig,
  stopAt: number | null,
  parents: readonly string[] = [],
): RunIdentity {
  const createdAt = utc(new Date());
  return {
    runId: makeRunId(resolved.name, createdAt, resolved.full),
    project: projectName('gpt2'),
    preset: resolved.name,
    createdAt,
    overrides: resolved.overrides,
    minimal: resolved.minimal,
    full: resolved.full,
    stopAt,
    parents,
    host: host(),
  };
}

export function positiveSteps(text: string | undefined): number | null {
  if (text === undefined) return null;
  const steps = Number(text);
  if (!(Number.isInteger(steps) && steps > 0)) throw new UsageError(`--steps ${text}: give a positive integer`);
  return steps;
}

/** The last lines of a run in the terminal; throws when it failed. */
export function reportOutcome(out: string, { status, steps, loss, val, failed }: Outcome, json: boolean): void {
  if (failed !== null) throw new Error(failed);
  if (json) print({ out, status, steps, loss, val_loss: val });
  else
    process.stderr.write(
      `${status}: ${out}  loss ${loss.toFixed(4)}${val === null ? '' : `  val ${val.toFixed(4)}`}\n`,
    );
}

async function run(overrides: readonly string[], options: RunOptions): Promise<void> {
  const steps = positiveSteps(options.steps);
  if (!['webgpu', 'reference'].includes(options.backend))
    throw new UsageError(`--backend ${options.backend}: use webgpu or reference`);
  const resolved = resolveConfig(overrides, options);
  trackersOf(resolved.overrides); // refused before anything is written
  const directory = new DiskDirectory(options.out);
  await refuseOldRun(directory);
  const engine = await openEngine(options);
  if (!options.json) process.stderr.write(`${adapterText(engine)}\n`);
  const open = await openRunnable(resolved, engine, options);
  const total = Math.min(steps ?? Infinity, resolved.experiment.training.maxIters);
  await saveInputs(open, directory, options, total);
  const quiet = options.json ?? false;
  const outcome = await trainInto({
    open,
    directory,
    identity: identityOf(resolved, steps),
    engine,
    quiet,
    reopen: () => openOn(resolved, options),
  });
  open.backend.destroy();
  reportOutcome(options.out, outcome, quiet);
}
