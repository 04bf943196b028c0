/** Builds the stores, opens the worker and renders. An entry names the worker; everything else is here. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { WorkbenchContext, type Workbench } from './context';
import { createPlotLink } from './plot/link';
import { parseLocation } from './routes';
import { keepInAddress } from './address';
import { createMatrixStore, MATRIX_KEY } from './stores/matrix';
import { createMenuStore } from './stores/menu';
import { readStart } from './stores/menu/link';
import { isInterrupted } from './stores/interrupted';
import { createLibrary, type StoreConnection } from './stores/library';
import { interruptedNotice, withNotice } from './stores/notices';
import { createRunStore, isActive } from './stores/run';
import { createSession, type Connect } from './stores/session';
import { createSetupStore } from './stores/setup';
import { createUiStore } from './stores/ui';
import './styles/index.css';

export function mount(root: HTMLElement, connect: Connect, connectStore: () => StoreConnection): Workbench {
  const run = createRunStore();
  const setup = createSetupStore();
  const ui = createUiStore(storage());
  const { query } = parseLocation(location.hash, location.search);
  const start = readStart(query);
  const session = createSession(connect, run, setup, ui);
  const menu = createMenuStore({ setup, replan: session.replan, storage: storage(), start });
  keepInAddress(menu);
  const library = createLibrary(connectStore);
  const matrix = createMatrixStore();
  const workbench: Workbench = { run, setup, ui, menu, session, library, matrix, link: createPlotLink() };
  run.subscribe((now, before) => {
    if (now.state === before.state || (now.state !== 'finished' && now.state !== 'stopped')) return;
    void import('./stores/own').then(({ keepRun }) => keepRun(now));
  });
  // A new run shows itself whole.
  run.subscribe((now, before) => {
    if (now.data !== before.data) workbench.link.setState({ hover: null, window: null });
  });

  createRoot(root).render(
    <StrictMode>
      <WorkbenchContext value={workbench}>
        <App />
      </WorkbenchContext>
    </StrictMode>,
  );

  const listed = library.load();
  void session.connect(start.preset).then(async () => {
    if (query.get('run') === '1') return session.run();
    await listed;
    if (storage()?.getItem(MATRIX_KEY)) {
      const { browserMatrix, restoreMatrix } = await import('./stores/matrix-queue');
      return restoreMatrix({ store: matrix, session, run, library, ...browserMatrix() });
    }
    offerInterrupted(workbench);
  });
  return workbench;
}

/** The newest run that was cut off is offered in the Lab; the others wait on the Runs page. */
function offerInterrupted({ run, library }: Workbench): void {
  const cut = library.store.getState().entries.find(isInterrupted);
  if (!cut || isActive(run.getState().state)) return;
  run.setState(({ notices }) => ({
    notices: withNotice(notices, interruptedNotice(cut.id, cut.steps, cut.maxIters)),
  }));
}

/** Reading the property throws where the browser forbids storage. */
function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
