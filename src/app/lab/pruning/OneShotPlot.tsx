/** Validation loss against sparsity, one line a score; grows with every sparsity that is looked at. */
import { type ReactNode, useCallback } from 'react';
import { useStore } from 'zustand';
import type { PlotSpec } from '../../plot/spec';
import { StillPlot } from '../../plot/StillPlot';
import { oneShot } from './one-shot';

const TITLE = 'Loss after pruning';
const format = (v: number): string => v.toFixed(3);

export function OneShotPlot(): ReactNode {
  const curves = useStore(oneShot, (s) => s.curves);
  const dense = useStore(oneShot, (s) => s.view?.lossBefore ?? null);
  const spec = useCallback(
    (log: boolean): PlotSpec => ({
      id: 'one-shot',
      title: TITLE,
      x: { title: 'Sparsity', domain: [0, 1] },
      y: { title: 'Validation loss', unit: 'nats/token', log, zero: false, fallback: [1, 5] },
      series: curves.flatMap(({ id, points }, colour) => {
        const [xs, ys] = [Float64Array.from(points, (p) => p[0]), Float64Array.from(points, (p) => p[1])];
        const series = { colour, origin: 'local', points: { xs, ys, length: xs.length } } as const;
        return [
          { id, label: id, mark: 'line', ...series } as const,
          { id: `${id} points`, label: '', mark: 'points', faint: true, ...series } as const,
        ];
      }),
      references: dense === null ? [] : [{ id: 'dense', label: 'dense', value: dense }],
      moments: [],
      empty: 'Validation loss at every sparsity that was looked at.',
    }),
    [curves, dense],
  );
  return <StillPlot title={TITLE} spec={spec} format={format} file="one-shot-pruning" className="prune-plot" compact />;
}
