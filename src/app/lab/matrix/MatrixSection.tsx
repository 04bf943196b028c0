/** Arms and seeds of a paired preset; there for presets that declare some, and while a matrix goes on. Loads when it is shown. */
import { type ReactNode, Suspense, lazy } from 'react';
import { useMatrix, useSetup } from '../../context';

const Panel = lazy(async () => ({ default: (await import('./MatrixPanel')).MatrixPanel }));

export function MatrixSection(): ReactNode {
  const cells = useSetup((s) => {
    const text = s.presets.find(({ name }) => name === s.preset)?.text ?? '';
    return Number(/^#\s*Cells:\s*(\d+)/m.exec(text)?.[1] ?? 1);
  });
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
