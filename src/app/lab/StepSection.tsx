/** Anatomy of a step: dispatches, time, and where the time goes by op. */
import { useMemo, type ReactNode } from 'react';
import { useRun, useSetup } from '../context';
import { count, milliseconds, percent, significant } from '../format';
import { Fact } from './AdapterSection';

/** Ops beyond these are summed in one row. */
const ROWS = 12;

export function StepSection(): ReactNode {
  const planned = useSetup((s) => (s.plan.status === 'ready' ? s.plan.summary.dispatchesPerStep : null));
  const dispatches = useRun((s) => s.started?.plan.dispatchesPerStep ?? null) ?? planned;
  const stepMs = useRun((s) => (s.stepMs === null ? null : Number(s.stepMs.toPrecision(3))));
  return (
    <section className="section">
      <h3>Step</h3>
      <dl className="facts">
        <Fact name="Dispatches a step" value={dispatches === null ? 'not planned' : count(dispatches)} />
        {stepMs !== null && <Fact name="Step time, mean" value={milliseconds(stepMs)} />}
      </dl>
      <OpTable />
    </section>
  );
}

function OpTable(): ReactNode {
  const profile = useRun((s) => s.profile);
  const { rows, total } = useMemo(() => {
    const sorted = [...(profile?.ops ?? [])].sort((a, b) => b.ms - a.ms);
    const rest = sorted.slice(ROWS);
    const sum = (of: 'ms' | 'dispatches'): number => rest.reduce((s, op) => s + op[of], 0);
    const tail = rest.length > 0 ? [{ name: `${rest.length} more`, dispatches: sum('dispatches'), ms: sum('ms') }] : [];
    return { rows: [...sorted.slice(0, ROWS), ...tail], total: sorted.reduce((s, op) => s + op.ms, 0) };
  }, [profile]);
  if (rows.length === 0) return <p className="muted">Time by op appears with the first profiled step.</p>;
  return (
    <table className="table ops">
      <thead>
        <tr>
          <th scope="col">Op</th>
          <th scope="col" className="right">
            n
          </th>
          <th scope="col" className="right">
            ms
          </th>
          <th scope="col" className="right">
            share
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, dispatches, ms }) => (
          <tr key={name}>
            <th scope="row">
              <span
                className="op-bar"
                style={{ width: `${(100 * ms) / Math.max(rows[0].ms, 1e-9)}%` }}
                aria-hidden="true"
              />
              <span className="op-name">{name}</span>
            </th>
            <td className="num">{count(dispatches)}</td>
            <td className="num">{significant(ms)}</td>
            <td className="num muted">{percent(ms / total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
