/** Run state, step and time left, with the thin progress line under the top bar. */
import type { ReactNode } from 'react';
import { useRun } from '../context';
import { count, duration } from '../format';
import { eta } from '../stores/run';

const WORDS = {
  idle: 'Ready',
  preparing: 'Preparing',
  running: 'Running',
  paused: 'Paused',
  finished: 'Finished',
  failed: 'Failed',
  stopped: 'Stopped',
} as const;

export function RunStatus(): ReactNode {
  const connection = useRun((s) => s.connection);
  const state = useRun((s) => s.state);
  const progress = useRun((s) => s.progress);
  const maxIters = useRun((s) => s.started?.maxIters ?? null);
  const step = useRun((s) => s.latest?.step ?? null);
  const left = useRun((s) => (s.state === 'running' ? eta(s) : null));
  const reason = useRun((s) => (s.state === 'finished' ? s.reason : null));
  const word = connection === 'connecting' ? 'Connecting' : connection === 'crashed' ? 'Worker stopped' : WORDS[state];
  return (
    <p className="run-status">
      <span className={`state state-${connection === 'crashed' ? 'failed' : state}`} role="status">
        {word}
      </span>
      {progress ? (
        <span className="num">
          {progress.stage} {count(progress.done)}/{count(progress.total)}
        </span>
      ) : (
        state !== 'preparing' &&
        step !== null &&
        maxIters !== null && (
          <span className="num">
            <span className="wide">step </span>
            {count(step + 1)}/{count(maxIters)}
          </span>
        )
      )}
      {reason !== null && (
        <span className="run-reason" title={reason}>
          {reason}
        </span>
      )}
      {left !== null && left > 0 && <span className="num run-eta">{duration(left)} left</span>}
    </p>
  );
}

export function RunProgress(): ReactNode {
  const value = useRun(({ state, progress, latest, started }) => {
    if (progress) return progress.total > 0 ? progress.done / progress.total : null;
    if (state === 'idle' || state === 'preparing' || !latest || !started) return null;
    return Math.round(((latest.step + 1) / started.maxIters) * 1000) / 1000;
  });
  const state = useRun((s) => s.state);
  return (
    <div className="run-progress" aria-hidden="true">
      {value !== null && <div className={`run-progress-bar state-${state}`} style={{ width: `${value * 100}%` }} />}
    </div>
  );
}
