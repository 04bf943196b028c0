/** One-shot pruning of this visit: what is asked, what came back, and the losses of every sparsity that was looked at. */
import { createStore } from 'zustand/vanilla';
import {
  type OneShotRequest,
  type OneShotScore,
  type OneShotView,
  type Progress,
  SUPERSEDED,
} from '@/worker/analysis-protocol';
import type { Workbench } from '../../context';

/** Losses of one score at rising sparsities. */
export interface Curve {
  readonly id: string;
  readonly score: OneShotScore;
  readonly eps: number;
  readonly points: readonly (readonly [sparsity: number, loss: number])[];
}

export type Wanted = Omit<OneShotRequest, 'fresh'>;

export interface OneShotState {
  readonly wanted: Wanted;
  readonly waiting: boolean;
  readonly progress: Progress | null;
  readonly problem: string | null;
  readonly view: OneShotView | null;
  readonly curves: readonly Curve[];
}

/** A drag is followed, not every pixel of it. */
const DEBOUNCE_MS = 120;

export const oneShot = createStore<OneShotState>(() => ({
  wanted: { run: null, score: 'magnitude', sparsity: 0.5, eps: 1e-8 },
  waiting: false,
  progress: null,
  problem: null,
  view: null,
  curves: [],
}));

/** Scores whose value depends on epsilon. */
export const hasEps = (score: OneShotScore): boolean =>
  !['random', 'magnitude', 'wanda', 'bitter1', 'bitter2'].includes(score);

/** Curves with one more point; those of other weights go. */
export function withPoint(old: OneShotState, view: OneShotView): readonly Curve[] {
  const { score, eps, sparsity, run } = view.request;
  const same = old.view?.request.run === run && old.view.step === view.step && old.view.lossBefore === view.lossBefore;
  const curves = same ? old.curves : [];
  const id = hasEps(score) ? `${score} e=${eps}` : score;
  const known = curves.find((c) => c.id === id) ?? { id, score, eps, points: [] };
  const points = [...known.points.filter(([s]) => s !== sparsity), [sparsity, view.loss] as const].sort(
    (a, b) => a[0] - b[0],
  );
  const next = { ...known, points };
  return curves.includes(known) ? curves.map((c) => (c === known ? next : c)) : [...curves, next];
}

let timer: ReturnType<typeof setTimeout> | undefined;
let newest = 0;

/** Changes what is wanted and asks for it once the changes have paused. */
export function change(workbench: Workbench, patch: Partial<Wanted>): void {
  oneShot.setState(({ wanted }) => ({ wanted: { ...wanted, ...patch } }));
  clearTimeout(timer);
  timer = setTimeout(() => void ask(workbench), DEBOUNCE_MS);
}

/** Asks now; `fresh`: at the weights of this moment. An answer to an older question still adds its point. */
export async function ask({ session }: Workbench, fresh = false): Promise<void> {
  clearTimeout(timer);
  const ticket = ++newest;
  oneShot.setState({ waiting: true, problem: null, progress: null });
  const told = (state: Partial<OneShotState>): void => {
    if (ticket === newest) oneShot.setState(state);
  };
  try {
    const view = await session.analyses.oneShot({ ...oneShot.getState().wanted, fresh }, (progress) =>
      told({ progress }),
    );
    oneShot.setState((old) => ({ curves: withPoint(old, view), view }));
    told({ waiting: false, progress: null });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    told({ waiting: false, progress: null, problem: text === SUPERSEDED ? null : text });
  }
}
