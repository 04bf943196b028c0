/** The Kconfig menu: path, rows, help on the chosen row, and what stands over them. */
import type { ReactNode } from 'react';
import { useMenu, useMenuStore, useWorkbench } from '../context';
import { leaveTo, search, showPane } from '../stores/menu/cursor';
import { redo, undo } from '../stores/menu/edit';
import { ChangesDialog } from './ChangesDialog';
import { FilesDialog } from './FilesDialog';
import { HelpPane } from './HelpPane';
import { InfoDialog } from './InfoDialog';
import { MenuRows } from './MenuRows';
import { PresetDialog } from './PresetDialog';
import { ReportDialog } from './ReportDialog';
import { useRowFocus } from './row-focus';
import { SearchBox } from './SearchBox';

export function MenuSection(): ReactNode {
  const ready = useMenuStore((s) => s.menu !== null);
  const error = useMenuStore((s) => s.error);
  if (error !== null) {
    return (
      <section className="section">
        <p className="callout danger pre" role="alert">
          {error}
        </p>
      </section>
    );
  }
  return (
    <section className="section menu-section" aria-labelledby="menu-title">
      <h3 id="menu-title" className="visually-hidden">
        Options
      </h3>
      {ready ? <OpenMenu /> : <p className="muted">Waiting for the engine.</p>}
    </section>
  );
}

/** The dialogs come before the rows: their focus goes back before the rows claim it. */
function OpenMenu(): ReactNode {
  const pane = useMenu((menu) => menu.pane);
  const claimFocus = useRowFocus(useMenu((menu) => menu));
  return (
    <>
      {pane.kind === 'info' && <InfoDialog node={pane.node} part={pane.part} />}
      {pane.kind === 'presets' && <PresetDialog />}
      {pane.kind === 'changes' && <ChangesDialog />}
      {pane.kind === 'files' && <FilesDialog part={pane.part} />}
      {pane.kind === 'report' && <ReportDialog report={pane.report} />}
      <Toolbar />
      {pane.kind === 'search' ? (
        <SearchBox pane={pane} />
      ) : (
        <>
          <Crumbs />
          <MenuRows claimFocus={claimFocus} />
        </>
      )}
      {pane.kind !== 'search' && (
        <>
          <Message />
          <HelpPane />
        </>
      )}
    </>
  );
}

function Toolbar(): ReactNode {
  const { menu } = useWorkbench();
  const undoable = useMenu((m) => m.undo.length);
  const redoable = useMenu((m) => m.redo.length);
  return (
    <div className="menu-bar" role="group" aria-label="Menu actions">
      <button type="button" className="quiet" title="Search (/)" onClick={() => menu.act((m) => search(m, ''))}>
        Search
      </button>
      <button
        type="button"
        className="quiet"
        title="Undo (Ctrl-z)"
        disabled={undoable === 0}
        onClick={() => menu.act(undo)}
      >
        Undo
      </button>
      <button
        type="button"
        className="quiet"
        title="Redo (Ctrl-y)"
        disabled={redoable === 0}
        onClick={() => menu.act(redo)}
      >
        Redo
      </button>
      <span className="spacer" />
      <button
        type="button"
        className="quiet"
        title="Load a configuration (l)"
        onClick={() => menu.act((m) => showPane(m, { kind: 'files', part: 'load' }))}
      >
        Load
      </button>
      <button
        type="button"
        className="quiet"
        title="Save the configuration (s)"
        onClick={() => menu.act((m) => showPane(m, { kind: 'files', part: 'save' }))}
      >
        Save
      </button>
    </div>
  );
}

function Crumbs(): ReactNode {
  const { menu } = useWorkbench();
  const frames = useMenu((m) => m.frames);
  const showAll = useMenu((m) => m.showAll);
  return (
    <nav className="crumbs" aria-label="Path in the menu">
      <ol>
        {frames.map(({ node }, depth) => {
          const title = depth === 0 ? 'Main menu' : (node.prompt?.text ?? node.kind);
          return (
            <li key={`${depth} ${title}`}>
              {depth === frames.length - 1 ? (
                <strong aria-current="location">{title}</strong>
              ) : (
                <button type="button" className="quiet" onClick={() => menu.act((m) => leaveTo(m, depth))}>
                  {title}
                </button>
              )}
            </li>
          );
        })}
      </ol>
      {showAll && <span className="muted">showing hidden options</span>}
    </nav>
  );
}

/** What the last key did; also for the screen reader. */
function Message(): ReactNode {
  const message = useMenu((m) => m.message);
  return (
    <p className="menu-message" role="status">
      {message}
    </p>
  );
}
