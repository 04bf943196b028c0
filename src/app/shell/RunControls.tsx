/** Run, Pause or Resume, Stop: the same buttons in the top bar and, on a phone, at the bottom. */
import { useEffect, useRef, type ReactNode } from 'react';
import { useRun, useSetup, useWorkbench } from '../context';
import { isActive } from '../stores/run';

export function RunControls({ focusRun = false }: { readonly focusRun?: boolean }): ReactNode {
  const { session } = useWorkbench();
  const state = useRun((s) => s.state);
  const ready = useRun((s) => s.connection === 'ready');
  const plan = useSetup((s) => s.plan.status);
  const measuring = useRun((s) => s.measuring);
  const active = isActive(state);
  const blocked = !ready || measuring || plan === 'none' || plan === 'refused';
  const obstacle = measuring
    ? 'A measurement is going on; it can be cancelled on the Decode page'
    : plan === 'refused'
      ? 'This configuration does not fit; see the menu'
      : null;
  const run = useRef<HTMLButtonElement>(null);
  // The first thing a visitor can do is under the cursor, unless they are already somewhere else.
  useEffect(() => {
    if (focusRun && !blocked && document.activeElement === document.body) run.current?.focus();
  }, [focusRun, blocked]);
  return (
    <div className="run-controls" role="group" aria-label="Run control">
      {!active && (
        <button
          type="button"
          className="primary"
          disabled={blocked}
          title={obstacle ?? 'Run (r)'}
          ref={run}
          onClick={() => void session.run()}
        >
          Run
        </button>
      )}
      {(state === 'running' || state === 'preparing') && (
        <button type="button" disabled={state === 'preparing'} title="Pause (p)" onClick={() => void session.pause()}>
          Pause
        </button>
      )}
      {state === 'paused' && (
        <button type="button" className="primary" title="Resume (p)" onClick={() => void session.resume()}>
          Resume
        </button>
      )}
      {active && (
        <button type="button" onClick={() => void session.stop()}>
          Stop
        </button>
      )}
    </div>
  );
}
