/** Builds the stores, opens the worker and renders. An entry names the worker; everything else is here. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { WorkbenchContext, type Workbench } from './context';
import { createPlotLink } from './plot/link';
import { parseLocation } from './routes';
import { keepInAddress } from './address';
import { createMenuStore } from './stores/menu';
import { readStart } from './stores/menu/link';
import { createRunStore } from './stores/run';
import { createSession, type Connect } from './stores/session';
import { createSetupStore } from './stores/setup';
import { createUiStore } from './stores/ui';
import './styles/index.css';

export function mount(root: HTMLElement, connect: Connect): Workbench {
  const run = createRunStore();
  const setup = createSetupStore();
  const ui = createUiStore(storage());
  const { query } = parseLocation(location.hash, location.search);
  const start = readStart(query);
  const session = createSession(connect, run, setup, ui);
  const menu = createMenuStore({ setup, replan: session.replan, storage: storage(), start });
  keepInAddress(menu);
  const workbench: Workbench = { run, setup, ui, menu, session, link: createPlotLink() };
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

  void session.connect(start.preset).then(() => (query.get('run') === '1' ? session.run() : undefined));
  return workbench;
}

/** Reading the property throws where the browser forbids storage. */
function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
