/** The optimizer's state; loads with the Lab's panel, not with the page: the first load has a budget. */
import { type ReactNode, Suspense, lazy } from 'react';

const Panel = lazy(async () => ({ default: (await import('./OptimizerPanel')).OptimizerPanel }));

export function OptimizerSection(): ReactNode {
  return (
    <section className="section" aria-labelledby="optimizer-title">
      <h3 id="optimizer-title">Optimizer state</h3>
      <Suspense fallback={<p className="muted">Loading.</p>}>
        <Panel />
      </Suspense>
    </section>
  );
}
