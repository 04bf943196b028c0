/** How decode scales: with the batch at full context, with the context at one sequence, with the way the cache is read. */
import { useMemo, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { hill } from '@/explainers/maths/fits';
import { DECODE_PRESETS, type ResultOf } from '@/worker/decode-protocol';
import { bytes, significant } from '../format';
import { Bars } from './Bars';
import { Experiment } from './Experiment';
import type { Law } from './fit-series';
import { measurements } from './measurements';
import { ResultPlot } from './ResultPlot';

type Fit<P extends string = string> =
  | {
      readonly params: Readonly<Record<P, number>>;
      readonly ci95: Readonly<Record<P, { readonly low: number; readonly high: number }>> | null;
      readonly r2: number;
      readonly units: Readonly<Record<string, string>>;
    }
  | { readonly reason: string };

/** Past this factor of the estimate an end of its interval is where the search stopped, not what the points say. */
const UNBOUNDED = 1000;

/** An interval; an end that the points do not determine is said to be open. */
function intervalText(v: number, { low, high }: { readonly low: number; readonly high: number }): string {
  const open = { low: v > 0 && low < v / UNBOUNDED, high: high > UNBOUNDED * Math.abs(v) };
  if (open.low && open.high) return 'not determined by these points';
  if (open.high) return `${significant(low)} or more, no upper end from these points`;
  if (open.low) return `${significant(high)} or less, no lower end from these points`;
  return `${significant(low)} to ${significant(high)}`;
}

/** A fit in one line, or why there is none. */
function FitLine<P extends string>({ name, fit }: { readonly name: string; readonly fit: Fit<P> }): ReactNode {
  const text =
    'reason' in fit
      ? fit.reason
      : `${(Object.entries(fit.params) as [P, number][])
          .map(([p, v]) => {
            const range = fit.ci95?.[p];
            const unit = fit.units[p] ? ` ${fit.units[p]}` : '';
            return `${p} ${significant(v, 4)}${unit}${range ? ` (${intervalText(v, range)})` : ''}`;
          })
          .join(', ')}; R² ${significant(fit.r2, 4)}`;
  return (
    <p className="num">
      <span className="muted">{name}</span> {text}
    </p>
  );
}

/** How the points were timed. */
function Sampling({ points }: { readonly points: ResultOf<'saturation'>['points'] }): ReactNode {
  const submits = points.map((p) => p.submitsPerSample);
  const [least, most] = [Math.min(...submits), Math.max(...submits)];
  return (
    <p className="muted num">
      Medians of {points[0]?.samplesMs.length ?? 0} samples of {least === most ? least : `${least} to ${most}`}{' '}
      {most === 1 ? 'submit' : 'submits'}, fenced; in brackets 95 % of 1,000 resamples of the points
    </p>
  );
}

export function SaturationCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.saturation);
  const points = useMemo(() => (result?.points ?? []).map((p) => [p.batch, p.tokensPerSecond] as const), [result]);
  const law = useMemo((): Law | null => {
    if (!result || 'reason' in result.hill) return null;
    const { params } = result.hill;
    return { label: 'Hill', of: (batch) => hill(params, batch) };
  }, [result]);
  return (
    <Experiment preset={DECODE_PRESETS.saturation}>
      {result ? (
        <>
          <ResultPlot title="Decode rate" x="Sequences" unit="tokens/s" points={points} law={law} logX />
          <FitLine name="Hill" fit={result.hill} />
          <FitLine name="Hill, γ = 1" fit={result.hill_gamma_1} />
          <FitLine name="affine, ms a submit" fit={result.affine} />
          <Sampling points={result.points} />
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
  const law = useMemo((): Law | null => {
    if (!result || 'reason' in result.affine) return null;
    const { a, b } = result.affine.params;
    return { label: 'affine', of: (context) => a + b * context };
  }, [result]);
  return (
    <Experiment preset={DECODE_PRESETS.context}>
      {result ? (
        <>
          <ResultPlot title="Time a token" x="Context (tokens)" unit="ms" points={points} law={law} />
          <FitLine name="affine" fit={result.affine} />
          <Sampling points={result.points} />
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
    <Experiment preset={DECODE_PRESETS.fusion}>
      {result ? (
        <Bars
          label="Fusion result"
          axis="Time (ms)"
          rows={result.rows.map((r) => ({
            name: r.name.replaceAll('_', ' '),
            value: r.ms,
            text: `${significant(r.ms)} ms, ${significant(r.speed_up_over_f32)} × f32 (${significant(r.speed_up_least)} to ${significant(r.speed_up_greatest)} over the rounds), ${bytes(r.cache_bytes)}, ${r.dispatches} kernels, ${r.variant}`,
          }))}
        />
      ) : (
        <Empty />
      )}
    </Experiment>
  );
}

export function BandwidthCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.bandwidth);
  const percent = (x: number): string => `${significant(100 * x)} %`;
  return (
    <Experiment preset={DECODE_PRESETS.bandwidth}>
      {result ? (
        <>
          <Bars
            label="Bandwidth result"
            first="Kernel"
            axis="Rate (GB/s), median"
            rows={[
              { name: 'copy, read and written', value: result.medians.streamGBs },
              { name: 'sum, read', value: result.medians.readGBs },
              { name: 'decode attention, read', value: result.medians.attentionGBs },
            ].map((row) => ({ ...row, text: `${significant(row.value)} GB/s` }))}
          />
          <p className="num">
            {percent(result.share.median)} of the copy, {percent(result.share.least)} to{' '}
            {percent(result.share.greatest)} in {result.rounds.length} rounds; {percent(result.ofRead.median)} of the
            sum; {bytes(result.bytes)} of K and V; kernel {result.variant}, chosen by measurement
          </p>
        </>
      ) : (
        <Empty />
      )}
    </Experiment>
  );
}

export const Empty = (): ReactNode => <p className="decode-empty">Not measured in this visit.</p>;
