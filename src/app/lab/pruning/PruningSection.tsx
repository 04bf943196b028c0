/** The masks as they are: how much is gone, how they differ from magnitude, and what each matrix keeps. */
import type { ReactNode } from 'react';
import { useRun } from '../../context';
import { bytes, count, percent, significant } from '../../format';
import type { RunData } from '../../stores/data';
import { Fact } from '../AdapterSection';
import { type DensityMap, DensityTable, densityRows } from './DensityTable';

const DENSITY = 'prune.density.';

/** The newest value of a series; null where there is none. */
function latest({ methods }: RunData, name: string): number | null {
  const points = methods.get(name);
  return points && points.length > 0 ? points.ys[points.length - 1]! : null;
}

/** Kept share of each pruned matrix at the last mask event. */
export const densityMap = (data: RunData): DensityMap =>
  densityRows(
    [...data.methods.keys()]
      .filter((name) => name.startsWith(DENSITY))
      .map((name) => [name.slice(DENSITY.length), latest(data, name)!] as const),
  );

/** Nothing before the first mask event. */
export function PruningSection(): ReactNode {
  const data = useRun((s) => s.data);
  const events = useRun((s) => s.data.methods.get('prune.actual')?.version ?? 0);
  if (events === 0) return null;
  const value = (field: string): number | null => latest(data, `prune.${field}`);
  const saturated = value('sat_frac');
  const masks = value('bytes.masks');
  return (
    <section className="section">
      <h3>Pruning</h3>
      <dl className="facts">
        <Fact name="Pruned" value={`${count(value('pruned') ?? 0)} of ${count(value('prunable') ?? 0)}`} />
        <Fact name="Sparsity" value={`${percent(value('actual') ?? 0)}, ramp ${percent(value('target') ?? 0)}`} />
        <Fact name="Jaccard with magnitude" value={(value('jaccard_magnitude') ?? 0).toFixed(3)} />
        {saturated !== null && <Fact name="v below epsilon" value={percent(saturated)} />}
        <Fact name="Came back, last event" value={count(value('regrown') ?? 0)} />
        <Fact name="Score, 90th percentile" value={significant(value('score.q90') ?? 0)} />
        {masks !== null && <Fact name="Masks" value={bytes(masks)} />}
      </dl>
      <DensityTable caption="Kept by layer and matrix, %" map={densityMap(data)} />
    </section>
  );
}
