/** The ledger is large, so the page loads when it is opened. */
import { lazy, Suspense, type ReactNode } from 'react';

const Page = lazy(async () => ({ default: (await import('./ClaimsPage')).ClaimsPage }));

export function LazyClaims(): ReactNode {
  return (
    <Suspense fallback={<p role="status">Loading claims…</p>}>
      <Page />
    </Suspense>
  );
}
