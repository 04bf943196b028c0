/** The page of decode measurements loads when it is opened. */
import { lazy, Suspense, type ReactNode } from 'react';

const Page = lazy(async () => ({ default: (await import('./DecodePage')).DecodePage }));

export function LazyDecode(): ReactNode {
  return (
    <Suspense fallback={<p role="status">Loading decode…</p>}>
      <Page />
    </Suspense>
  );
}
