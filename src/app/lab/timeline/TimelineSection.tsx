/** What the machine does during the live run; loads with the Lab's panel, not with the page: the first load has a budget. */
import { type ReactNode, Suspense, lazy } from 'react';

const Panel = lazy(async () => ({ default: (await import('./LiveTimeline')).LiveTimeline }));

export function TimelineSection(): ReactNode {
  return (
    <section className="section" aria-labelledby="timeline-title">
      <h3 id="timeline-title">Timeline</h3>
      <Suspense fallback={<p className="muted">Loading.</p>}>
        <Panel />
      </Suspense>
    </section>
  );
}
