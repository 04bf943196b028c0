/** Loads with the Lab's panel, not with the page: the first load has a budget. */
import { type ReactNode, Suspense, lazy } from 'react';

const Panel = lazy(async () => ({ default: (await import('./OneShotPanel')).OneShotPanel }));

export function OneShotSection(): ReactNode {
  return (
    <section className="section" aria-labelledby="one-shot-title">
      <h3 id="one-shot-title">One-shot pruning</h3>
      <Suspense fallback={<p className="muted">Loading.</p>}>
        <Panel />
      </Suspense>
    </section>
  );
}
