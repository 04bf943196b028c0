/** What each matrix keeps: a row for a block, a column for a matrix. */
import type { CSSProperties, ReactNode } from 'react';

export interface DensityMap {
  /** Matrices of a block, in the order of their first appearance. */
  readonly columns: readonly string[];
  readonly rows: readonly { readonly layer: string; readonly kept: readonly (number | null)[] }[];
}

/** Kept share of each tensor by its name; what lies outside blocks has a row of its own. */
export function densityRows(density: Iterable<readonly [name: string, kept: number]>): DensityMap {
  const columns: string[] = [];
  const rows = new Map<string, Map<string, number>>();
  for (const [name, kept] of density) {
    const tensor = name.replace(/\.weight$/, '');
    const [, layer = 'other', column = tensor] = /\.h\.(\d+)\.(.+)$/.exec(tensor) ?? [];
    if (!columns.includes(column)) columns.push(column);
    const row = rows.get(layer) ?? new Map<string, number>();
    rows.set(layer, row.set(column, kept));
  }
  return {
    columns,
    rows: [...rows].map(([layer, kept]) => ({ layer, kept: columns.map((c) => kept.get(c) ?? null) })),
  };
}

const SHORT: Readonly<Record<string, string>> = {
  'attn.c_attn': 'qkv',
  'attn.c_proj': 'proj',
  'mlp.c_fc': 'fc',
  'mlp.c_proj': 'out',
};

export function DensityTable({ caption, map }: { readonly caption: string; readonly map: DensityMap }): ReactNode {
  return (
    <table className="table density">
      <caption>{caption}</caption>
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
