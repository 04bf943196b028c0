/** One-shot pruning as a scrubber: a score and a sparsity, and at once what the trained weights lose by it. */
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import { type OneShotScore, type OneShotView, STATE_SCORES } from '@/worker/analysis-protocol';
import { useLibrary, useRun, useWorkbench } from '../../context';
import { count, percent } from '../../format';
import { Fact } from '../AdapterSection';
import { DensityTable, densityRows } from './DensityTable';
import { OneShotPlot } from './OneShotPlot';
import { ask, change, hasEps, oneShot } from './one-shot';

const SCORES: readonly (readonly [label: string, scores: readonly OneShotScore[]])[] = [
  ['Weights', ['magnitude', 'random']],
  ['Calibration', ['wanda', 'fisher']],
  ['Optimizer state', STATE_SCORES],
];
const EPSILONS = [1e-8, 1e-12, 1e-16];

export function OneShotPanel(): ReactNode {
  const workbench = useWorkbench();
  const { wanted, waiting, progress, problem, view } = useStore(oneShot);
  const trained = useRun((s) => s.latest !== null && s.connection === 'ready');
  const stored = useLibrary((s) => s.entries).filter((e) => !e.held && e.hasState && e.steps > 0);
  const there = wanted.run === null ? trained : stored.some(({ id }) => id === wanted.run);
  if (!trained && stored.length === 0)
    return <p className="muted">Prunes trained weights once, without training on. Start a run first.</p>;
  return (
    <>
      <div className="prune-picks">
        <label className="field">
          <span>Weights</span>
          <select
            aria-label="Weights to prune"
            value={wanted.run ?? ''}
            onChange={(e) => change(workbench, { run: e.target.value || null })}
          >
            <option value="" disabled={!trained}>
              {trained ? 'the Lab’s run' : 'no run in the Lab'}
            </option>
            {stored.map(({ id, preset, steps }) => (
              <option key={id} value={id}>
                {preset}, {count(steps)} steps, {id.slice(-6)}
              </option>
            ))}
          </select>
        </label>
        <ScoreChoice view={view} />
        {hasEps(wanted.score) && (
          <label className="field">
            <span>Epsilon</span>
            <select
              aria-label="Epsilon of the score"
              value={wanted.eps}
              onChange={(e) => change(workbench, { eps: Number(e.target.value) })}
            >
              {EPSILONS.map((eps) => (
                <option key={eps} value={eps}>
                  {eps.toExponential()}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <label className="prune-scrubber">
        <span>Sparsity</span>
        <input
          type="range"
          aria-label="Sparsity to prune to"
          aria-valuetext={`${percent(wanted.sparsity)} of the block weights`}
          min={0}
          max={0.99}
          step={0.01}
          disabled={!there}
          value={wanted.sparsity}
          onChange={(e) => change(workbench, { sparsity: Number(e.target.value) })}
        />
        <output className="num">{percent(wanted.sparsity)}</output>
      </label>
      <div className="row">
        <button type="button" disabled={!there} onClick={() => void ask(workbench, true)}>
          Prune current weights
        </button>
        {waiting && (
          <button type="button" className="quiet" onClick={() => void workbench.session.analyses.cancelOneShot()}>
            Cancel
          </button>
        )}
        <span className="muted" role="status">
          {waiting &&
            (progress
              ? `${progress.stage}${progress.total > 1 ? ` ${progress.done} of ${progress.total}` : ''}`
              : 'waiting')}
        </span>
      </div>
      {problem && (
        <p className="warn-text" role="alert">
          Not pruned: {problem}
        </p>
      )}
      {view && <Outcome view={view} />}
    </>
  );
}

function ScoreChoice({ view }: { readonly view: OneShotView | null }): ReactNode {
  const workbench = useWorkbench();
  const { run, score } = useStore(oneShot, (s) => s.wanted);
  const known = view?.request.run === run ? view.scores : null;
  return (
    <label className="field">
      <span>Score</span>
      <select
        aria-label="Score"
        value={score}
        onChange={(e) => change(workbench, { score: e.target.value as OneShotScore })}
      >
        {SCORES.map(([label, scores]) => (
          <optgroup key={label} label={label}>
            {scores.map((name) => (
              <option key={name} value={name} disabled={known !== null && !known.includes(name)}>
                {name}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

const signed = (x: number): string => `${x < 0 ? '\u2212' : '+'}${Math.abs(x).toFixed(4)}`;

function Outcome({ view }: { readonly view: OneShotView }): ReactNode {
  const { request, lossBefore, loss, pruned, prunable, jaccardMagnitude, density, step, subject } = view;
  return (
    <>
      <dl className="facts" aria-label="One-shot pruning">
        <Fact name="Weights" value={`${subject}, step ${count(step)}`} />
        <Fact name="Pruned" value={`${count(pruned)} of ${count(prunable)}, ${request.score}`} />
        <Fact name="Validation loss, dense" value={lossBefore.toFixed(4)} />
        <Fact name="Validation loss, pruned" value={`${loss.toFixed(4)} (${signed(loss - lossBefore)})`} />
        <Fact name="Jaccard with magnitude" value={jaccardMagnitude.toFixed(3)} />
      </dl>
      <OneShotPlot />
      <DensityTable caption={`Kept at ${percent(request.sparsity)}, %`} map={densityRows(Object.entries(density))} />
    </>
  );
}
