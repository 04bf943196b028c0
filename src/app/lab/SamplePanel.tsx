/** Text from the model as it stands, streamed; works while it trains. */
import type { ReactNode } from 'react';
import { useRun, useUi, useWorkbench } from '../context';
import type { UiStore } from '../stores/ui';

interface NumberFieldProps {
  readonly label: string;
  readonly field: 'tokens' | 'temperature' | 'topK';
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

function NumberField({ label, field, min, max, step }: NumberFieldProps): ReactNode {
  const { ui } = useWorkbench();
  const value = useUi((s) => s.sample[field]);
  return (
    <label className="field">
      <span>{label}</span>
      <input
        type="number"
        className="num"
        min={min}
        max={max}
        step={step}
        value={value}
        onChange={(event) => {
          const next = event.target.valueAsNumber;
          if (next >= min && next <= max) setSample({ [field]: next });
        }}
      />
    </label>
  );
  function setSample(change: Partial<UiStore['sample']>): void {
    ui.setState((s) => ({ sample: { ...s.sample, ...change } }));
  }
}

export function SamplePanel(): ReactNode {
  const { ui, session } = useWorkbench();
  const prompt = useUi((s) => s.sample.prompt);
  const sample = useRun((s) => s.sample);
  const trained = useRun((s) => s.latest !== null && s.connection === 'ready');
  return (
    <section className="sample" aria-labelledby="sample-title">
      <form
        className="sample-form"
        onSubmit={(event) => {
          event.preventDefault();
          void session.sample();
        }}
      >
        <h3 id="sample-title">Sample</h3>
        <label className="field grow">
          <span>Prompt</span>
          <input
            className="num"
            value={prompt}
            onChange={(event) => ui.setState((s) => ({ sample: { ...s.sample, prompt: event.target.value } }))}
          />
        </label>
        <NumberField label="Tokens" field="tokens" min={1} max={4096} step={1} />
        <NumberField label="Temp." field="temperature" min={0} max={5} step={0.1} />
        <NumberField label="Top-k" field="topK" min={0} max={100000} step={1} />
        <button type="submit" disabled={!trained} title="Sample (s)">
          Sample
        </button>
      </form>
      <div
        className="sample-text num"
        tabIndex={0}
        role="region"
        aria-label="Sampled text"
        aria-busy={sample?.done === false}
      >
        {sample ? (
          <>
            <span className="muted">{prompt}</span>
            {sample.text}
            {!sample.done && <span className="caret" aria-hidden="true" />}
          </>
        ) : (
          <span className="muted">
            {trained
              ? 'Text streams here, drawn from the weights of the current step.'
              : 'Sampling needs weights: start a run, then draw text at any step.'}
          </span>
        )}
      </div>
    </section>
  );
}
