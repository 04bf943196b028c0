/** wb matrix, rerun, merge, estimate: many runs that differ along axes. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type Axis, headerSpec, mergeSpecs, parseAxis } from '@/experiment/matrix/axes';
import { durationText, etaSeconds } from '@/experiment/matrix/eta';
import { type Expansion, expandMatrix } from '@/experiment/matrix/expand';
import {
  type MatrixRecord,
  cellStates,
  createMatrix,
  mergeMatrices,
  resetCell,
} from '@/experiment/matrix/matrix-directory';
import { kubernetesFile, parseShard, shardOf, slurmFile } from '@/experiment/matrix/shard';
import { valueOf } from '@/experiment/report/report';
import { openConfig } from '@/experiment/kconfig-tree';
import { makeRunId, utc } from '@/experiment/manifest/build';
import { baselineRuns, matchBaselines, takeOver } from './baseline';
import { DiskDirectory } from './disk-directory';
import { host, projectName } from './host';
import { checkCells, progressOf, runQueue, summariseMatrix } from './matrix-queue';
import { openMatrix } from './open-matrix';
import {
  type ConfigOptions,
  type ResolvedConfig,
  UsageError,
  presetNames,
  presetText,
  print,
  readNamed,
  resolveConfig,
  withConfigOptions,
} from './options';
import { positiveSteps, refuseOldRun } from './run';
import { lockDirectory } from './process-lock';
import { sweepItems } from './sweep';
import { trackersOf } from './trackers';
import { RUN_VARIABLES } from './train-run';

/** One device is one lane: more cells at once help where a step leaves most of it idle. */
export const JOBS = ['-j, --jobs <n>', 'cells at a time on the one device, each in a thread', '1'] as const;
const MAX_JOBS = 64;

interface MatrixOptions extends ConfigOptions {
  readonly jobs: string;
  readonly out?: string;
  readonly seeds?: string;
  readonly shard?: string;
  readonly shards?: string;
  readonly emit?: string;
  readonly dryRun?: boolean;
  readonly steps?: string;
  readonly backend: string;
  readonly software?: boolean;
  readonly autotune?: boolean;
  readonly json?: boolean;
}

export function registerMatrix(program: Command): void {
  withConfigOptions(program.command('matrix'))
    .description('run every combination of axes: SYMBOL=a,b,c  SYMBOL=start:step:end  A,B=y')
    .option('--out <dir>', 'matrix directory to write')
    .option('--seeds <n>', 'each combination with n consecutive seeds')
    .option('--steps <n>', 'stop each cell after n steps')
    .option('--dry-run', 'print the cells and stop')
    .option('--shard <i/n>', 'only every n-th cell, from i = 0')
    .option('--emit <kind>', 'print a job file that runs the shards: slurm or k8s')
    .option('--shards <n>', 'shards of the job file', '4')
    .option(...JOBS)
    .option('--backend <name>', 'webgpu or reference (f64 on the CPU)', 'webgpu')
    .option('--autotune', 'measure kernel variants first, also on a software adapter')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document, nothing else on stdout')
    .addHelpText(
      'after',
      '\nTRACKER=, TIME= (seconds a cell) and BASELINE=DIR,... (finished runs to take over) steer the cells.\n',
    )
    .action(matrix);
  withConfigOptions(program.command('sweep'), [
    '<file>',
    'ranges: CONFIG_NAME=start:step:end or a|b|c; other lines are settings',
  ])
    .description('a matrix over the ranges of a file, then its ten best cells by held-out loss (nats a token)')
    .option('--out <dir>', 'matrix directory to write')
    .option('--seeds <n>', 'each combination with n consecutive seeds')
    .option('--steps <n>', 'stop each cell after n steps')
    .option('--dry-run', 'print the cells and stop')
    .option(...JOBS)
    .option('--backend <name>', 'webgpu or reference (f64 on the CPU)', 'webgpu')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document, nothing else on stdout')
    .action(sweep);
  program
    .command('rerun')
    .description('put cells of a matrix back to the start and run them again')
    .argument('<dir>', 'matrix directory')
    .requiredOption('--filter <key=value...>', 'axis=label, status=..., seed=... or id=...; all must hold')
    .option(...JOBS)
    .option('--software', 'use the software adapter even where there is a GPU')
    .action(rerun);
  program
    .command('merge')
    .description('the shards of a matrix as one directory')
    .argument('<out>', 'directory to write; must be empty or not exist')
    .argument('<dirs...>', 'shard directories')
    .action(merge);
  program
    .command('estimate')
    .description('how long the open cells of a matrix will take')
    .argument('<dir>', 'matrix directory')
    .option('--json', 'print one JSON document')
    .action(estimate);
}

/** Axes apart from plain settings. */
function split(items: readonly string[]): { readonly axes: Axis[]; readonly settings: string[] } {
  const axes: Axis[] = [];
  const settings: string[] = [];
  for (const item of items) {
    const variable = RUN_VARIABLES.some((name) => item.startsWith(`${name}=`));
    const axis = variable || !item.includes('=') ? null : parseAxis(item);
    if (axis) axes.push(axis);
    else settings.push(item);
  }
  return { axes, settings };
}

const headerOf = ({ name }: ResolvedConfig): string =>
  presetNames().includes(name) ? presetText(name) : readNamed(name);

/** The cells that a command line, or a preset alone, makes. Throws ConfigError or MatrixError. */
export function expansionOf(items: readonly string[], options: ConfigOptions & { readonly seeds?: string }) {
  const { axes, settings } = split(items);
  const resolved = resolveConfig(settings, options);
  const spec = mergeSpecs(headerSpec(headerOf(resolved), resolved.name), axes, options.seeds);
  const expansion = expandMatrix(resolved.minimal, spec, () => openConfig().config);
  return { resolved, spec, expansion };
}

function printCells({ cells, excluded, merged }: Expansion, json: boolean): void {
  const rows = cells.map(({ id, axes, seed, minSha256 }) => ({ id, axes, seed, min_sha256: minSha256 }));
  if (json) return print({ cells: rows, excluded, merged });
  const lines = [
    ...cells.map(({ id }) => id),
    `${cells.length} cells${merged > 0 ? `, ${merged} combinations with the configuration of another cell` : ''}`,
    ...excluded.map(({ axes, reason }) => `excluded: ${Object.values(axes).join(' ')}: ${reason}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The job file, for this command line without --emit, --shards and --out. */
function emit(items: readonly string[], options: MatrixOptions, preset: string): string {
  const shards = positiveSteps(options.shards) ?? 4;
  const pass = (flag: string, value: string | undefined): string[] => (value === undefined ? [] : [flag, value]);
  const start = [
    ...items, ...pass('--defconfig', options.defconfig), ...pass('--config', options.config), ...pass('--seeds', options.seeds),
    ...pass('--steps', options.steps), ...(options.backend === 'webgpu' ? [] : ['--backend', options.backend]),
    ...(options.autotune ? ['--autotune'] : []),
  ]; // prettier-ignore
  const both = [...(options.jobs === '1' ? [] : ['-j', options.jobs]), ...(options.software ? ['--software'] : [])];
  const args = { start, both };
  if (options.emit === 'slurm') return slurmFile(preset, args, shards);
  if (options.emit === 'k8s') return kubernetesFile(preset, args, shards);
  throw new UsageError(`--emit ${options.emit ?? ''}: use slurm or k8s`);
}

async function matrix(items: readonly string[], options: MatrixOptions): Promise<void> {
  const { resolved, spec, expansion } = expansionOf(items, options);
  if (options.emit !== undefined) return void process.stdout.write(emit(items, options, resolved.name));
  const shard = options.shard === undefined ? null : parseShard(options.shard);
  const cells = shard ? shardOf(expansion.cells, shard) : expansion.cells;
  if (options.dryRun) return printCells({ ...expansion, cells }, options.json ?? false);
  const { backend } = options;
  if (backend !== 'webgpu' && backend !== 'reference')
    throw new UsageError(`--backend ${backend}: use webgpu or reference`);
  if (options.out === undefined) throw new UsageError('give --out DIR, or --dry-run to see the cells');
  const jobs = jobsOf(options);
  const directory = new DiskDirectory(options.out);
  await refuseOldRun(directory);
  trackersOf(resolved.overrides);
  const takeovers = matchBaselines(await baselineRuns(resolved.overrides, backend), cells);
  const createdAt = utc(new Date());
  const record = await createMatrix(directory, {
    record: {
      runId: makeRunId(`${resolved.name}-matrix`, createdAt, resolved.full + JSON.stringify(spec)),
      project: projectName('gpt2'),
      preset: resolved.name.split(/[/\\]/).at(-1) ?? '',
      createdAt,
      backend,
      stopAt: positiveSteps(options.steps),
      // Run ids, not where they lie on this disk.
      overrides: {
        ...resolved.overrides,
        ...(takeovers.length > 0 ? { BASELINE: takeovers.map(({ run }) => run.runId).join(',') } : {}),
      },
      axes: spec.axes.map(({ name, points }) => ({ name, labels: points.map((p) => p.label) })),
      shard: options.shard ?? null,
    },
    expansion: { cells, excluded: expansion.excluded },
    base: { minimal: resolved.minimal, full: resolved.full },
    host: host(),
  });
  await checkCells(directory, record);
  await takeOver(directory, record, takeovers);
  await finishMatrix(directory, record, { ...options, jobs, quiet: options.json ?? false });
}

/** Throws UsageError. */
export function jobsOf({ jobs: text, autotune }: { readonly jobs: string; readonly autotune?: boolean }): number {
  const jobs = Number(text);
  if (!(Number.isInteger(jobs) && jobs >= 1 && jobs <= MAX_JOBS))
    throw new UsageError(`-j ${text}: give a number of cells from 1 to ${MAX_JOBS}`);
  if (jobs > 1 && autotune)
    throw new UsageError(
      `--autotune with -j ${jobs}: kernels cannot be timed beside running cells; run one cell with -j 1 first, its choices are kept`,
    );
  return jobs;
}

/** Runs what is open and reports: `wb matrix`, `wb continue` and `wb rerun`. */
export async function finishMatrix(
  directory: DiskDirectory,
  record: MatrixRecord,
  options: {
    readonly software?: boolean;
    readonly autotune?: boolean;
    readonly quiet: boolean;
    readonly jobs: number;
  },
): Promise<void> {
  const unlock = lockDirectory(directory.root);
  await directory.sweep();
  const done = await runQueue(directory, record, options);
  const text = await summariseMatrix(directory, record);
  unlock();
  const states = await cellStates(directory, record);
  const counts: Record<string, number> = {};
  for (const { status } of states) counts[status] = (counts[status] ?? 0) + 1;
  if (options.quiet) print({ out: directory.root, done, counts });
  else process.stdout.write(text);
  if (counts['failed'] ?? counts['invalid']) process.exitCode = 1;
}

async function sweep(file: string, items: readonly string[], options: MatrixOptions): Promise<void> {
  await matrix([...sweepItems(readNamed(file), file), ...items], options);
  if (options.dryRun || options.json || options.out === undefined) return;
  const { directory, record } = await openMatrix(options.out);
  const cells = await cellStates(directory, record);
  const ranked = cells
    .flatMap((cell) => {
      const loss = valueOf(cell, 'val_loss');
      return loss === null ? [] : [{ id: cell.id, loss }];
    })
    .sort((a, b) => a.loss - b.loss);
  const lines = ranked.slice(0, 10).map(({ id, loss }, i) => `${String(i + 1).padStart(2)}  ${loss.toFixed(4)}  ${id}`);
  process.stdout.write(['', `best of ${ranked.length}, held-out loss:`, ...lines, ''].join('\n'));
}

function matches(
  filter: string,
  cell: {
    readonly id: string;
    readonly seed: number;
    readonly status: string;
    readonly axes: Readonly<Record<string, string>>;
  },
): boolean {
  const [key, value] = [filter.slice(0, filter.indexOf('=')), filter.slice(filter.indexOf('=') + 1)];
  const fixed: Record<string, string> = { id: cell.id, seed: String(cell.seed), status: cell.status };
  const found = Object.hasOwn(fixed, key) ? fixed[key] : cell.axes[key];
  if (found === undefined)
    throw new UsageError(
      `--filter ${filter}: there are ${[...Object.keys(fixed), ...Object.keys(cell.axes)].join(', ')}`,
    );
  return found === value;
}

async function rerun(
  dir: string,
  options: { readonly filter: readonly string[]; readonly software?: boolean; readonly jobs: string },
): Promise<void> {
  const jobs = jobsOf(options);
  const bad = options.filter.find((filter) => filter.indexOf('=') < 1);
  if (bad !== undefined) throw new UsageError(`--filter ${bad}: give key=value`);
  const { directory, record } = await openMatrix(dir);
  const chosen = (await cellStates(directory, record)).filter((cell) =>
    options.filter.every((filter) => matches(filter, cell)),
  );
  if (chosen.length === 0) throw new UsageError(`${dir}: no cell has ${options.filter.join(' and ')}`);
  lockDirectory(dir); // before cells are put back
  for (const { id } of chosen) await resetCell(directory, id);
  await finishMatrix(directory, record, { ...options, jobs, quiet: false });
}

async function merge(out: string, dirs: readonly string[]): Promise<void> {
  const missing = dirs.find((dir) => !existsSync(dir));
  if (missing !== undefined) throw new UsageError(`${missing}: no such directory`);
  const directory = new DiskDirectory(out);
  const record = await mergeMatrices(directory, dirs.map((name) => ({ name, directory: new DiskDirectory(name) })), host()); // prettier-ignore
  process.stdout.write(await summariseMatrix(directory, record));
}

async function estimate(dir: string, options: { readonly json?: boolean }): Promise<void> {
  const { directory, record } = await openMatrix(dir);
  const progress = [];
  for (const state of await cellStates(directory, record)) progress.push(await progressOf(directory, state));
  const seconds = etaSeconds(progress);
  const open = progress.filter(({ done, steps }) => done < steps).length;
  if (options.json) print({ open_cells: open, seconds });
  else
    process.stdout.write(
      `${open} cells left: ${seconds === null ? 'nothing ran yet, so no estimate' : durationText(seconds)}\n`,
    );
}
