/** What plots of one run share: where the crosshair stands and which stretch of x is in view. */
import { createStore, type StoreApi } from 'zustand/vanilla';

export interface PlotLinkState {
  readonly hover: number | null;
  /** Null shows everything and follows the run as it grows. */
  readonly window: readonly [number, number] | null;
}

export type PlotLink = StoreApi<PlotLinkState>;

export const createPlotLink = (): PlotLink => createStore<PlotLinkState>(() => ({ hover: null, window: null }));
