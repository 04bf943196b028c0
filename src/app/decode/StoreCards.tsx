/** What quantised caches cost in perplexity: every pair of formats, and one pair with a bias put on the keys. */
import { useState, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { DECODE_PRESETS, type KvDtype, type ResultOf, type StoreScore } from '@/worker/decode-protocol';
import { bytes, count, significant } from '../format';
import { Bars } from './Bars';
import { Experiment } from './Experiment';
import { measurements } from './measurements';
import { Empty } from './ScalingCards';

const FORMATS: readonly { readonly dtype: KvDtype; readonly bits: string }[] = [
  { dtype: 'f32', bits: '32 bit float' },
  { dtype: 'f16', bits: '16 bit float' },
  { dtype: 'int8', bits: '8 bit' },
  { dtype: 'int4', bits: '4 bit' },
];

const text = (r: StoreScore): string =>
  `${r.delta_perplexity_pct > 0 ? '+' : ''}${significant(r.delta_perplexity_pct)} %, perplexity ${significant(r.perplexity, 5)}, ${bytes(r.cache_bytes)} allocated`;

function Scores({
  result,
  label,
}: {
  readonly result: ResultOf<'asymmetry' | 'store'>;
  readonly label: string;
}): ReactNode {
  return (
    <>
      <Bars
        label={label}
        axis="Change of held-out perplexity against f32 (%)"
        rows={result.rows.map((r) => ({ name: `K ${r.k}, V ${r.v}`, value: r.delta_perplexity_pct, text: text(r) }))}
      />
      <p className="muted num">
        {count(result.tokens)} held-out tokens, one seed; bytes of the cache buffers of 8 sequences
      </p>
    </>
  );
}

export function AsymmetryCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.asymmetry);
  return (
    <Experiment preset={DECODE_PRESETS.asymmetry}>
      {result ? <Scores result={result} label="Asymmetry result" /> : <Empty />}
    </Experiment>
  );
}

export function CalibrationCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.calibration);
  return (
    <Experiment preset={DECODE_PRESETS.calibration}>
      {result ? (
        <>
          <Bars
            label="Calibration result"
            first="Keys of"
            axis="Largest change of a logit, mean"
            rows={[
              { name: '6 bits', value: result.low, text: significant(result.low) },
              { name: '8 bits', value: result.high, text: significant(result.high) },
            ]}
          />
          <p className="num">
            Ratio {significant(result.ratio)}: by the rule, keys{' '}
            {result.keepKeysExact ? 'stay exact' : 'may be quantised'}; {result.prompts} prompts
          </p>
        </>
      ) : (
        <Empty />
      )}
    </Experiment>
  );
}

export function StoreCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.store);
  const [k, setK] = useState<KvDtype>('int4');
  const [v, setV] = useState<KvDtype>('int4');
  const [injectBias, setBias] = useState(0);
  const [preBiasK, setPreBias] = useState(false);
  const [group, setGroup] = useState(32);
  const [cap, setCap] = useState(10);
  const [asymmetric, setAsymmetric] = useState(false);

  return (
    <Experiment
      preset={DECODE_PRESETS.store}
      what={{ ...DECODE_PRESETS.store.what, k, v, group, cap, asymmetric, injectBias, preBiasK }}
      controls={
        <>
          <Format label="K" value={k} onChange={setK} />
          <Format label="V" value={v} onChange={setV} />
          <label className="field">
            <span>Group</span>
            <select value={group} onChange={(event) => setGroup(Number(event.target.value))}>
              {[8, 16, 32].map((n) => (
                <option key={n} value={n}>
                  {n} channels
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>Scale</span>
            <select
              value={asymmetric ? 'asymmetric' : 'symmetric'}
              onChange={(event) => setAsymmetric(event.target.value === 'asymmetric')}
            >
              <option value="symmetric">symmetric</option>
              <option value="asymmetric">asymmetric, with a zero</option>
            </select>
          </label>
          <label className="field">
            <span>Outlier cap</span>
            <select value={cap} disabled={asymmetric} onChange={(event) => setCap(Number(event.target.value))}>
              {[0, 3, 10, 30].map((n) => (
                <option key={n} value={n}>
                  {n === 0 ? 'none' : `${n} means`}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>Key bias +{injectBias}</span>
            <input
              type="range"
              min={0}
              max={400}
              step={10}
              value={injectBias}
              onChange={(event) => setBias(event.target.valueAsNumber)}
            />
          </label>
          <label className="field">
            <input type="checkbox" checked={preBiasK} onChange={(event) => setPreBias(event.target.checked)} />
            <span>Store keys before their bias</span>
          </label>
        </>
      }
    >
      {result ? <Scores result={result} label="Quantised KV result" /> : <Empty />}
    </Experiment>
  );
}

interface FormatProps {
  readonly label: string;
  readonly value: KvDtype;
  readonly onChange: (dtype: KvDtype) => void;
}

function Format({ label, value, onChange }: FormatProps): ReactNode {
  return (
    <label className="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value as KvDtype)}>
        {FORMATS.map(({ dtype, bits }) => (
          <option key={dtype} value={dtype}>
            {dtype}, {bits}
          </option>
        ))}
      </select>
    </label>
  );
}
