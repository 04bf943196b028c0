/** The masks as they are: how much is gone, how they differ from magnitude, and what each matrix keeps. */
import type { CSSProperties, ReactNode } from 'react';
import { useRun } from '../context';
import { bytes, count, percent, significant } from '../format';
import type { RunData } from '../stores/data';
import { Fact } from './AdapterSection';

const DENSITY = 'prune.density.';

/** The newest value of a series; null where there is none. */
function latest({ methods }: RunData, name: string): number | null {
  const points = methods.get(name);
  return points && points.length > 0 ? points.ys[points.length - 1]! : null;
}

export interface DensityMap {
  /** Matrices of a block, in the order of their first appearance. */
  readonly columns: readonly string[];
  readonly rows: readonly { readonly layer: string; readonly kept: readonly (number | null)[] }[];
}

/** Kept share of each pruned matrix, a row for a block; what lies outside blocks has a row of its own. */
export function densityMap(data: RunData): DensityMap {
  const columns: string[] = [];
  const rows = new Map<string, Map<string, number>>();
  for (const name of data.methods.keys()) {
    if (!name.startsWith(DENSITY)) continue;
    const tensor = name.slice(DENSITY.length).replace(/\.weight$/, '');
    const [, layer = 'other', column = tensor] = /\.h\.(\d+)\.(.+)$/.exec(tensor) ?? [];
    if (!columns.includes(column)) columns.push(column);
    const row = rows.get(layer) ?? new Map<string, number>();
    rows.set(layer, row.set(column, latest(data, name)!));
  }
  return {
    columns,
    rows: [...rows].map(([layer, kept]) => ({ layer, kept: columns.map((c) => kept.get(c) ?? null) })),
  };
}

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
      <DensityTable map={densityMap(data)} />
    </section>
  );
}

const SHORT: Readonly<Record<string, string>> = {
  'attn.c_attn': 'qkv',
  'attn.c_proj': 'proj',
  'mlp.c_fc': 'fc',
  'mlp.c_proj': 'out',
};

function DensityTable({ map }: { readonly map: DensityMap }): ReactNode {
  return (
    <table className="table density">
      <caption>Kept by layer and matrix, %</caption>
      <thead>
        <tr>
          <th scope="col">Layer</th>
          {map.columns.map((column) => (
            <th key={column} scope="col" className="right" title={column}>
              {SHORT[column] ?? column.replace(/^.*\./, '')}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {map.rows.map(({ layer, kept }) => (
          <tr key={layer}>
            <th scope="row">{layer}</th>
            {kept.map((share, i) => (
              <td
                key={map.columns[i]}
                className="num density-cell"
                style={{ '--kept': `${share === null ? 0 : 50 * share}%` } as CSSProperties}
              >
                {share === null ? '' : (100 * share).toFixed(0)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
