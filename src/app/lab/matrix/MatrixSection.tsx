/** Arms and seeds of a paired preset; there for presets that declare some, and while a matrix goes on. Loads when it is shown. */
import { type ReactNode, Suspense, lazy } from 'react';
import { useMatrix, useSetup } from '../../context';
import { headerCells } from '../../preset-header';

const Panel = lazy(async () => ({ default: (await import('./MatrixPanel')).MatrixPanel }));

export function MatrixSection(): ReactNode {
  const cells = useSetup((s) => headerCells(s.presets.find(({ name }) => name === s.preset)?.text ?? ''));
  const going = useMatrix((s) => s.phase !== 'none');
  if (cells < 2 && !going) return null;
  return (
    <section className="section" aria-labelledby="matrix-title">
      <h3 id="matrix-title">Arms and seeds</h3>
      <Suspense fallback={<p className="muted">Loading.</p>}>
        <Panel declared={cells} />
      </Suspense>
    </section>
  );
}
