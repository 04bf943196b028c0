/** The page of kept runs loads when it is opened. */
import { lazy, Suspense, type ReactNode } from 'react';
import type { PageProps } from '../routes';

const Page = lazy(async () => ({ default: (await import('./RunsPage')).RunsPage }));

export function LazyRuns({ rest }: PageProps): ReactNode {
  return (
    <Suspense fallback={<p role="status">Loading runs…</p>}>
      <Page rest={rest} />
    </Suspense>
  );
}
