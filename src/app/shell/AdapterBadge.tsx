/** Who does the arithmetic, always in sight. */
import type { ReactNode } from 'react';
import type { AdapterInfo } from '@/worker/protocol';
import { useRun } from '../context';

export const adapterName = (a: AdapterInfo): string =>
  a.device || a.description || [a.vendor, a.architecture].filter(Boolean).join(' ') || 'unnamed adapter';

export function AdapterBadge(): ReactNode {
  const adapter = useRun((s) => s.adapter);
  const connection = useRun((s) => s.connection);
  if (connection === 'crashed') return <span className="badge danger">No worker</span>;
  if (!adapter) return <span className="badge">Finding adapter</span>;
  if (adapter.kind === 'reference') {
    return (
      <span className="badge warn" title="No WebGPU: the f64 CPU reference does the arithmetic">
        CPU reference
      </span>
    );
  }
  if (adapter.software) {
    return (
      <span className="badge warn" title={`${adapterName(adapter)}: WebGPU runs on the CPU`}>
        Software adapter
      </span>
    );
  }
  return (
    <span className="badge" title={adapter.description}>
      {adapterName(adapter)}
    </span>
  );
}
