/** What happened on the device, newest first. */
import type { ReactNode } from 'react';
import { useRun } from '../context';
import { clockTime } from '../format';

export function LogSection(): ReactNode {
  const log = useRun((s) => s.log);
  return (
    <section className="section">
      <h3>Events</h3>
      {log.length === 0 && <p className="muted">Checkpoints, warnings and device events.</p>}
      <ol className="log">
        {log.map(({ key, at, kind, text }) => (
          <li key={key} data-kind={kind}>
            <time className="num muted">{clockTime(at)}</time> <span>{text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
