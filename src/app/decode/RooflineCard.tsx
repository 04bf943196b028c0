/** Roofline of this adapter and the kernel behind a dot. */
import { useState, type ReactNode } from 'react';
import { useStore } from 'zustand';
import type { OpDot } from '@/worker/decode-protocol';
import { bytes, count, flops, significant } from '../format';
import { Experiment } from './Experiment';
import { measurements } from './measurements';
import { plotted, RooflinePlot } from './RooflinePlot';

export function RooflineCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.roofline);
  const [wanted, choose] = useState<OpDot | null>(null);
  const chosen = result && wanted && result.ops.includes(wanted) ? wanted : null;
  return (
    <Experiment
      title="Roofline of this adapter"
      about="Stream copy and FMA chains give the roof; then every distinct kernel of the configured training step and of decode is repeated until a sample outlasts the clock. Times are fenced by the queue and include the launch."
      what={{ kind: 'roofline' }}
    >
      {!result && <p className="decode-empty">A log-log plot of the roof with one dot per kernel will stand here.</p>}
      {result && (
        <>
          <p className="row decode-legend">
            <span data-series="1">training step</span>
            <span data-series="3">optimizer update</span>
            <span data-series="2">decode</span>
            <span className="muted num">
              {plotted(result.ops).length} of {result.ops.length} kernels compute; the others only move bytes
            </span>
          </p>
          <RooflinePlot result={result} chosen={chosen} onChoose={choose} />
          {chosen ? <OpDetail op={chosen} /> : <p className="muted">Choose a dot: its kernel is shown here.</p>}
        </>
      )}
    </Experiment>
  );
}

function OpDetail({ op }: { readonly op: OpDot }): ReactNode {
  const facts: readonly (readonly [string, string])[] = [
    ['kernel', `${op.family}, variant ${op.variant}`],
    ['first at', `${op.sequence}: ${op.scope || op.label}`],
    ['grid', `${op.workgroups.join(' × ')} workgroups, ${count(op.dispatches)} dispatches`],
    ['work', flops(op.flops)],
    ['bytes', `${bytes(op.bytes)} at least`],
    ['time', `${significant(op.ms)} ms a dispatch, fenced`],
    ['rate', `${significant(op.gflops)} GFLOP/s, ${significant(op.gbs)} GB/s`],
    ['intensity', `${significant(op.intensity)} FLOP/byte`],
    ['roof here', `${significant(op.roofGflops)} GFLOP/s`],
    [
      'distance',
      op.ofRoof > 1
        ? `${significant(op.ofRoof)} × the roof: its data sat in a cache`
        : `${significant(1 / op.ofRoof)} × under the roof (${significant(100 * op.ofRoof)} %)`,
    ],
  ];
  return (
    <div className="op-detail" aria-live="polite">
      <h4>{op.label}</h4>
      <dl className="decode-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="num">{value}</dd>
          </div>
        ))}
      </dl>
      <pre tabIndex={0} role="region" aria-label="Kernel source">
        {op.code}
      </pre>
    </div>
  );
}
