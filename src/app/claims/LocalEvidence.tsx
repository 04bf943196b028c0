/** What the runs of this browser say about a comparison: text and a table of its own, never beside the reported figure on an axis. */
import type { ReactNode } from 'react';
import type { EvidenceRow, EvidenceSet } from '@/worker/store-protocol';
import { significant } from '../format';
import { QUANTITY_NAMES, quantityOf } from './quantity';

const percent = (x: number): string => `${x >= 0 ? '+' : '−'}${significant(Math.abs(100 * x), 3)} %`;

/** `+1.2 % ± 0.3 (SD), n = 3`. */
export function rowText({ relative, spread, n }: EvidenceRow): string {
  const over = spread === null ? '' : ` ± ${significant(100 * spread, 2)} (SD)`;
  return `${percent(relative)}${over}, n = ${n}`;
}

export function LocalEvidence(props: { readonly metric: string; readonly sets: readonly EvidenceSet[] }): ReactNode {
  const { metric, sets } = props;
  const same = quantityOf(metric);
  const quantity = same ?? 'loss';
  const [first, ...others] = sets;
  if (first === undefined) return null;
  return (
    <section className="claim-local" aria-label="Local runs">
      <h4>
        Local runs: {QUANTITY_NAMES[quantity]}
        {same === null && <span className="muted"> (not the claim’s quantity)</span>}
      </h4>
      <Set set={first} rows={first.rows[quantity]} />
      {others.length > 0 && (
        <details>
          <summary>
            {others.length} more {others.length === 1 ? 'set' : 'sets'} of runs
          </summary>
          {others.map((set) => (
            <Set key={`${set.adapter} ${set.steps} ${set.ids[0]}`} set={set} rows={set.rows[quantity]} />
          ))}
        </details>
      )}
    </section>
  );
}

function Set({ set, rows }: { readonly set: EvidenceSet; readonly rows: readonly EvidenceRow[] }): ReactNode {
  const { adapter, software, steps, otherwise, ids } = set;
  return (
    <>
      <table className="table">
        <tbody>
          {rows.map((row) => (
            <tr key={row.arm}>
              <th scope="row">{row.arm}</th>
              <td className="num right" title={`against ${row.baseline}; permutation p ${significant(row.p, 3)}`}>
                {rowText(row)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="muted">
        Against {rows[0]?.baseline ?? 'the baseline'}, {steps.toLocaleString('en-US')} steps, {ids.length} runs on{' '}
        {adapter}
        {software && <span className="badge warn">Software adapter</span>}
      </p>
      <Otherwise settings={otherwise} />
    </>
  );
}

/** What all runs of a set changed on top of the presets. */
function Otherwise({ settings }: { readonly settings: readonly string[] }): ReactNode {
  if (settings.length === 0) return <p className="muted">All else as the presets have it.</p>;
  return (
    <details>
      <summary>
        {settings.length} {settings.length === 1 ? 'setting' : 'settings'} changed in all runs
      </summary>
      <code>{settings.join(' ')}</code>
    </details>
  );
}
