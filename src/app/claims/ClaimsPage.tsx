/**
 * Reported claims with status, source and caveat; a paired preset sets the comparison up here. Reported figures stand in text
 * only: no plot, no ratio and no axis holds one of them together with a local number.
 */
import { useDeferredValue, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { EvidenceSet } from '@/worker/store-protocol';
import { useLibrary, useSetup, useWorkbench } from '../context';
import { ClaimCard } from './ClaimCard';
import { claims, countBy, matches, MEANING, STATUSES, type Status } from './ledger';
import { COMPARISONS, planKey, reproduction } from './reproduce';
import './claims.css';

const AREAS = [...countBy(claims, (c) => c.area)].sort(([a], [b]) => a.localeCompare(b));

export function ClaimsPage(): ReactNode {
  const [words, setWords] = useState('');
  const [status, setStatus] = useState<Status | null>(null);
  const [area, setArea] = useState('');
  const [runnable, setRunnable] = useState(false);
  const [measured, setMeasured] = useState(false);
  const wanted = useDeferredValue(words);
  const { local, problem } = useEvidence();
  const presets = useSetup((s) => s.presets);
  const plans = useMemo(() => new Map(claims.map((c) => [c.id, reproduction(c, presets)])), [presets]);
  const found = useMemo(
    () =>
      claims.filter(
        (c) =>
          (area === '' || c.area === area) &&
          (!runnable || plans.get(c.id)?.kind !== 'missing') &&
          (!measured || planKey(c) in local) &&
          matches(c, wanted.trim()),
      ),
    [area, runnable, measured, local, plans, wanted],
  );
  const counts = countBy(found, (c) => c.status);
  const shown = status === null ? found : found.filter((c) => c.status === status);
  return (
    <div className="claims">
      <h2>Reported claims</h2>
      <p className="muted">
        Figures that others printed, with what limits each. None was measured here, and no local result shares an axis
        or a ratio with them. Finished runs of this browser (and matrices imported on the Runs page) that make up a
        comparison stand under its claims, arm against baseline at equal seeds. Sources: S000 to S004 are the project's
        own dated texts; paths and commits are of the public knlp repository.
      </p>
      <div className="claims-filter">
        <label>
          Search{' '}
          <input
            type="search"
            data-page-search
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
          <input type="checkbox" checked={runnable} onChange={(e) => setRunnable(e.target.checked)} /> Can be set up
          here
        </label>
        <label className="claims-check">
          <input type="checkbox" checked={measured} onChange={(e) => setMeasured(e.target.checked)} /> Has local runs
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
      {problem !== null && <p role="alert">{problem}</p>}
      {shown.length === 0 && <p>No claim matches. Clear the search or choose another status or area.</p>}
      <ul className="claims-list">
        {shown.map((c) => (
          <ClaimCard key={c.id} claim={c} plan={plans.get(c.id)!} local={local[planKey(c)] ?? NONE} />
        ))}
      </ul>
    </div>
  );
}

const NONE: readonly EvidenceSet[] = [];

/** By experiment; read again when a run comes, ends or goes. */
function useEvidence(): {
  readonly local: Readonly<Record<string, readonly EvidenceSet[]>>;
  readonly problem: string | null;
} {
  const { library } = useWorkbench();
  const ready = useLibrary((s) => s.status === 'ready');
  const key = useLibrary((s) => s.entries.flatMap(({ id, status }) => (status === 'ok' ? [id] : [])).join(' '));
  const [local, setLocal] = useState<Readonly<Record<string, readonly EvidenceSet[]>>>({});
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    if (!ready) return;
    let current = true;
    library.evidence(COMPARISONS).then(
      (found) => current && (setLocal(found), setProblem(null)),
      (error: unknown) => current && setProblem(`Local runs could not be read: ${(error as Error).message}`),
    );
    return () => {
      current = false;
    };
  }, [library, ready, key]);
  return { local, problem };
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
