/** The measured roof on two log axes, a dot a kernel; a dot is a button. */
import type { ReactNode } from 'react';
import { useWidth } from '@/explainers/plot/use-width';
import type { OpDot, ResultOf } from '@/worker/decode-protocol';
import { significant } from '../format';
import { logScale } from '../plot/scale';
import { logTicks } from '../plot/ticks';

const HEIGHT = 380;
/** Below this width there are fewer ticks, and the roof's label takes two lines. */
const NARROW = 480;

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
  const [frame, full] = useWidth(720);
  const width = Math.min(960, full);
  const narrow = width < NARROW;
  const box = { left: narrow ? 44 : 64, right: width - 12, top: 24, bottom: 336 };
  const { roof } = result;
  const dots = plotted(result.ops);
  const xs = around([roof.ridge, ...dots.map((o) => o.intensity)]);
  const ys = around([roof.fmaGflops, ...dots.map((o) => o.gflops)]);
  const x = logScale(xs, [box.left, box.right]);
  const y = logScale(ys, [box.bottom, box.top]);
  const foot = Math.max(xs[0], ys[0] / roof.bandwidthGBs);
  const path = [
    [foot, foot * roof.bandwidthGBs],
    [roof.ridge, roof.fmaGflops],
    [xs[1], roof.fmaGflops],
  ].map(([a, b]) => `${x.map(a)},${y.map(b)}`);
  const names = [`FMA ${significant(roof.fmaGflops)} GFLOP/s`, `stream copy ${significant(roof.bandwidthGBs)} GB/s`];
  const label = narrow ? names : [names.join(', ')];
  return (
    <div ref={frame}>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        width={width}
        height={HEIGHT}
        className="roofline"
        role="group"
        aria-label="Kernels under the measured roof"
      >
        {logTicks(...xs, narrow ? 4 : 8).map((t) => (
          <g key={t}>
            <line x1={x.map(t)} x2={x.map(t)} y1={box.top} y2={box.bottom} className="grid" />
            <text x={x.map(t)} y={box.bottom + 16} textAnchor="middle">
              {tick(t)}
            </text>
          </g>
        ))}
        {logTicks(...ys, 8).map((t) => (
          <g key={t}>
            <line x1={box.left} x2={box.right} y1={y.map(t)} y2={y.map(t)} className="grid" />
            <text x={box.left - 8} y={y.map(t) + 4} textAnchor="end">
              {tick(t)}
            </text>
          </g>
        ))}
        <text x={4} y={12}>
          ↑ Rate (GFLOP/s), log
        </text>
        <text x={box.right} y={HEIGHT - 6} textAnchor="end">
          Arithmetic intensity (FLOP/byte), log →
        </text>
        <polyline points={path.join(' ')} className="roof" />
        {label.map((line, i) => (
          <text key={line} x={box.right} y={y.map(roof.fmaGflops) - 6 - 14 * (label.length - 1 - i)} textAnchor="end">
            {line}
          </text>
        ))}
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
