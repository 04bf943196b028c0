/** Density of F against v on equal logarithmic axes, with the line of slope 1. */
import { type ReactNode, useMemo } from 'react';
import { densityGrid } from './fisher-adam';

const SIZE = 240;
const MARGIN = { left: 44, bottom: 36, top: 20, right: 20 };
const BINS = 40;
/** Tick labels on an axis. */
const TICKS = 5;

/** Most points lie in a few cells: the root keeps the others visible. */
const strength = (n: number, most: number): number => Math.round(1000 * (0.15 + 0.85 * Math.sqrt(n / most))) / 1000;

export interface DensityScatterProps {
  readonly points: readonly (readonly [number, number])[];
  readonly x: string;
  readonly y: string;
  readonly label: string;
}

export function DensityScatter({ points, x, y, label }: DensityScatterProps): ReactNode {
  const { low, high, bins, cells, most } = useMemo(() => densityGrid(points, BINS), [points]);
  const cell = SIZE / bins;
  const at = (decade: number): number => ((decade - low) / (high - low)) * SIZE;
  const every = Math.max(1, Math.ceil((high - low) / TICKS));
  const ticks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => low + i * every);
  const power = (decade: number): string => `1e${decade < 0 ? '\u2212' : ''}${Math.abs(decade)}`;
  return (
    <svg
      className="density-scatter"
      role="img"
      aria-label={label}
      viewBox={`${-MARGIN.left} ${-MARGIN.top} ${SIZE + MARGIN.left + MARGIN.right} ${SIZE + MARGIN.top + MARGIN.bottom}`}
    >
      <rect className="density-frame" width={SIZE} height={SIZE} />
      {cells.map(([i, j, n]) => (
        <rect
          key={i + bins * j}
          className="attention-cell"
          x={i * cell}
          y={SIZE - (j + 1) * cell}
          width={cell}
          height={cell}
          fillOpacity={strength(n, most)}
        />
      ))}
      <line className="density-slope" x1={0} y1={SIZE} x2={SIZE} y2={0} />
      {ticks.map((decade) => (
        <g key={decade} className="num">
          <text x={at(decade)} y={SIZE + 14} textAnchor="middle">
            {power(decade)}
          </text>
          <text x={-6} y={SIZE - at(decade) + 4} textAnchor="end">
            {power(decade)}
          </text>
        </g>
      ))}
      <text x={-MARGIN.left + 4} y={-8}>
        ↑ {y}, log
      </text>
      <text x={SIZE} y={SIZE + 30} textAnchor="end">
        {x}, log →
      </text>
    </svg>
  );
}
