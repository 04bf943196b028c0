/** Adapter identity, measured roof, and how much of the roof the run reaches. */
import type { ReactNode } from 'react';
import { useRun } from '../context';
import { percent, significant } from '../format';
import { adapterName } from '../shell/AdapterBadge';

export function AdapterSection(): ReactNode {
  const adapter = useRun((s) => s.adapter);
  const roof = useRun((s) => s.roof);
  const achieved = useRun(({ started, latest }) =>
    started && latest
      ? Number(((started.plan.flopsPerToken * latest.time.tokensPerSecond) / 1e9).toPrecision(3))
      : null,
  );
  if (!adapter) {
    return (
      <section className="section">
        <h3>Adapter</h3>
        <p className="muted">Asking the browser for a GPU.</p>
      </section>
    );
  }
  const kind = adapter.kind === 'reference' ? 'CPU reference, f64' : adapter.software ? 'WebGPU, software' : 'WebGPU';
  return (
    <section className="section">
      <h3>Adapter</h3>
      <p className="adapter-name">{adapterName(adapter)}</p>
      <dl className="facts">
        <Fact name="Kind" value={kind} warn={adapter.software || adapter.kind === 'reference'} />
        {adapter.architecture && (
          <Fact name="Architecture" value={[adapter.vendor, adapter.architecture].filter(Boolean).join(' ')} />
        )}
        <Fact name="FMA rate, measured" value={roof ? `${significant(roof.fmaGflops)} GFLOP/s` : 'not yet'} />
        <Fact name="Bandwidth, measured" value={roof ? `${significant(roof.bandwidthGBs)} GB/s` : 'not yet'} />
        {achieved !== null && <Fact name="This run" value={`${significant(achieved)} GFLOP/s`} />}
        {achieved !== null && roof && <Fact name="Share of FMA rate" value={percent(achieved / roof.fmaGflops)} />}
      </dl>
      {roof && achieved !== null && (
        <div className="bar" aria-hidden="true">
          <div style={{ width: `${Math.min(100, (100 * achieved) / roof.fmaGflops)}%` }} />
        </div>
      )}
    </section>
  );
}

export function Fact(props: { readonly name: string; readonly value: string; readonly warn?: boolean }): ReactNode {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd className={props.warn ? 'num warn-text' : 'num'}>{props.value}</dd>
    </div>
  );
}
