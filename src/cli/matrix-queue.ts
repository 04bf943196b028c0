/** Runs the open cells of a matrix, one after the other on one adapter. What kills it loses at most the steps since a checkpoint. */
import { openStrict, symbolValues } from '@/experiment/kconfig-tree';
import { experimentConfig } from '@/experiment/config';
import { makeReport } from '@/experiment/report/report';
import { reportCsv, reportJson, reportText } from '@/experiment/report/format';
import { type CellProgress, durationText, etaSeconds } from '@/experiment/matrix/eta';
import {
  type CellState,
  type MatrixRecord,
  cellStates,
  resetCell,
  writeMatrixManifest,
} from '@/experiment/matrix/matrix-directory';
import { utc } from '@/experiment/manifest/build';
import { join } from 'node:path';
import { configOf, continueRun } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { host } from './host';
import { type EngineSlot, type Outcome, adapterText, openEngine, openOn, openRunnable, trainInto } from './train-run';

export interface QueueOptions {
  readonly software?: boolean;
  readonly autotune?: boolean;
  readonly quiet: boolean;
}

const OPEN = ['pending', 'running', 'stopped'] as const;
const isOpen = ({ status }: CellState): boolean => OPEN.some((s) => s === status);

/** Writes report.{txt,json,csv} and the manifest from what the cells' own files say. */
export async function summariseMatrix(directory: DiskDirectory, matrix: MatrixRecord): Promise<string> {
  const report = makeReport(await cellStates(directory, matrix), 'val_loss');
  const text = reportText(report);
  await directory.write('report.json', reportJson(report));
  await directory.write('report.csv', reportCsv(report));
  await directory.write('report.txt', text);
  await writeMatrixManifest(directory, matrix, host());
  return text;
}

/** A queue's view of one cell for the ETA: seconds come from what its metrics say it took. */
export async function progressOf(directory: DiskDirectory, cell: CellState): Promise<CellProgress> {
  const folder = new DiskDirectory(join(directory.root, 'cells', cell.id));
  const { experiment } = await configOf(folder);
  const steps = Math.min(cell.manifest?.stopAt ?? Infinity, experiment.training.maxIters);
  const kind = Object.values(cell.axes).join(' ');
  const text = new TextDecoder().decode((await folder.read('metrics.jsonl')) ?? new Uint8Array());
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  const step = /"step":(\d+)/.exec(last);
  const elapsed = /"elapsed_ms":([\d.e+-]+)/.exec(text.slice(text.lastIndexOf('"elapsed_ms":'))); // not every event has one
  const ended = cell.status === 'ok' ? (cell.manifest?.results?.steps ?? steps) : null; // it may stop early
  const done = ended ?? Math.min(steps, Number(step?.[1] ?? 0));
  return { kind, steps: ended ?? steps, done, seconds: Number(elapsed?.[1] ?? 0) / 1000 };
}

async function startCell(
  directory: DiskDirectory,
  matrix: MatrixRecord,
  cell: CellState,
  slot: EngineSlot,
  options: QueueOptions,
): Promise<Outcome | null> {
  const folder = new DiskDirectory(join(directory.root, 'cells', cell.id));
  if (cell.status !== 'pending' && cell.manifest) return continueRun(folder, { ...options, quiet: true, slot });
  await resetCell(directory, cell.id);
  const config = await configOf(folder);
  const adapter = { ...options, backend: matrix.backend };
  const engine = slot.current;
  const open = await openRunnable(config, engine, adapter);
  const reopen = () => openOn(config, adapter, slot);
  const identity = {
    runId: `${matrix.runId}-${cell.id}`, project: matrix.project, preset: matrix.preset, createdAt: utc(new Date()),
    overrides: matrix.overrides, minimal: config.minimal, full: config.full, stopAt: matrix.stopAt, parents: [matrix.runId], host: host(),
  }; // prettier-ignore
  try {
    return await trainInto({ open, directory: folder, identity, engine, reopen, quiet: true });
  } finally {
    open.backend.destroy();
  }
}

/** True when no cell is left open: false after SIGINT. */
export async function runQueue(
  directory: DiskDirectory,
  matrix: MatrixRecord,
  options: QueueOptions,
): Promise<boolean> {
  const say = (line: string): void => void (options.quiet || process.stderr.write(`${line}\n`));
  const slot = { current: await openEngine({ ...options, backend: matrix.backend }) };
  const states = await cellStates(directory, matrix);
  const open = states.filter(isOpen);
  const progress = new Map<string, CellProgress>();
  for (const state of states) progress.set(state.id, await progressOf(directory, state));
  say(`${adapterText(slot.current)}; ${open.length} of ${states.length} cells to run`);
  for (const [i, cell] of open.entries()) {
    const began = performance.now();
    const outcome = await startCell(directory, matrix, cell, slot, options).catch(async (error: unknown) => {
      const folder = new DiskDirectory(join(directory.root, 'cells', cell.id));
      const failed = error instanceof Error ? error.message : String(error);
      await folder.append('log.txt', `failed: ${failed}\n`);
      await folder.write('STATUS', 'failed\n');
      return { status: 'failed', steps: 0, loss: NaN, val: null, failed } satisfies Outcome;
    });
    if (outcome?.status === 'stopped') {
      say(`stopped in ${cell.id}; "wb continue ${directory.root}" goes on`);
      return false;
    }
    const before = progress.get(cell.id)!;
    const seconds = Math.max(before.seconds, (performance.now() - began) / 1000);
    progress.set(cell.id, { ...before, done: before.steps, seconds });
    const eta = etaSeconds([...progress.values()]);
    const result = outcome?.failed ?? `val ${outcome?.val?.toFixed(4) ?? '-'}`;
    say(
      `${i + 1}/${open.length} ${outcome?.status ?? 'ok'} ${cell.id}  ${result}${eta ? `  ETA ${durationText(eta)}` : ''}`,
    );
  }
  return true;
}

/** The cells' configurations must be readable before hours are spent. Throws with the cell's name. */
export async function checkCells(directory: DiskDirectory, matrix: MatrixRecord): Promise<void> {
  for (const { id } of matrix.cells) {
    const file = join('cells', id, 'config.full');
    const text = new TextDecoder().decode((await directory.read(file)) ?? new Uint8Array());
    experimentConfig(symbolValues(openStrict(text, join(directory.root, file))));
  }
}
