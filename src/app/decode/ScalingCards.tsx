/** How decode scales: with the batch at full context, with the context at one sequence, with the way the cache is read. */
import { useMemo, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { bytes, significant } from '../format';
import { Bars } from './Bars';
import { Experiment } from './Experiment';
import { measurements } from './measurements';
import { ResultPlot } from './ResultPlot';

type Fit =
  | {
      readonly params: Readonly<Record<string, number>>;
      readonly r2: number;
      readonly units: Readonly<Record<string, string>>;
    }
  | { readonly reason: string };

/** A fit in one line, or why there is none. */
function FitLine({ name, fit }: { readonly name: string; readonly fit: Fit }): ReactNode {
  const text =
    'reason' in fit
      ? fit.reason
      : `${Object.entries(fit.params)
          .map(([p, v]) => `${p} ${significant(v, 4)}${fit.units[p] ? ` ${fit.units[p]}` : ''}`)
          .join(', ')}; R² ${significant(fit.r2, 4)}`;
  return (
    <p className="num">
      <span className="muted">{name}</span> {text}
    </p>
  );
}

export function SaturationCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.saturation);
  const points = useMemo(() => (result?.points ?? []).map((p) => [p.batch, p.tokensPerSecond] as const), [result]);
  return (
    <Experiment
      title="Batch saturation"
      about="Tokens per second against sequences decoded together, each at the model's full context. A weight is read once for the whole batch, a cache once per sequence."
      what={{ kind: 'saturation', batches: [1, 2, 4, 8, 16], samples: 8 }}
    >
      {result ? (
        <>
          <ResultPlot title="Decode rate" x="Sequences" unit="tokens/s" points={points} logX />
          <FitLine name="Hill" fit={result.hill} />
          <FitLine name="Hill, γ = 1" fit={result.hill_gamma_1} />
          <FitLine name="affine, ms a submit" fit={result.affine} />
        </>
      ) : (
        <Empty />
      )}
    </Experiment>
  );
}

export function ContextCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.context);
  const points = useMemo(() => (result?.points ?? []).map((p) => [p.context, p.medianMs] as const), [result]);
  return (
    <Experiment
      title="Context scaling"
      about="Time of one token against the tokens before it, one sequence. The slope of the affine fit is the cost of a cached token."
      what={{ kind: 'context', batch: 1, samples: 8 }}
    >
      {result ? (
        <>
          <ResultPlot title="Time a token" x="Context (tokens)" unit="ms" points={points} />
          <FitLine name="affine" fit={result.affine} />
        </>
      ) : (
        <Empty />
      )}
    </Experiment>
  );
}

export function FusionCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.fusion);
  return (
    <Experiment
      title="Fusion"
      about="One attention over the same K and V: as f32, as f16, as int4 unpacked by a kernel of its own first, and as int4 unpacked in registers. 4 sequences of 1,024 tokens, the model's heads."
      what={{ kind: 'fusion', batch: 4, context: 1024 }}
    >
      {result ? (
        <Bars
          label="Fusion result"
          axis="Time (ms)"
          rows={result.rows.map((r) => ({
            name: r.name.replaceAll('_', ' '),
            value: r.ms,
            text: `${significant(r.ms)} ms, ${significant(r.speed_up_over_f32)} × f32, ${bytes(r.cache_bytes)}, ${r.dispatches} kernels`,
          }))}
        />
      ) : (
        <Empty />
      )}
    </Experiment>
  );
}

export const Empty = (): ReactNode => <p className="decode-empty">Not measured in this visit.</p>;
