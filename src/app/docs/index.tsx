/** Documents are large, so the page loads when it is opened. */
import { lazy, Suspense, type ReactNode } from 'react';
import type { PageProps } from '../routes';

const Page = lazy(async () => ({ default: (await import('./DocsPage')).DocsPage }));

export function LazyDocs({ rest }: PageProps): ReactNode {
  return (
    <Suspense fallback={<p role="status">Loading documents…</p>}>
      <Page rest={rest} />
    </Suspense>
  );
}
