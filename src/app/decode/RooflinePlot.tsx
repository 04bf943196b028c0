/** The measured roof on two log axes, a dot a kernel; a dot is a button. */
import type { ReactNode } from 'react';
import type { OpDot, ResultOf } from '@/worker/decode-protocol';
import { significant } from '../format';
import { logScale } from '../plot/scale';
import { logTicks } from '../plot/ticks';

const [WIDTH, HEIGHT] = [720, 380];
const BOX = { left: 64, right: 700, top: 24, bottom: 336 };

const COLOURS: Readonly<Record<string, string>> = {
  train: 'series-1',
  update: 'series-3',
  decode: 'series-2',
  draw: 'series-2',
};

/** Kernels that compute have a place on a roofline; copies have no intensity. */
export const plotted = (ops: readonly OpDot[]): readonly OpDot[] => ops.filter((o) => o.flops > 0 && o.gflops > 0);

const around = (values: readonly number[]): [number, number] => [Math.min(...values) / 2, Math.max(...values) * 2];

export interface RooflinePlotProps {
  readonly result: ResultOf<'roofline'>;
  readonly chosen: OpDot | null;
  readonly onChoose: (op: OpDot) => void;
}

export function RooflinePlot({ result, chosen, onChoose }: RooflinePlotProps): ReactNode {
  const { roof } = result;
  const dots = plotted(result.ops);
  const xs = around([roof.ridge, ...dots.map((o) => o.intensity)]);
  const ys = around([roof.fmaGflops, ...dots.map((o) => o.gflops)]);
  const x = logScale(xs, [BOX.left, BOX.right]);
  const y = logScale(ys, [BOX.bottom, BOX.top]);
  const foot = Math.max(xs[0], ys[0] / roof.bandwidthGBs);
  const path = [
    [foot, foot * roof.bandwidthGBs],
    [roof.ridge, roof.fmaGflops],
    [xs[1], roof.fmaGflops],
  ].map(([a, b]) => `${x.map(a)},${y.map(b)}`);
  return (
    <div className="decode-scroll" tabIndex={0} role="region" aria-label="Roofline plot">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        className="roofline"
        role="group"
        aria-label="Kernels under the measured roof"
      >
        {logTicks(...xs, 8).map((t) => (
          <g key={t}>
            <line x1={x.map(t)} x2={x.map(t)} y1={BOX.top} y2={BOX.bottom} className="grid" />
            <text x={x.map(t)} y={BOX.bottom + 16} textAnchor="middle">
              {tick(t)}
            </text>
          </g>
        ))}
        {logTicks(...ys, 8).map((t) => (
          <g key={t}>
            <line x1={BOX.left} x2={BOX.right} y1={y.map(t)} y2={y.map(t)} className="grid" />
            <text x={BOX.left - 8} y={y.map(t) + 4} textAnchor="end">
              {tick(t)}
            </text>
          </g>
        ))}
        <text x={4} y={12}>
          ↑ Rate (GFLOP/s), log
        </text>
        <text x={BOX.right} y={HEIGHT - 6} textAnchor="end">
          Arithmetic intensity (FLOP/byte), log →
        </text>
        <polyline points={path.join(' ')} className="roof" />
        <text x={BOX.right} y={y.map(roof.fmaGflops) - 6} textAnchor="end">
          FMA {significant(roof.fmaGflops)} GFLOP/s, stream copy {significant(roof.bandwidthGBs)} GB/s
        </text>
        {dots.map((op) => (
          <circle
            key={`${op.sequence} ${op.scope} ${op.label} ${op.code.length}`}
            cx={x.map(op.intensity)}
            cy={y.map(op.gflops)}
            r={op === chosen ? 8 : 6}
            fill={`var(--${COLOURS[op.sequence] ?? 'baseline'})`}
            className="dot"
            role="button"
            tabIndex={0}
            aria-pressed={op === chosen}
            aria-label={`${op.sequence}: ${op.family} ${op.variant}, ${significant(op.gflops)} GFLOP/s, ${Math.round(100 * op.ofRoof)} % of the roof`}
            onClick={() => onChoose(op)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' && event.key !== ' ') return;
              event.preventDefault();
              onChoose(op);
            }}
          />
        ))}
      </svg>
    </div>
  );
}

const tick = (v: number): string => (v >= 1e4 || v < 1e-2 ? v.toExponential(0) : String(Number(v.toPrecision(2))));
