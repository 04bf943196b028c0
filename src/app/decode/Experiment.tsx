/** One measurement's frame: what it does, measure and cancel, progress, what went wrong, its result as JSON. */
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { DecodePreset, Measurement } from '@/worker/decode-protocol';
import { useRun, useWorkbench } from '../context';
import { download } from '../plot/export';
import { isActive } from '../stores/run';
import { measure, measurements } from './measurements';

export interface ExperimentProps {
  readonly preset: DecodePreset;
  /** Where it differs from the preset's own. */
  readonly what?: Measurement;
  readonly controls?: ReactNode;
  readonly children?: ReactNode;
}

export function Experiment({ preset, what = preset.what, controls, children }: ExperimentProps): ReactNode {
  const { title, about, name } = preset;
  const workbench = useWorkbench();
  const { kind } = what;
  const active = useStore(measurements, (s) => s.active);
  const problem = useStore(measurements, (s) => s.problems[kind]);
  const result = useStore(measurements, (s) => s.results[kind]);
  const training = useRun((s) => isActive(s.state));
  const ready = useRun((s) => s.connection === 'ready' && s.adapter?.kind === 'webgpu');
  const verb = problem?.kind === 'lost' ? 'Measure again' : 'Measure';
  return (
    <section className="decode-card" aria-label={title}>
      <div className="row">
        <h3>{title}</h3>
        <span className="row decode-buttons">
          {active === kind ? (
            <button
              type="button"
              aria-label={`Cancel ${title}`}
              onClick={() => void workbench.session.cancelMeasurement()}
            >
              Cancel
            </button>
          ) : (
            <button
              type="button"
              aria-label={`${verb} ${title}`}
              disabled={!ready || training || active !== null}
              onClick={() => void measure(workbench, what)}
            >
              {verb}
            </button>
          )}
          <button
            type="button"
            className="quiet"
            aria-label={`Save ${title} as JSON`}
            disabled={!result}
            onClick={() =>
              download(`${name}.json`, new Blob([JSON.stringify(result, null, 1)], { type: 'application/json' }))
            }
          >
            JSON
          </button>
        </span>
      </div>
      <p className="muted">{about}</p>
      {controls && <div className="row">{controls}</div>}
      {active === kind && <Progress />}
      {problem && (
        <p role="alert" className="decode-problem" data-problem={problem.kind}>
          {problem.text}
        </p>
      )}
      {result && (
        <p className="muted num">
          {result.adapter}
          {result.software && <span className="warn-text"> (software adapter: no claim about hardware)</span>},{' '}
          {result.preset}, {result.subject}, {result.timing === 'fenced' ? 'fenced timing' : 'GPU timestamps'}
        </p>
      )}
      {(result || active !== kind) && children}
    </section>
  );
}

function Progress(): ReactNode {
  const progress = useStore(measurements, (s) => s.progress);
  return (
    <p role="status" className="row num">
      <progress aria-label="Progress" max={progress?.total ?? 1} value={progress?.done ?? 0} />
      {progress?.stage ?? 'starting'}
    </p>
  );
}
