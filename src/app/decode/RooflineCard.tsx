/** Roofline of this adapter and the kernel behind a dot. */
import { useState, type ReactNode } from 'react';
import { useStore } from 'zustand';
import { DECODE_PRESETS, type OpDot, type ResultOf, type Timing } from '@/worker/decode-protocol';
import { bytes, count, flops, significant } from '../format';
import { Bars } from './Bars';
import { Experiment } from './Experiment';
import { measurements } from './measurements';
import { plotted, RooflinePlot } from './RooflinePlot';

export function RooflineCard(): ReactNode {
  const result = useStore(measurements, (s) => s.results.roofline);
  const [wanted, choose] = useState<OpDot | null>(null);
  const chosen = result && wanted && result.ops.includes(wanted) ? wanted : null;
  return (
    <Experiment preset={DECODE_PRESETS.roofline}>
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
          {chosen ? (
            <OpDetail op={chosen} timing={result.timing} />
          ) : (
            <p className="muted">Choose a dot: its kernel is shown here.</p>
          )}
          <Ladder result={result} />
        </>
      )}
    </Experiment>
  );
}

/** Browsers round timestamps, and the clocks of pages, to at most this. */
const TICK_MS = 0.1;

function OpDetail({ op, timing }: { readonly op: OpDot; readonly timing: Timing }): ReactNode {
  const facts: readonly (readonly [string, string])[] = [
    ['kernel', op.family],
    ['first at', `${op.sequence}: ${op.scope || op.label}`],
    ['tile', `${op.variant}, ${op.workgroupSize.join(' × ')} invocations a workgroup`],
    ['grid', `${op.workgroups.join(' × ')} workgroups, ${count(op.dispatches)} dispatches`],
    ['work', flops(op.flops)],
    ['bytes', `${bytes(op.bytes)} at least`],
    ['time', `${significant(op.ms)} ms a dispatch, ${timing === 'fenced' ? 'fenced' : 'by timestamps'}`],
    ['sample', `${count(op.repeats)} dispatches in a row, ${significant(op.repeats * op.ms)} ms: ${count(Math.floor((op.repeats * op.ms) / TICK_MS))} ticks of a clock of ${TICK_MS} ms`], // prettier-ignore
    ['rate', `${significant(op.gflops)} GFLOP/s, ${significant(op.gbs)} GB/s`],
    ['intensity', `${significant(op.intensity)} FLOP/byte`],
    ['roof here', `${significant(op.roofGflops)} GFLOP/s`],
    [
      'distance',
      op.ofRoof > 1
        ? `${significant(op.ofRoof)} × the roof: its data sat in a cache`
        : `${significant(1 / op.ofRoof)} × under the roof (${significant(100 * op.ofRoof)} %)`,
    ],
    [
      'parity error',
      op.parity
        ? `${op.parity.error === 0 ? '0, bit for bit' : op.parity.error.toExponential(1)} against ${op.parity.twin} on the same noise`
        : 'one kernel, no twin on the device: tests compare it with the f64 reference',
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

function Ladder({ result: { ladder, roof } }: { readonly result: ResultOf<'roofline'> }): ReactNode {
  return (
    <>
      <h4>GEMM ladder</h4>
      <p className="muted">
        The same product of two {ladder.size} × {ladder.size} matrices, from a loop an element to the kernels that
        training uses.
      </p>
      <Bars
        label="GEMM ladder"
        first="Kernel"
        axis="Rate (GFLOP/s)"
        rows={ladder.rungs.map(({ step, variant, gflops, error }) => ({
          name: step,
          value: gflops,
          text: `${significant(gflops)} GFLOP/s, ${significant((100 * gflops) / roof.fmaGflops)} % of FMA, ${variant}${error > 0 ? `, ${error.toExponential(1)} from the loop` : ''}`,
        }))}
      />
    </>
  );
}
