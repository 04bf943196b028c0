/** What the browser's storage holds, how safe it is, and three strengths of cleaning. */
import type { ReactNode } from 'react';
import type { CleanStrength } from '@/worker/store-protocol';
import { useLibrary, useWorkbench } from '../context';
import { bytes, percent } from '../format';
import { ConfirmButton } from './ConfirmButton';

const STRENGTHS: readonly { readonly strength: CleanStrength; readonly label: string; readonly says: string }[] = [
  {
    strength: 'state',
    label: 'Clean',
    says: 'Training state and intermediate checkpoints of finished runs. Best weights, metrics and manifests stay.',
  },
  {
    strength: 'weights',
    label: 'Clean weights',
    says: 'All weights of finished runs. Metrics and manifests stay: a run can still be compared and replayed.',
  },
  { strength: 'all', label: 'Delete all runs', says: 'Everything, but runs that a tab is training.' },
];

export function StorageBar(): ReactNode {
  const { library } = useWorkbench();
  const usage = useLibrary((s) => s.usage);
  const busy = useLibrary((s) => s.busy !== null);
  const kept = useLibrary((s) => s.entries.reduce((sum, entry) => sum + entry.bytes, 0));
  return (
    <section className="runs-storage" aria-label="Storage">
      {usage && (
        <>
          <meter
            min={0}
            max={usage.quotaBytes}
            high={0.8 * usage.quotaBytes}
            value={usage.usageBytes}
            aria-label="Storage of this site"
          />
          <span className="num">
            runs {bytes(kept)}, site {bytes(usage.usageBytes)} of {bytes(usage.quotaBytes)} (
            {percent(usage.quotaBytes > 0 ? usage.usageBytes / usage.quotaBytes : 0)})
          </span>
          {usage.persisted ? (
            <span className="muted">Kept until you delete them</span>
          ) : (
            <button
              type="button"
              title="Without it the browser may delete runs when the disk is nearly full"
              disabled={busy}
              onClick={() => void library.persist()}
            >
              Ask the browser to keep runs
            </button>
          )}
        </>
      )}
      <details className="menu">
        <summary>Clean…</summary>
        <div className="menu-list clean-list">
          {STRENGTHS.map(({ strength, label, says }) => (
            <div key={strength}>
              <p className="muted">{says}</p>
              <ConfirmButton
                label={label}
                confirm={`${label}: it cannot be taken back`}
                disabled={busy}
                onConfirm={() => void library.clean(strength)}
              />
            </div>
          ))}
        </div>
      </details>
    </section>
  );
}
