/** Runs the open cells of a matrix, one after the other or a few beside each other. What kills it loses at most the steps since a checkpoint. */
import { openStrict, symbolValues } from '@/experiment/kconfig-tree';
import { experimentConfig } from '@/experiment/config';
import { makeReport } from '@/experiment/report/report';
import { reportCsv, reportJson, reportText } from '@/experiment/report/format';
import { type CellProgress, durationText, etaSeconds } from '@/experiment/matrix/eta';
import {
  type CellState,
  type MatrixRecord,
  cellStates,
  writeMatrixManifest,
} from '@/experiment/matrix/matrix-directory';
import { RunControl } from '@/experiment/run-control';
import { join } from 'node:path';
import { runCell } from './cell';
import { CellThread } from './cell-thread';
import { configOf } from './continue-run';
import { chooseDriver } from './dawn';
import { DiskDirectory } from './disk-directory';
import { host } from './host';
import { type Outcome, adapterText, openEngine } from './train-run';

export interface QueueOptions {
  readonly software?: boolean;
  readonly autotune?: boolean;
  readonly quiet: boolean;
  /** Cells beside each other on one device. */
  readonly jobs: number;
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

/** Where cells run, one at a time. */
interface Lane {
  run(cell: CellState): Promise<Outcome | null>;
  /** The cell in work is saved and stays open. */
  stop(): void;
  close(): Promise<void>;
}

async function laneHere(
  directory: DiskDirectory,
  matrix: MatrixRecord,
  options: QueueOptions,
): Promise<{ lane: Lane; adapter: string }> {
  const slot = { current: await openEngine({ ...options, backend: matrix.backend }) };
  const control = new RunControl();
  const lane: Lane = {
    run: (cell) => runCell(directory, matrix, cell, slot, { ...options, control }),
    stop: () => control.stop(),
    close: () => Promise.resolve(),
  };
  return { lane, adapter: adapterText(slot.current) };
}

/** One lane here, or `jobs` threads; kernels are not timed while other cells run beside them. */
async function openLanes(directory: DiskDirectory, matrix: MatrixRecord, options: QueueOptions, cells: number) {
  if (options.jobs === 1) return [await laneHere(directory, matrix, options)];
  const { software = false } = options;
  chooseDriver(software);
  const count = Math.min(options.jobs, cells);
  const opened = await Promise.allSettled(
    Array.from({ length: count }, () => CellThread.open(directory, matrix, { software, autotune: false })),
  );
  return opened.map((lane) => {
    if (lane.status === 'rejected') throw lane.reason;
    return lane.value;
  });
}

/** Words for the events of a queue, a line each. */
class QueueLog {
  readonly #progress = new Map<string, CellProgress>();
  #done = 0;

  constructor(
    readonly options: QueueOptions,
    readonly total: number,
    progress: readonly (readonly [string, CellProgress])[],
  ) {
    this.#progress = new Map(progress);
  }

  say(line: string): void {
    if (!this.options.quiet) process.stderr.write(`${line}\n`);
  }

  began({ id }: CellState): void {
    if (this.options.jobs > 1) this.say(`    began ${id}`);
  }

  ended({ id }: CellState, outcome: Outcome | null, seconds: number): void {
    const before = this.#progress.get(id)!;
    const steps = outcome?.status === 'ok' ? outcome.steps : before.steps;
    this.#progress.set(id, { ...before, steps, done: steps, seconds: Math.max(before.seconds, seconds) });
    const eta = (etaSeconds([...this.#progress.values()]) ?? 0) / Math.min(this.options.jobs, this.total);
    const result = outcome?.failed ?? `val ${outcome?.val?.toFixed(4) ?? '-'}`;
    this.#done++;
    this.say(
      `${this.#done}/${this.total} ${outcome?.status ?? 'ok'} ${id}  ${result}${eta ? `  ETA ${durationText(eta)}` : ''}`,
    );
  }
}

/** True when no cell is left open: false after SIGINT. */
export async function runQueue(
  directory: DiskDirectory,
  matrix: MatrixRecord,
  options: QueueOptions,
): Promise<boolean> {
  const states = await cellStates(directory, matrix);
  const open = states.filter(isOpen);
  const progress = [];
  for (const state of states) progress.push([state.id, await progressOf(directory, state)] as const);
  const log = new QueueLog(options, open.length, progress);
  if (open.length === 0) {
    log.say(`0 of ${states.length} cells to run`);
    return true;
  }
  const lanes = await openLanes(directory, matrix, options, open.length);
  const beside = lanes.length > 1 ? `, ${lanes.length} at a time` : '';
  log.say(`${lanes[0]!.adapter}; ${open.length} of ${states.length} cells to run${beside}`);
  const waiting = [...open];
  let stopped = false;
  const stop = (): void => {
    stopped = true;
    for (const { lane } of lanes) lane.stop();
  };
  process.once('SIGINT', stop);
  const drive = async (lane: Lane): Promise<void> => {
    for (let cell = waiting.shift(); cell && !stopped; cell = waiting.shift()) {
      const began = performance.now();
      log.began(cell);
      const outcome = await lane.run(cell);
      if (outcome?.status === 'stopped') {
        stopped = true;
        log.say(`stopped in ${cell.id}; "wb continue ${directory.root}" goes on`);
      } else log.ended(cell, outcome, (performance.now() - began) / 1000);
    }
  };
  try {
    const ended = await Promise.allSettled(lanes.map(({ lane }) => drive(lane)));
    const broken = ended.find((lane) => lane.status === 'rejected');
    if (broken) throw broken.reason;
  } finally {
    process.off('SIGINT', stop);
    for (const { lane } of lanes) await lane.close();
  }
  return !stopped;
}

/** The cells' configurations must be readable before hours are spent. Throws with the cell's name. */
export async function checkCells(directory: DiskDirectory, matrix: MatrixRecord): Promise<void> {
  for (const { id } of matrix.cells) {
    const file = join('cells', id, 'config.full');
    const text = new TextDecoder().decode((await directory.read(file)) ?? new Uint8Array());
    experimentConfig(symbolValues(openStrict(text, join(directory.root, file))));
  }
}
