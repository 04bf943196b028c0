/**
 * Reported claims with status, source and caveat; a paired preset sets the comparison up here. Reported figures stand in text
 * only: no plot, no ratio and no axis holds one of them together with a local number.
 */
import { useDeferredValue, useMemo, useState, type ReactNode } from 'react';
import { useSetup } from '../context';
import { ClaimCard } from './ClaimCard';
import { claims, countBy, matches, MEANING, STATUSES, type Status } from './ledger';
import { reproduction } from './reproduce';
import './claims.css';

const AREAS = [...countBy(claims, (c) => c.area)].sort(([a], [b]) => a.localeCompare(b));

export function ClaimsPage(): ReactNode {
  const [words, setWords] = useState('');
  const [status, setStatus] = useState<Status | null>(null);
  const [area, setArea] = useState('');
  const [runnable, setRunnable] = useState(false);
  const wanted = useDeferredValue(words);
  const presets = useSetup((s) => s.presets);
  const plans = useMemo(() => new Map(claims.map((c) => [c.id, reproduction(c, presets)])), [presets]);
  const found = useMemo(
    () =>
      claims.filter(
        (c) =>
          (area === '' || c.area === area) &&
          (!runnable || plans.get(c.id)?.kind === 'here') &&
          matches(c, wanted.trim()),
      ),
    [area, runnable, plans, wanted],
  );
  const counts = countBy(found, (c) => c.status);
  const shown = status === null ? found : found.filter((c) => c.status === status);
  return (
    <div className="claims">
      <h2>Reported claims</h2>
      <p className="muted">
        Figures that others printed, with what limits each. None was measured here, and no local result shares an axis
        or a ratio with them. Sources: S000 to S004 are the project's own dated texts; paths and commits are of the
        public knlp repository.
      </p>
      <div className="claims-filter">
        <label>
          Search{' '}
          <input
            type="search"
            value={words}
            placeholder="title, model, source"
            onChange={(e) => setWords(e.target.value)}
          />
        </label>
        <label>
          Area{' '}
          <select value={area} onChange={(e) => setArea(e.target.value)}>
            <option value="">all areas ({claims.length})</option>
            {AREAS.map(([name, n]) => (
              <option key={name} value={name}>
                {name.replaceAll('-', ' ')} ({n})
              </option>
            ))}
          </select>
        </label>
        <label className="claims-check">
          <input type="checkbox" checked={runnable} onChange={(e) => setRunnable(e.target.checked)} /> Has a preset here
        </label>
      </div>
      <div className="claims-status" role="group" aria-label="Status">
        <Chip name="all" count={found.length} on={status === null} onClick={() => setStatus(null)} />
        {STATUSES.map((s) => (
          <Chip key={s} name={s} count={counts.get(s) ?? 0} on={status === s} onClick={() => setStatus(s)} />
        ))}
      </div>
      <p className="muted claims-meaning">
        {status === null ? '' : `${status}: ${MEANING[status]}. `}
        <output>
          {shown.length} of {claims.length} claims
        </output>
      </p>
      {shown.length === 0 && <p>No claim matches. Clear the search or choose another status or area.</p>}
      <ul className="claims-list">
        {shown.map((c) => (
          <ClaimCard key={c.id} claim={c} plan={plans.get(c.id)!} />
        ))}
      </ul>
    </div>
  );
}

function Chip(props: {
  readonly name: Status | 'all';
  readonly count: number;
  readonly on: boolean;
  readonly onClick: () => void;
}): ReactNode {
  return (
    <button type="button" aria-pressed={props.on} className={`claim-chip ${props.name}`} onClick={props.onClick}>
      {props.name} <span className="num">{props.count}</span>
    </button>
  );
}
