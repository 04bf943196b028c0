/** Text from the model as it stands, streamed; works while it trains. */
import type { ReactNode } from 'react';
import { useRun, useUi, useWorkbench } from '../context';
import type { DecodeFacts } from '@/worker/protocol';
import { bytes, significant } from '../format';
import { sentence } from '../stores/notices';
import type { UiStore } from '../stores/ui';

interface NumberFieldProps {
  readonly label: string;
  readonly field: 'tokens' | 'texts' | 'temperature' | 'topK' | 'topP' | 'minP' | 'seed';
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly hint?: string;
}

function NumberField({ label, field, min, max, step, hint }: NumberFieldProps): ReactNode {
  const { ui } = useWorkbench();
  const value = useUi((s) => s.sample[field]);
  return (
    <label className="field" title={hint}>
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

/** How fast, out of how large a cache, or why without one. */
function DecodeNote({ decode }: { readonly decode: DecodeFacts | undefined }): ReactNode {
  if (!decode) return null;
  const { tokensPerSecond, cacheBytes, fallback } = decode;
  return (
    <p className="sample-note num muted">
      {significant(tokensPerSecond)} tokens/s,{' '}
      {cacheBytes !== null
        ? `KV cache ${bytes(cacheBytes)} allocated`
        : `no KV cache, the window is forwarded for every token: ${fallback ?? 'not available'}`}
    </p>
  );
}

export function SamplePanel(): ReactNode {
  const { ui, session } = useWorkbench();
  const prompt = useUi((s) => s.sample.prompt);
  const sample = useRun((s) => s.sample);
  const streaming = sample !== null && !sample.done;
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
        <NumberField label="Texts" field="texts" min={1} max={16} step={1} hint="Sequences decoded together" />
        <NumberField label="Temp." field="temperature" min={0} max={5} step={0.1} />
        <NumberField label="Top-k" field="topK" min={0} max={100000} step={1} hint="0: all tokens" />
        <NumberField
          label="Top-p"
          field="topP"
          min={0}
          max={1}
          step={0.05}
          hint="The fewest tokens that hold this probability; 1: all"
        />
        <NumberField
          label="Min-p"
          field="minP"
          min={0}
          max={1}
          step={0.01}
          hint="At least this likely, relative to the likeliest; 0: all"
        />
        <NumberField label="Seed" field="seed" min={0} max={2 ** 31} step={1} hint="0: another one for every sample" />
        <button type="submit" disabled={!trained} title="Sample (s)">
          Sample
        </button>
        {streaming && (
          <button type="button" onClick={() => void session.cancelSample()}>
            Stop text
          </button>
        )}
      </form>
      <DecodeNote decode={sample?.decode} />
      {sample?.cut && (
        <p role="status" className="sample-note warn-text">
          {sentence(sample.cut)} What was drawn stays.
        </p>
      )}
      <div className="sample-text num" tabIndex={0} role="region" aria-label="Sampled text" aria-busy={streaming}>
        {sample ? (
          <>
            {[sample.text, ...(sample.others ?? [])].map((text, i) => (
              <p key={i} className="sample-one">
                <span className="muted">{sample.prompt ?? prompt}</span>
                {text}
                {streaming && <span className="caret" aria-hidden="true" />}
              </p>
            ))}
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
