/** Adam's v beside the Fisher diagonal of the same weights, on the reader's request. */
import { type ReactNode, useState } from 'react';
import { type FisherAdamView, type Progress, SUPERSEDED } from '@/worker/analysis-protocol';
import { useRun, useWorkbench } from '../../context';
import { count } from '../../format';
import { keepSecondMoment } from '../../stores/own';
import { Fact } from '../AdapterSection';
import { DensityScatter } from './DensityScatter';

const SEQUENCES = [16, 64, 256];

type Asked =
  | { readonly status: 'none' }
  | { readonly status: 'waiting'; readonly progress: Progress | null }
  | { readonly status: 'failed'; readonly message: string };

export function FisherAdamPanel(): ReactNode {
  const { session, run } = useWorkbench();
  const trained = useRun((s) => s.latest !== null && s.connection === 'ready');
  const [sequences, setSequences] = useState(64);
  const [asked, setAsked] = useState<Asked>({ status: 'none' });
  const [view, setView] = useState<FisherAdamView | null>(null);
  const compare = async (): Promise<void> => {
    setAsked({ status: 'waiting', progress: null });
    try {
      const compared = await session.analyses.fisherAdam({ run: null, sequences }, (progress) =>
        setAsked({ status: 'waiting', progress }),
      );
      setView(compared);
      const lost = keepSecondMoment(compared, run.getState());
      setAsked(
        lost ? { status: 'failed', message: `Compared, but explainers cannot show it: ${lost}.` } : { status: 'none' },
      );
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      setAsked(message === SUPERSEDED ? { status: 'none' } : { status: 'failed', message });
    }
  };
  const waiting = asked.status === 'waiting';
  return (
    <>
      <div className="row">
        <label className="field">
          <span>Sequences</span>
          <select
            aria-label="Sequences behind the Fisher diagonal"
            value={sequences}
            onChange={(e) => setSequences(Number(e.target.value))}
          >
            {SEQUENCES.map((n) => (
              <option key={n} value={n}>
                {n}
              </option>
            ))}
          </select>
        </label>
        {waiting ? (
          <button type="button" onClick={() => void session.analyses.cancelFisherAdam()}>
            Cancel
          </button>
        ) : (
          <button type="button" disabled={!trained} onClick={() => void compare()}>
            Compare v with Fisher
          </button>
        )}
      </div>
      <p className="muted" role="status">
        {waiting &&
          (asked.progress ? `${asked.progress.stage}, ${asked.progress.done} of ${asked.progress.total}` : 'waiting')}
      </p>
      {asked.status === 'failed' && (
        <p className="warn-text" role="alert">
          Not compared: {asked.message}
        </p>
      )}
      {view && <Comparison view={view} />}
    </>
  );
}

const fixed = (x: number): string => (Number.isFinite(x) ? x.toFixed(3) : '–');

function Comparison({ view }: { readonly view: FisherAdamView }): ReactNode {
  const { pooled, tensors, points, step, beta2, batch, sequences, meanShare } = view;
  return (
    <>
      <DensityScatter
        points={points}
        x="B v̂"
        y="F_emp"
        label={`Density of the empirical Fisher diagonal against B times v, both logarithmic, ${points.length} parameters; Spearman ${fixed(pooled.spearman)}. The line is equality.`}
      />
      <dl className="facts" aria-label="Fisher and Adam">
        <Fact name="Weights" value={`step ${count(step)}, B = ${batch}`} />
        <Fact name="Spearman, pooled" value={fixed(pooled.spearman)} />
        <Fact name="Pearson of logs, pooled" value={fixed(pooled.logPearson)} />
        <Fact name="B Σv̂ / ΣF" value={fixed(pooled.ratio)} />
        <Fact name="Σμ² / ΣF" value={`${fixed(meanShare)} (floor ${fixed(1 / sequences)})`} />
      </dl>
      <p className="muted">
        v̂ approximates F / B near convergence: after some {count(Math.ceil(3 / (1 - beta2)))} steps (three windows of β₂{' '}
        {beta2}) and with a small mean gradient.
      </p>
      <details className="more">
        <summary>By tensor</summary>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Tensor</th>
              <th scope="col" className="right">
                Spearman
              </th>
              <th scope="col" className="right">
                log r
              </th>
              <th scope="col" className="right">
                ratio
              </th>
            </tr>
          </thead>
          <tbody>
            {tensors.map(({ name, spearman, logPearson, ratio }) => (
              <tr key={name}>
                <th scope="row" className="tensor-name">
                  {name.replace(/^transformer\./, '')}
                </th>
                <td className="num">{fixed(spearman)}</td>
                <td className="num">{fixed(logPearson)}</td>
                <td className="num">{fixed(ratio)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </>
  );
}
