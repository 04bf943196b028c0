/** Every run that this browser keeps: found, laid over each other, compared, carried away, brought back, run again. */
import { useMemo, useRef, useState, type DragEvent, type ReactNode } from 'react';
import { useLibrary, useWorkbench } from '../context';
import { count } from '../format';
import type { PageProps } from '../routes';
import { MAX_SELECTED } from '../stores/library';
import { ComparePlot } from './ComparePlot';
import { Comparison } from './Comparison';
import { ConfirmButton } from './ConfirmButton';
import { RunDetail } from './RunDetail';
import { RunList } from './RunList';
import { SharedRun } from './SharedRun';
import { SHARED_PREFIX } from './words';
import { StorageBar } from './StorageBar';
import './runs.css';

export function RunsPage({ rest }: PageProps): ReactNode {
  const { library } = useWorkbench();
  const status = useLibrary((s) => s.status);
  const problem = useLibrary((s) => s.problem);
  const entries = useLibrary((s) => s.entries);
  const selected = useLibrary((s) => s.selected);
  const [over, setOver] = useState(false);
  const shared = rest.startsWith(SHARED_PREFIX) ? rest.slice(SHARED_PREFIX.length) : null;
  const open = rest === '' || shared !== null ? null : decoded(rest);
  const shown = entries.find(({ id }) => id === open) ?? null;
  const chosen = useMemo(
    () => selected.flatMap((id) => entries.find((entry) => entry.id === id) ?? []),
    [entries, selected],
  );
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length > 0) void library.importFiles(files);
  };
  const drag = (event: DragEvent, inside: boolean): void => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(inside);
  };
  return (
    <div
      className="runs"
      data-over={over || undefined}
      onDragOver={(e) => drag(e, true)}
      onDragLeave={(e) => drag(e, false)}
      onDrop={drop}
    >
      <header className="runs-head">
        <h2>Runs</h2>
        {status === 'ready' && <span className="muted num">{count(entries.length)} in this browser</span>}
        <ImportButton />
        <StorageBar />
      </header>
      <Note />
      {shared !== null && status !== 'failed' && <SharedRun packed={shared} />}
      {status === 'loading' && <p role="status">Reading the list of runs…</p>}
      {status === 'failed' && (
        <article className="notice danger" role="alert">
          <p>{problem}</p>
        </article>
      )}
      {status === 'ready' && entries.length === 0 && <Empty />}
      {status === 'ready' && entries.length > 0 && (
        <div className="runs-body">
          <div className="runs-side">
            <Chosen />
            <RunList open={open} />
          </div>
          <div className="runs-main">
            {open !== null && shown === null && (
              <p role="status">
                There is no run {open} in this browser. It may have been deleted. <a href="#/runs">All runs</a>
              </p>
            )}
            {shown && <RunDetail key={shown.id} entry={shown} />}
            <ComparePlot entries={chosen} />
            <Comparison entries={chosen} />
          </div>
        </div>
      )}
    </div>
  );
}

/** The address is typed by people: what is no escape stays as it is. */
function decoded(rest: string): string {
  try {
    return decodeURIComponent(rest);
  } catch {
    return rest;
  }
}

function ImportButton(): ReactNode {
  const { library } = useWorkbench();
  const input = useRef<HTMLInputElement>(null);
  const busy = useLibrary((s) => s.busy !== null);
  return (
    <>
      <button type="button" disabled={busy} title="Or drop zips on the page" onClick={() => input.current?.click()}>
        Import…
      </button>
      <input
        ref={input}
        type="file"
        accept=".zip,application/zip"
        multiple
        hidden
        aria-label="Run archives to import"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = '';
          if (files.length > 0) void library.importFiles(files);
        }}
      />
    </>
  );
}

function Note(): ReactNode {
  const { library } = useWorkbench();
  const busy = useLibrary((s) => s.busy);
  const note = useLibrary((s) => s.note);
  return (
    <div aria-live="polite">
      {busy !== null && <p className="muted">{busy}…</p>}
      {note && (
        <article
          className={`notice ${note.kind === 'error' ? 'danger' : 'info'}`}
          role={note.kind === 'error' ? 'alert' : 'status'}
        >
          <div className="notice-text">
            <p className="pre">{note.text}</p>
          </div>
          <button type="button" className="quiet" onClick={() => library.dismissNote()}>
            Dismiss
          </button>
        </article>
      )}
    </div>
  );
}

function Empty(): ReactNode {
  return (
    <div className="runs-empty">
      <p>No runs yet. Every run of the Lab is kept here, with its configuration, metrics, weights and manifest.</p>
      <p>
        <a className="button" href="#/lab">
          Start one in the Lab
        </a>{' '}
        or drop a zip of <code>wb export</code> on this page.
      </p>
    </div>
  );
}

function Chosen(): ReactNode {
  const { library } = useWorkbench();
  const selected = useLibrary((s) => s.selected);
  const busy = useLibrary((s) => s.busy !== null);
  return (
    <div className="row runs-chosen">
      <span className="muted num">
        {selected.length} of at most {MAX_SELECTED} chosen
      </span>
      <button type="button" className="quiet" disabled={selected.length === 0} onClick={() => library.select([])}>
        Choose none
      </button>
      <ConfirmButton
        label="Delete chosen"
        confirm={`Delete ${selected.length} ${selected.length === 1 ? 'run' : 'runs'}`}
        disabled={selected.length === 0 || busy}
        onConfirm={() => void library.remove(selected)}
      />
    </div>
  );
}
