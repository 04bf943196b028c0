/** When a matrix will be done: the running cell's own speed, blended with what finished cells of the same kind took. */

export interface CellProgress {
  /** Cells of one kind are expected to take the same time a step. */
  readonly kind: string;
  readonly steps: number;
  readonly done: number;
  /** Seconds spent so far; 0 for cells that did not start. */
  readonly seconds: number;
}

/** Steps after which a running cell's own speed counts as much as its finished peers'. */
const TRUST_STEPS = 50;

function secondsPerStep(cells: readonly CellProgress[]): number | null {
  const steps = cells.reduce((sum, c) => sum + c.done, 0);
  return steps > 0 ? cells.reduce((sum, c) => sum + c.seconds, 0) / steps : null;
}

/** Seconds that are left; null before there is anything to measure by. */
export function etaSeconds(cells: readonly CellProgress[]): number | null {
  const finished = cells.filter((c) => c.done >= c.steps && c.seconds > 0);
  const everything = secondsPerStep(cells.filter((c) => c.seconds > 0));
  if (everything === null) return null;
  return cells.reduce((left, cell) => {
    const remaining = Math.max(0, cell.steps - cell.done);
    if (remaining === 0) return left;
    const peers =
      secondsPerStep(finished.filter((c) => c.kind === cell.kind)) ?? secondsPerStep(finished) ?? everything;
    const own = cell.done > 0 && cell.seconds > 0 ? cell.seconds / cell.done : null;
    const trust = own === null ? 0 : cell.done / (cell.done + TRUST_STEPS);
    const rate = own === null ? peers : finished.length === 0 ? own : trust * own + (1 - trust) * peers;
    return left + remaining * rate;
  }, 0);
}

/** "1 h 02 min", "3 min 05 s", "7 s". */
export function durationText(seconds: number): string {
  const s = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
  return s >= 60 ? `${Math.floor(s / 60)} min ${two(s % 60)} s` : `${s} s`;
}
