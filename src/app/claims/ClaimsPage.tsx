/** Reported claims with status, source and caveat; a paired preset reproduces the comparison at small scale. */
import { useState, type ReactNode } from 'react';
import { useSetup } from '../context';
import { caveats, claims, matches, STATUSES, type Claim } from './ledger';
import './claims.css';

const AREAS = [...new Set(claims.map((c) => c.area))].sort();

export function ClaimsPage(): ReactNode {
  const [words, setWords] = useState('');
  const [status, setStatus] = useState('all');
  const [area, setArea] = useState('all');
  const presets = useSetup((s) => s.presets);
  const shown = claims.filter(
    (c) => (status === 'all' || c.status === status) && (area === 'all' || c.area === area) && matches(c, words.trim()),
  );
  return (
    <div className="claims">
      <h2>Reported claims</h2>
      <p className="muted">
        Figures that others printed. None was measured here, and local results never share an axis or a ratio with them.
      </p>
      <div className="claims-filter">
        <label>
          Search <input type="search" value={words} onChange={(e) => setWords(e.target.value)} />
        </label>
        <Pick label="Status" value={status} options={STATUSES} onChange={setStatus} />
        <Pick label="Area" value={area} options={AREAS} onChange={setArea} />
        <output>
          {shown.length} of {claims.length}
        </output>
      </div>
      {shown.length === 0 ? <p role="status">No claim matches. Clear the search or widen the filters.</p> : null}
      <ul>
        {shown.map((c) => (
          <Row key={c.id} claim={c} known={c.preset !== null && presets.some((p) => p.name === c.preset)} />
        ))}
      </ul>
    </div>
  );
}

function Pick(props: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly onChange: (v: string) => void;
}): ReactNode {
  return (
    <label>
      {props.label}{' '}
      <select value={props.value} onChange={(e) => props.onChange(e.target.value)}>
        <option>all</option>
        {props.options.map((o) => (
          <option key={o}>{o}</option>
        ))}
      </select>
    </label>
  );
}

function Row({ claim: c, known }: { readonly claim: Claim; readonly known: boolean }): ReactNode {
  const unit = c.unit === null || c.unit === '1' ? '' : ` ${c.unit}`;
  const figure =
    c.result === null ? 'no figure printed' : `${c.baseline === null ? '' : `${c.baseline} → `}${c.result}${unit}`;
  const change = c.changePct === null ? '' : ` (${c.changePct > 0 ? '+' : ''}${c.changePct} %)`;
  const text = `${figure}${change}`;
  return (
    <li>
      <h3>
        {c.id} <span className={`claim-status ${c.status}`}>{c.status}</span>
      </h3>
      <p>
        {c.metric.replaceAll('_', ' ')}: <span className="num">{c.status === 'withdrawn' ? <s>{text}</s> : text}</span>
      </p>
      <p className="muted">
        {[c.model, c.data, c.hardware].filter((v) => v !== null).join(' · ') || 'Setup not stated'}
      </p>
      <p className="claim-caveat">{caveats(c).join(' ')}</p>
      <p className="muted">Source: {c.sources.join(', ')}</p>
      {c.preset !== null && known ? (
        <a className="button" href={`#/lab?defconfig=${encodeURIComponent(c.preset)}`}>
          Reproduce here
        </a>
      ) : (
        <button type="button" disabled>
          {c.preset === null ? 'No preset covers this claim' : `Missing preset ${c.preset}`}
        </button>
      )}
    </li>
  );
}
