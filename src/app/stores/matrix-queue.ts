/**
 * Runs the cells of a matrix one after another. What was asked for is kept in the browser's local storage; how far it is, the STATUS of
 * each cell's run says and nothing else: after a reload the queue asks the store again.
 */
import type { PageMatrix, RunRequest } from '@/worker/protocol';
import type { RunEntry } from '@/worker/store-protocol';
import type { Library } from './library';
import { isOpen, MATRIX_KEY, NONE, type MatrixCell, type MatrixStore } from './matrix';
import { isActive, type RunStoreApi } from './run';
import type { Session } from './session';

export interface MatrixHost {
  readonly store: MatrixStore;
  readonly session: Pick<Session, 'matrix' | 'runCell' | 'continueRun' | 'stop'>;
  readonly run: RunStoreApi;
  readonly library: Pick<Library, 'load' | 'store'>;
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null;
  /** Null outside of a secure context. */
  readonly locks: LockManager | null;
}

const LOCK = 'knlp-workbench matrix';

/** What the browser gives. Reading `localStorage` throws where it is forbidden. */
export function browserMatrix(): Pick<MatrixHost, 'storage' | 'locks'> {
  const locks = (navigator as Partial<Navigator>).locks ?? null;
  try {
    return { storage: localStorage, locks };
  } catch {
    return { storage: null, locks };
  }
}

/** The run of a cell; of several the one that got furthest. */
function entryOf(matrix: PageMatrix, cell: string, entries: readonly RunEntry[]): RunEntry | null {
  const own = entries.filter(({ runId }) => runId === `${matrix.id}-${cell}`);
  return own.find(({ status }) => status === 'ok') ?? own.sort((a, b) => b.steps - a.steps).at(0) ?? null;
}

/** Cells with what the store knows of them. `refused`: those that could not be started and so have no run. */
export function cellsOf(
  matrix: PageMatrix,
  entries: readonly RunEntry[],
  refused: ReadonlySet<string> = new Set(),
): MatrixCell[] {
  return matrix.cells.map(({ id, label, seed, maxIters }) => {
    const entry = entryOf(matrix, id, entries);
    return {
      id, label, seed, maxIters, run: entry?.id ?? null, steps: entry?.steps ?? 0, valLoss: entry?.valLoss ?? null,
      status: entry?.status ?? (refused.has(id) ? 'failed' : 'pending'),
    }; // prettier-ignore
  });
}

/** Resolves with the state in which the run ended. */
const ended = (run: RunStoreApi): Promise<string> =>
  new Promise((resolve) => {
    const look = (): boolean => {
      const { state, connection } = run.getState();
      if (isActive(state) && connection !== 'crashed') return false;
      resolve(connection === 'crashed' ? 'crashed' : state);
      return true;
    };
    if (look()) return;
    const stop = run.subscribe(() => look() && stop());
  });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Only one tab runs the queue. Rejects with a readable message when another does. */
async function alone(locks: MatrixHost['locks'], work: () => Promise<void>): Promise<void> {
  if (!locks) return work();
  await locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) throw new Error('another tab runs a matrix: it goes on there');
    await work();
  });
}

/** Goes through the open cells until none is left, one was stopped by hand, or the engine is gone. */
async function work({ store, session, run, library }: MatrixHost, matrix: PageMatrix): Promise<void> {
  const refused = new Set<string>();
  let [steps, ms] = [0, 0];
  const look = async (): Promise<readonly MatrixCell[]> => {
    await library.load();
    const cells = cellsOf(matrix, library.store.getState().entries, refused);
    if (store.getState().matrix === matrix) store.setState({ cells });
    return cells;
  };
  for (;;) {
    const cells = await look();
    const next = cells.find(isOpen);
    if (store.getState().matrix !== matrix) return; // cancelled
    if (!next) return store.setState({ phase: 'done' });
    if (isActive(run.getState().state)) throw new Error('a run is going on: stop it first');
    store.setState({ cells: cells.map((c) => (c === next ? { ...c, status: 'running' } : c)) });
    const began = performance.now();
    const { config } = matrix.cells.find(({ id }) => id === next.id)!;
    const request: RunRequest = {
      preset: matrix.preset,
      overrides: {},
      config,
      cell: { matrix: matrix.id, id: next.id },
    };
    await (next.run === null ? session.runCell(request) : session.continueRun(next.run));
    const outcome = await ended(run);
    if (outcome === 'crashed') throw new Error('the engine worker stopped: restart it, then continue');
    const after = (await look()).find(({ id }) => id === next.id)!;
    if (outcome === 'stopped') return store.setState({ phase: store.getState().matrix ? 'paused' : 'none' });
    if (outcome === 'failed' && isOpen(after)) refused.add(next.id);
    if (outcome === 'failed' && after.run !== null && isOpen(after))
      throw new Error(run.getState().reason ?? 'it failed');
    steps += Math.max(0, after.steps - next.steps);
    ms += performance.now() - began;
    if (steps > 0) store.setState({ stepMs: ms / steps });
  }
}

async function go(host: MatrixHost, matrix: PageMatrix): Promise<void> {
  const { store } = host;
  store.setState({ phase: 'running', matrix, problem: null });
  try {
    await alone(host.locks, () => work(host, matrix));
    if (store.getState().phase === 'done') host.storage?.removeItem(MATRIX_KEY);
  } catch (error) {
    store.setState({ phase: 'paused', problem: messageOf(error) });
  }
}

/** Expands the request and runs its cells. */
export async function startMatrix(host: MatrixHost, request: RunRequest): Promise<void> {
  let matrix: PageMatrix;
  try {
    matrix = await host.session.matrix(request);
  } catch (error) {
    return host.store.setState({ ...NONE, problem: messageOf(error) });
  }
  host.storage?.setItem(MATRIX_KEY, JSON.stringify(matrix));
  await go(host, matrix);
}

export async function continueMatrix(host: MatrixHost): Promise<void> {
  const matrix = host.store.getState().matrix ?? keptMatrix(host.storage);
  if (matrix) await go(host, matrix);
}

/** After a reload: goes on, unless a cell was stopped by hand. */
export async function restoreMatrix(host: MatrixHost): Promise<void> {
  const matrix = keptMatrix(host.storage);
  if (!matrix) return;
  const cells = cellsOf(matrix, host.library.store.getState().entries);
  if (cells.some(({ status }) => status === 'stopped')) host.store.setState({ phase: 'paused', matrix, cells });
  else await go(host, matrix);
}

/** Forgets the queue and stops its running cell; what is finished stays in the store. */
export async function cancelMatrix({ store, storage, session }: MatrixHost): Promise<void> {
  const running = store.getState().phase === 'running';
  storage?.removeItem(MATRIX_KEY);
  store.setState(NONE);
  if (running) await session.stop();
}

function keptMatrix(storage: MatrixHost['storage']): PageMatrix | null {
  const text = storage?.getItem(MATRIX_KEY) ?? null;
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Partial<PageMatrix>;
    if (typeof value.id === 'string' && typeof value.preset === 'string' && Array.isArray(value.cells))
      return value as PageMatrix;
  } catch {
    // Not what this page wrote.
  }
  storage?.removeItem(MATRIX_KEY);
  return null;
}
