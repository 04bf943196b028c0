/** The stores and the session, handed down once; components subscribe to the slices they show. */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { PlotLink } from './plot/link';
import type { RunStore, RunStoreApi } from './stores/run';
import type { Session } from './stores/session';
import type { SetupStore, SetupStoreApi } from './stores/setup';
import type { UiStore, UiStoreApi } from './stores/ui';

export interface Workbench {
  readonly run: RunStoreApi;
  readonly setup: SetupStoreApi;
  readonly ui: UiStoreApi;
  readonly session: Session;
  /** Crosshair and zoom of the live run's plots. */
  readonly link: PlotLink;
}

export const WorkbenchContext = createContext<Workbench | null>(null);

export function useWorkbench(): Workbench {
  const workbench = useContext(WorkbenchContext);
  if (!workbench) throw new Error('useWorkbench outside of WorkbenchContext');
  return workbench;
}

export const useRun = <T>(select: (state: RunStore) => T): T => useStore(useWorkbench().run, select);
export const useSetup = <T>(select: (state: SetupStore) => T): T => useStore(useWorkbench().setup, select);
export const useUi = <T>(select: (state: UiStore) => T): T => useStore(useWorkbench().ui, select);
