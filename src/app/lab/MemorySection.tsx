/** Planned memory by category as one bar, beside what was allocated. */
import type { ReactNode } from 'react';
import { useRun, useSetup } from '../context';
import { bytes, count, percent } from '../format';
import { summaryOf } from '../stores/setup';
import { Fact } from './AdapterSection';

export function MemorySection(): ReactNode {
  const planned = useSetup((s) => summaryOf(s.plan)?.memory ?? null);
  const started = useRun((s) => s.started);
  const live = useRun((s) => s.memory);
  const memory = started?.plan.memory ?? planned;
  if (!memory) {
    return (
      <section className="section memory-waiting">
        <h3>Memory</h3>
        <p className="muted">Bytes by category, as soon as a configuration is planned.</p>
      </section>
    );
  }
  const parts = memory.categories.filter((c) => c.bytes > 0);
  const drift = started !== null && started.allocatedBytes !== memory.totalBytes;
  return (
    <section className="section">
      <h3>Memory</h3>
      <div className="stack" role="img" aria-label={`Planned memory, ${bytes(memory.totalBytes)}`}>
        {parts.map((part, i) => (
          <div
            key={part.name}
            className={`stack-part fill-${i % 7}`}
            style={{ flexGrow: part.bytes }}
            title={part.name}
          />
        ))}
      </div>
      <table className="table">
        <thead className="visually-hidden">
          <tr>
            <th scope="col">Category</th>
            <th scope="col">Planned</th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part, i) => (
            <tr key={part.name}>
              <th scope="row">
                <i className={`swatch fill-${i % 7}`} aria-hidden="true" />
                {part.name}
              </th>
              <td className="num">{bytes(part.bytes)}</td>
              <td className="num muted">{percent(part.bytes / memory.totalBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl className="facts">
        <Fact name="Planned" value={bytes(memory.totalBytes)} />
        {started && (
          <Fact
            name="Allocated"
            value={drift ? `${count(started.allocatedBytes)} B` : bytes(started.allocatedBytes)}
            warn={drift}
          />
        )}
        {live && <Fact name="GPU, now" value={bytes(live.gpuBytes)} />}
        {live?.jsHeapBytes != null && <Fact name="JS heap, now" value={bytes(live.jsHeapBytes)} />}
      </dl>
      {memory.largest.length > 0 && (
        <details className="more">
          <summary>Largest tensors</summary>
          <dl className="facts">
            {memory.largest.map((t, i) => (
              <Fact key={`${t.name} ${i}`} name={t.name} value={bytes(t.bytes)} />
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}
