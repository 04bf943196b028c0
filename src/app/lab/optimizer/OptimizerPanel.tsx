/** Histograms of weights, gradient and optimizer state at the evaluations, and v beside the Fisher diagonal. */
import { type ReactNode, useState } from 'react';
import { useRun } from '../../context';
import { count, percent } from '../../format';
import { FisherAdamPanel } from './FisherAdamPanel';
import { HistogramPlot } from './HistogramPlot';

export function OptimizerPanel(): ReactNode {
  const events = useRun((s) => s.data.optimizer);
  // Null follows the run.
  const [chosen, choose] = useState<number | null>(null);
  const last = events.length - 1;
  const at = chosen === null ? last : Math.min(chosen, last);
  const event = events[at];
  if (!event)
    return (
      <p className="muted">
        Histograms of w, g, m, v and the step of an update, at every evaluation (OPTIMIZER_HISTOGRAMS).
      </p>
    );
  const { sampled, of, w } = event;
  return (
    <>
      <HistogramPlot event={event} />
      <label className="prune-scrubber">
        <span>Evaluation</span>
        <input
          type="range"
          aria-label="Evaluation shown"
          aria-valuetext={`step ${count(event.step)}`}
          min={0}
          max={last}
          disabled={last === 0}
          value={at}
          onChange={(e) => choose(Number(e.target.value) === last ? null : Number(e.target.value))}
        />
        <output className="num">{count(event.step)}</output>
      </label>
      <p className="muted">
        {sampled === of ? `All ${count(of)} parameters` : `${count(sampled)} of ${count(of)} parameters, 16 blocks`},
        read back at the evaluation; {percent(w.zeros / sampled)} of w are 0. g is the next step’s first micro-batch,
        before clipping.
      </p>
      <FisherAdamPanel />
    </>
  );
}
