/** wb clean: three strengths, those of the Runs page, on the runs and matrices below a folder. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { isMatrix } from '@/experiment/matrix/matrix-directory';
import { type StripStrength, strippable, stripRun } from '@/experiment/session/clean';
import { readStatus } from '@/experiment/session/resume';
import { DiskDirectory } from './disk-directory';
import { openMatrix } from './open-matrix';
import { UsageError, print } from './options';

interface CleanOptions {
  readonly weights?: boolean;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function registerClean(program: Command): void {
  program
    .command('clean')
    .description(
      'free space: saved state and checkpoints of finished runs, or more; best weights, metrics and manifests stay',
    )
    .argument('[dirs...]', 'runs, matrices, or folders that hold them (default: runs)')
    .option('--weights', 'all weights and trackers of finished runs: comparing and replaying stay possible')
    .option('--all', 'the runs and matrices themselves, but those that are still open')
    .option('--yes', 'with --all: delete')
    .option('--dry-run', 'say what would go')
    .option('--json', 'print one JSON document')
    .action(clean);
}

interface Found {
  readonly directory: DiskDirectory;
  /** Cells of a matrix, or the run itself. */
  readonly runs: readonly DiskDirectory[];
}

async function foundAt(path: string): Promise<Found | null> {
  const directory = new DiskDirectory(path);
  if (await isMatrix(directory)) {
    const { cells } = (await openMatrix(path)).record;
    return { directory, runs: cells.map(({ id }) => new DiskDirectory(join(path, 'cells', id))) };
  }
  return existsSync(join(path, 'STATUS')) ? { directory, runs: [directory] } : null;
}

/** What a path is, else what the folders right below it are. Throws UsageError when that is nothing. */
async function findRuns(path: string): Promise<Found[]> {
  if (!existsSync(path)) throw new UsageError(`${path}: no such directory`);
  const own = await foundAt(path);
  if (own) return [own];
  const found = [];
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) found.push(await foundAt(join(path, entry.name)));
  const runs = found.filter((one) => one !== null);
  if (runs.length === 0) throw new UsageError(`${path}: holds no run and no matrix`);
  return runs;
}

const bytesOf = (root: string, files: readonly string[]): number =>
  files.reduce((sum, file) => sum + statSync(join(root, file)).size, 0);

interface Tally {
  runs: number;
  bytes: number;
  /** Not finished: left alone. */
  open: number;
}

async function strip({ runs }: Found, strength: StripStrength, dry: boolean, tally: Tally): Promise<void> {
  for (const directory of runs) {
    if ((await readStatus(directory)) !== 'ok') {
      tally.open++;
      continue;
    }
    const gone = await strippable(directory, strength);
    if (gone.length === 0) continue;
    tally.runs++;
    tally.bytes += bytesOf(directory.root, gone);
    if (!dry) await stripRun(directory, strength);
  }
}

/** A matrix with an open cell stays whole. */
async function erase({ directory, runs }: Found, dry: boolean, tally: Tally): Promise<void> {
  const statuses = await Promise.all(runs.map(readStatus));
  if (statuses.some((status) => status === 'running' || status === 'pending' || status === 'stopped')) {
    tally.open += runs.length;
    return;
  }
  tally.runs += runs.length;
  tally.bytes += bytesOf(directory.root, await directory.list());
  if (!dry) await rm(directory.root, { recursive: true });
}

async function clean(dirs: readonly string[], options: CleanOptions): Promise<void> {
  if (options.all && options.weights) throw new UsageError('give --weights or --all, not both');
  if (options.yes && !options.all) throw new UsageError('--yes belongs to --all');
  const found = [];
  for (const dir of dirs.length > 0 ? dirs : ['runs']) found.push(...(await findRuns(dir)));
  const dry = (options.dryRun ?? false) || (options.all === true && !options.yes);
  const tally: Tally = { runs: 0, bytes: 0, open: 0 };
  for (const one of found)
    await (options.all ? erase(one, dry, tally) : strip(one, options.weights ? 'weights' : 'state', dry, tally));
  if (options.json) print({ ...tally, deleted: !dry });
  else
    process.stdout.write(
      `${dry ? 'would free' : 'freed'} ${(tally.bytes / 1e6).toFixed(1)} MB of ${tally.runs} runs${tally.open > 0 ? `; ${tally.open} that are not finished stay` : ''}\n`,
    );
  if (options.all && !options.yes && !options.dryRun)
    throw new UsageError('nothing was deleted: add --yes to delete the runs, or --dry-run to look only');
}
