/**
 * BASELINE=DIR,...: finished runs that a matrix takes over instead of training them again. Only a run of exactly a cell's
 * configuration, seed included, can stand for it (stricter than workflow-and-explainers 3.1, which compares data, size and seed).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { MatrixRecord } from '@/experiment/matrix/matrix-directory';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { readStatus } from '@/experiment/session/resume';
import { configOf, manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { UsageError } from './options';

const LEFT_BEHIND = ['STATUS', 'manifest.json', 'config.min', 'config.full'];

interface Finished {
  readonly dir: string;
  readonly directory: DiskDirectory;
  readonly full: string;
  readonly runId: string;
}

/** Throws UsageError for a directory that is no finished run. */
async function finishedRun(dir: string, backend: MatrixRecord['backend']): Promise<Finished> {
  if (!existsSync(dir)) throw new UsageError(`BASELINE: ${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  const manifest = await manifestOf(directory);
  const status = await readStatus(directory);
  if (manifest.kind !== 'train' || status !== 'ok')
    throw new UsageError(`BASELINE: ${dir} is no finished training run (${manifest.kind}, ${status ?? 'no STATUS'})`);
  if ((manifest.device?.backend === 'cpu') !== (backend === 'reference'))
    throw new UsageError(`BASELINE: ${dir} was trained on ${manifest.device?.backend ?? 'nothing'}, the matrix runs on ${backend}`); // prettier-ignore
  return { dir, directory, full: (await configOf(directory)).full, runId: manifest.runId };
}

/** The runs that BASELINE names; checked before a matrix is created. */
export const baselineRuns = (overrides: Readonly<Record<string, string>>, backend: MatrixRecord['backend']): Promise<Finished[]> =>
  Promise.all((overrides['BASELINE'] ?? '').split(',').filter(Boolean).map((dir) => finishedRun(dir, backend))); // prettier-ignore

export interface Takeover {
  readonly cell: string;
  readonly run: Finished;
}

/** Which run stands for which cell. Throws UsageError for a run that no cell equals. */
export function matchBaselines(
  runs: readonly Finished[],
  cells: readonly { readonly id: string; readonly full: string }[],
): Takeover[] {
  return runs.map((run) => {
    const cell = cells.find(({ full }) => full === run.full);
    if (!cell)
      throw new UsageError(`BASELINE: ${run.dir}: no cell has its configuration and seed (see "wb kconfig diff")`);
    return { cell: cell.id, run };
  });
}

/** Copies each run into its cell. A kill in between leaves the cell pending: it is trained then. */
export async function takeOver(
  directory: DiskDirectory,
  matrix: MatrixRecord,
  takeovers: readonly Takeover[],
): Promise<void> {
  for (const { cell, run } of takeovers) {
    const folder = new DiskDirectory(join(directory.root, 'cells', cell));
    for (const file of await run.directory.list())
      if (!LEFT_BEHIND.includes(file)) await folder.write(file, (await run.directory.read(file))!);
    const manifest = await manifestOf(run.directory);
    await folder.write('manifest.json', serializeManifest({ ...manifest, parents: [...manifest.parents, matrix.runId] })); // prettier-ignore
    await folder.append('log.txt', `taken over from run ${manifest.runId}\n`);
    await folder.write('STATUS', 'ok\n');
  }
}
