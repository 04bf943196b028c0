/** All arms and seeds of the preset, one after another: what is done, what it gave, when the rest will be. */
import type { ReactNode } from 'react';
import { useMatrix, useRun, useSetup, useWorkbench } from '../../context';
import { count, duration } from '../../format';
import { headerArms, headerSeeds } from '../../preset-header';
import { isOpen, matrixEta, type MatrixCell } from '../../stores/matrix';
import { browserMatrix, cancelMatrix, continueMatrix, startMatrix, type MatrixHost } from '../../stores/matrix-queue';
import { eta, isActive } from '../../stores/run';
import { requestOf } from '../../stores/setup';

/** Arms and seeds as a preset's header has them. */
function shapeOf(text: string): string {
  const arms = headerArms(text).length;
  const axes = [...text.matchAll(/^#\s*Axis:\s*(.+?)\s*$/gm)].map(([, axis]) => axis);
  const seeds = headerSeeds(text);
  return [...(arms > 0 ? [`${arms} arms`] : []), ...axes, ...(seeds > 1 ? [`${seeds} seeds`] : [])].join(' × ');
}

function useHost(): MatrixHost {
  const { matrix, session, run, library } = useWorkbench();
  return { store: matrix, session, run, library, ...browserMatrix() };
}

export function MatrixPanel({ declared }: { readonly declared: number }): ReactNode {
  const phase = useMatrix((s) => s.phase);
  const problem = useMatrix((s) => s.problem);
  return (
    <>
      {phase === 'none' ? <Offer declared={declared} /> : <Progress />}
      {problem && (
        <p role="alert" className="matrix-problem">
          Not running: {problem}.
        </p>
      )}
    </>
  );
}

function Offer({ declared }: { readonly declared: number }): ReactNode {
  const { setup } = useWorkbench();
  const host = useHost();
  const shape = useSetup((s) => shapeOf(s.presets.find(({ name }) => name === s.preset)?.text ?? ''));
  const busy = useRun((s) => isActive(s.state) || s.connection !== 'ready');
  const ready = useSetup((s) => s.plan.status !== 'refused');
  const start = (): void => {
    const request = requestOf(setup.getState());
    if (request) void startMatrix(host, request);
  };
  return (
    <div className="matrix-offer">
      <button type="button" disabled={busy || !ready} onClick={start}>
        Run all arms and seeds
      </button>
      <p className="muted">
        <span className="num">
          {count(declared)} runs: {shape}
        </span>
        , one after another from this configuration. A reload goes on where it was.
      </p>
    </div>
  );
}

const WORDS: Readonly<Record<MatrixCell['status'], string>> = {
  pending: 'waiting',
  running: 'running',
  ok: 'done',
  failed: 'failed',
  invalid: 'unreadable',
  skipped: 'skipped',
  stopped: 'stopped',
};

function Progress(): ReactNode {
  const { matrix: store, library } = useWorkbench();
  const host = useHost();
  const { phase, matrix, cells } = useMatrix((s) => s);
  const done = cells.filter((cell) => !isOpen(cell)).length;
  const left = useRun((run) => {
    const ms = matrixEta(store.getState(), eta(run), run.stepMs);
    return ms === null ? null : duration(ms);
  });
  const compare = (): void => {
    library.select(cells.flatMap(({ run }) => run ?? []));
    location.hash = '#/runs';
  };
  return (
    <>
      <p className="matrix-line" role="status">
        <span className="num">
          {done} of {cells.length}
        </span>{' '}
        {phase === 'paused' ? 'ended, paused' : 'ended'}
        {phase === 'running' && left !== null && <span className="num muted"> ETA {left}</span>}
      </p>
      <progress className="matrix-bar" max={Math.max(1, cells.length)} value={done} aria-label="Runs that ended" />
      <table className="table matrix-cells">
        <caption className="muted ellipsis num">{matrix?.preset}</caption>
        <thead>
          <tr>
            <th scope="col">Arm</th>
            <th scope="col" className="right">
              Seed
            </th>
            <th scope="col" className="matrix-state">
              State
            </th>
            <th scope="col" className="right">
              Val. loss
            </th>
          </tr>
        </thead>
        <tbody>
          {cells.map(({ id, label, seed, status, valLoss }) => (
            <tr key={id} data-status={status}>
              <th scope="row">{label || 'all'}</th>
              <td className="num right">{seed}</td>
              <td className="matrix-state">{WORDS[status]}</td>
              <td className="num right">{valLoss === null ? '' : valLoss.toFixed(4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="row">
        {phase === 'paused' && (
          <button type="button" onClick={() => void continueMatrix(host)}>
            Continue
          </button>
        )}
        {done > 1 && (
          <button type="button" onClick={compare}>
            Compare in Runs
          </button>
        )}
        <button type="button" className="quiet" onClick={() => void cancelMatrix(host)}>
          {phase === 'done' ? 'Close' : 'Cancel'}
        </button>
      </div>
    </>
  );
}
