/** The stores and the session, handed down once; components subscribe to the slices they show. */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { PlotLink } from './plot/link';
import type { Library, LibraryState } from './stores/library';
import type { MenuStore, MenuStoreApi } from './stores/menu';
import type { MatrixState, MatrixStore } from './stores/matrix';
import type { Menu } from './stores/menu/model';
import type { RunStore, RunStoreApi } from './stores/run';
import type { Session } from './stores/session';
import type { SetupStore, SetupStoreApi } from './stores/setup';
import type { UiStore, UiStoreApi } from './stores/ui';

export interface Workbench {
  readonly run: RunStoreApi;
  readonly setup: SetupStoreApi;
  readonly ui: UiStoreApi;
  readonly menu: MenuStoreApi;
  readonly session: Session;
  readonly library: Library;
  readonly matrix: MatrixStore;
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
export const useMenuStore = <T>(select: (state: MenuStore) => T): T => useStore(useWorkbench().menu, select);

/** For components that stand where there is a menu only. */
export const useMenu = <T>(select: (menu: Menu) => T): T =>
  useMenuStore(({ menu }) => {
    if (menu === null) throw new Error('useMenu before the menu is open');
    return select(menu);
  });

export const useUi = <T>(select: (state: UiStore) => T): T => useStore(useWorkbench().ui, select);

export const useLibrary = <T>(select: (state: LibraryState) => T): T => useStore(useWorkbench().library.store, select);

export const useMatrix = <T>(select: (state: MatrixState) => T): T => useStore(useWorkbench().matrix, select);
