/** The heads' place in the machine panel; their code comes after the first paint. */
import { type ReactNode, Suspense, lazy } from 'react';

const Panel = lazy(async () => ({ default: (await import('./AttentionPanel')).AttentionPanel }));

export function AttentionSection(): ReactNode {
  return (
    <section className="section" aria-labelledby="attention-title">
      <h3 id="attention-title">Attention</h3>
      <Suspense fallback={<p className="muted">Loading.</p>}>
        <Panel />
      </Suspense>
    </section>
  );
}
