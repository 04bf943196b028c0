/** One cell of a matrix on one device, from where it is to its end: what the queue does in this thread, or one of several does. */
import { join } from 'node:path';
import { type CellState, type MatrixRecord, resetCell } from '@/experiment/matrix/matrix-directory';
import { utc } from '@/experiment/manifest/build';
import type { RunControl } from '@/experiment/run-control';
import { configOf, continueRun } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { host } from './host';
import { type EngineSlot, type Outcome, openOn, openRunnable, trainInto } from './train-run';

export interface CellOptions {
  readonly software?: boolean;
  readonly autotune?: boolean;
}

async function startCell(
  directory: DiskDirectory,
  matrix: MatrixRecord,
  cell: CellState,
  slot: EngineSlot,
  options: CellOptions & { readonly control: RunControl },
): Promise<Outcome | null> {
  const folder = new DiskDirectory(join(directory.root, 'cells', cell.id));
  if (cell.status !== 'pending' && cell.manifest) return continueRun(folder, { ...options, quiet: true, slot });
  await resetCell(directory, cell.id);
  const config = await configOf(folder);
  const { control, ...adapter } = { ...options, backend: matrix.backend };
  const engine = slot.current;
  const open = await openRunnable(config, engine, adapter);
  const reopen = () => openOn(config, adapter, slot);
  const identity = {
    runId: `${matrix.runId}-${cell.id}`, project: matrix.project, preset: matrix.preset, createdAt: utc(new Date()),
    overrides: matrix.overrides, minimal: config.minimal, full: config.full, stopAt: matrix.stopAt, parents: [matrix.runId], host: host(),
  }; // prettier-ignore
  try {
    return await trainInto({ open, directory: folder, identity, engine, reopen, control, quiet: true });
  } finally {
    open.backend.destroy();
  }
}

/** Marks a cell as failed, for a reason that its own run could not write down. */
export async function failCell(directory: DiskDirectory, id: string, failed: string): Promise<Outcome> {
  const folder = new DiskDirectory(join(directory.root, 'cells', id));
  await folder.append('log.txt', `failed: ${failed}\n`);
  await folder.write('STATUS', 'failed\n');
  return { status: 'failed', steps: 0, loss: NaN, val: null, failed };
}

/** Never rejects for a failure of the cell. Null: there was nothing left to do. */
export function runCell(...[directory, matrix, cell, slot, options]: Parameters<typeof startCell>) {
  return startCell(directory, matrix, cell, slot, options).catch((error: unknown) =>
    failCell(directory, cell.id, error instanceof Error ? error.message : String(error)),
  );
}
