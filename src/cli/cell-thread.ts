/**
 * Cells in a thread of this process, with a device of its own. Threads and not processes: what kills the matrix kills all of them
 * at once, so no orphan writes into a cell that `wb continue` has taken up.
 */
import { join } from 'node:path';
import { Worker, parentPort, workerData } from 'node:worker_threads';
import type { CellState, MatrixRecord } from '@/experiment/matrix/matrix-directory';
import { RunControl } from '@/experiment/run-control';
import { type CellOptions, failCell, runCell } from './cell';
import { DiskDirectory } from './disk-directory';
import { root } from './options';
import { type Outcome, adapterText, openEngine } from './train-run';

interface ThreadData {
  readonly cells: { readonly root: string; readonly matrix: MatrixRecord; readonly options: CellOptions };
}
type Order = { readonly type: 'run'; readonly cell: CellState } | { readonly type: 'stop' | 'end' };
type Answer =
  | { readonly type: 'ready'; readonly adapter: string }
  | { readonly type: 'done'; readonly outcome: Outcome | null }
  | { readonly type: 'refused'; readonly message: string };
type Heard = Answer | { readonly type: 'died'; readonly message: string };

/** True in a thread that `CellThread` has started. */
export const isCellThread = (): boolean => (workerData as Partial<ThreadData> | null)?.cells !== undefined;

/** The thread's side: takes one cell after the other until it is terminated. */
export async function serveCells(): Promise<void> {
  const { root: folder, matrix, options } = (workerData as ThreadData).cells;
  const directory = new DiskDirectory(folder);
  const answer = (message: Answer): void => parentPort!.postMessage(message);
  const control = new RunControl();
  const slot = { current: null as Awaited<ReturnType<typeof openEngine>> };
  const take = async (cell: CellState): Promise<void> => {
    const outcome = await runCell(directory, matrix, cell, slot, { ...options, control });
    answer({ type: 'done', outcome });
  };
  parentPort!.on('message', (order: Order) => {
    if (order.type === 'run') void take(order.cell);
    else if (order.type === 'stop') control.stop();
    else process.exit(0);
  });
  try {
    slot.current = await openEngine({ ...options, backend: matrix.backend });
    answer({ type: 'ready', adapter: adapterText(slot.current) });
  } catch (error) {
    answer({ type: 'refused', message: error instanceof Error ? error.message : String(error) });
  }
}

/** The queue's side of one thread. */
export class CellThread {
  /** null: it has died; the next cell gets another one. */
  #worker: Worker | null = null;
  #hear: (heard: Heard) => void = () => undefined;

  private constructor(
    readonly directory: DiskDirectory,
    readonly matrix: MatrixRecord,
    readonly options: CellOptions,
  ) {}

  /** Throws when there is no device, with what the thread said. */
  static async open(
    directory: DiskDirectory,
    matrix: MatrixRecord,
    options: CellOptions,
  ): Promise<{ readonly lane: CellThread; readonly adapter: string }> {
    const lane = new CellThread(directory, matrix, options);
    return { lane, adapter: await lane.#start() };
  }

  async #start(): Promise<string> {
    const data: ThreadData = { cells: { root: this.directory.root, matrix: this.matrix, options: this.options } };
    const worker = (this.#worker = new Worker(join(root(), 'bin/wb'), { workerData: data }));
    const died = (message: string): void => {
      if (this.#worker !== worker) return; // said already
      this.#worker = null;
      this.#hear({ type: 'died', message });
    };
    worker.on('message', (message: Answer) => this.#hear(message));
    worker.on('error', (error) => died(error.message));
    worker.on('exit', (code) => died(`its thread ended with code ${code}`));
    const heard = await this.#heard();
    if (heard.type === 'ready') return heard.adapter;
    throw new Error('message' in heard ? heard.message : 'the thread answered before it was ready');
  }

  #heard(): Promise<Heard> {
    return new Promise((resolve) => (this.#hear = resolve));
  }

  /** A thread that dies (out of memory) fails its cell. */
  async run(cell: CellState): Promise<Outcome | null> {
    if (!this.#worker) await this.#start();
    const answer = this.#heard();
    this.#worker!.postMessage({ type: 'run', cell } satisfies Order);
    const heard = await answer;
    if (heard.type === 'done') return heard.outcome;
    return failCell(this.directory, cell.id, 'message' in heard ? heard.message : 'no outcome');
  }

  stop(): void {
    this.#worker?.postMessage({ type: 'stop' } satisfies Order);
  }

  /** With no cell in work. The thread ends itself: one that is terminated inside Dawn takes the process with it. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = null;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage({ type: 'end' } satisfies Order);
    await ended;
  }
}
