/** The decode cache's place in the machine panel; its code comes after the first paint. */
import { type ReactNode, Suspense, lazy } from 'react';
import { useRun, useSetup } from '../../context';
import { summaryOf } from '../../stores/setup';

const Composition = lazy(async () => ({ default: (await import('./CacheComposition')).CacheComposition }));

export function CacheSection(): ReactNode {
  const planned = useSetup((s) => summaryOf(s.plan)?.cache ?? null);
  const cache = useRun((s) => s.started?.plan.cache ?? null) ?? planned;
  return (
    <section className="section" aria-labelledby="cache-title">
      <h3 id="cache-title">Decode cache</h3>
      {cache === null && (
        <p className="muted">What each layer keeps of a token, as soon as a configuration is planned.</p>
      )}
      {cache && 'reason' in cache && <p className="muted">No cache: {cache.reason}.</p>}
      {cache && 'layers' in cache && (
        <Suspense fallback={<p className="muted">Loading.</p>}>
          <Composition {...cache} />
        </Suspense>
      )}
    </section>
  );
}
