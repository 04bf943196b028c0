/** The matrix that the page runs, as it is shown. The queue itself is loaded when there is one. */
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { PageMatrix } from '@/worker/protocol';
import type { StoredStatus } from '@/worker/store-protocol';

export interface MatrixCell {
  readonly id: string;
  readonly label: string;
  readonly seed: number;
  readonly maxIters: number;
  readonly status: StoredStatus;
  /** Its run in the store, once it has one. */
  readonly run: string | null;
  readonly steps: number;
  readonly valLoss: number | null;
}

export interface MatrixState {
  readonly phase: 'none' | 'running' | 'paused' | 'done';
  readonly matrix: PageMatrix | null;
  readonly cells: readonly MatrixCell[];
  /** Milliseconds a step over the cells that ended since the page was opened; null before one has. */
  readonly stepMs: number | null;
  /** Why it does not go on, or what did not work. */
  readonly problem: string | null;
}

export type MatrixStore = StoreApi<MatrixState>;

export const NONE: MatrixState = { phase: 'none', matrix: null, cells: [], stepMs: null, problem: null };

export const createMatrixStore = (): MatrixStore => createStore<MatrixState>(() => NONE);

export const MATRIX_KEY = 'wb-matrix';

/** As `wb matrix`: a failed cell is not tried again. */
const OPEN: readonly StoredStatus[] = ['pending', 'running', 'stopped'];
export const isOpen = ({ status }: Pick<MatrixCell, 'status'>): boolean => OPEN.includes(status);

/** Milliseconds until the last open cell ends; `current`: of the running cell, as its own pace says. */
export function matrixEta({ cells, stepMs }: MatrixState, current: number | null, pace: number | null): number | null {
  const rate = stepMs ?? pace;
  if (rate === null) return null;
  const running = cells.find(({ status }) => status === 'running');
  const waiting = cells.filter((cell) => isOpen(cell) && cell !== running);
  return waiting.reduce((sum, { maxIters, steps }) => sum + (maxIters - steps) * rate, current ?? 0);
}
