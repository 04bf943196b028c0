/** Symbols that differ between two configurations, with the reason for the second value. */
import type { ReactNode } from 'react';
import { originText, type DiffEntry, type DiffSide } from '@/kconfig';
import { promptOf, shownValue } from './words';

interface DiffTableProps {
  readonly entries: readonly DiffEntry[];
  readonly before: string;
  readonly after: string;
}

const sideText = ({ value, visible, written }: DiffSide): string =>
  visible || written ? shownValue(value) : `${shownValue(value)} (hidden)`;

export function DiffTable({ entries, before, after }: DiffTableProps): ReactNode {
  const shown = entries.filter(({ symbol }) => symbol.nodes.some((node) => node.prompt !== null));
  const derived = entries.length - shown.length;
  return (
    <>
      <table className="table diff">
        <thead>
          <tr>
            <th scope="col">Option</th>
            <th scope="col" className="right">
              {before}
            </th>
            <th scope="col" className="right">
              {after}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((entry) => (
            <tr key={entry.name}>
              <th scope="row" title={originText(entry.after.origin)}>
                {promptOf(entry.symbol)}
                <span className="num muted diff-name">{entry.name}</span>
              </th>
              <td className="num muted">{sideText(entry.before)}</td>
              <td className="num">{sideText(entry.after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {derived > 0 && (
        <p className="muted">
          and {derived} derived {derived === 1 ? 'symbol' : 'symbols'} without a prompt.
        </p>
      )}
    </>
  );
}
