/** Settings that differ between two configurations, with the reason for the second value. A choice is one row. */
import type { ReactNode } from 'react';
import { itemText, originText, type Choice, type DiffEntry, type DiffSide } from '@/kconfig';
import { promptOf, shownValue } from './words';

interface DiffTableProps {
  readonly entries: readonly DiffEntry[];
  readonly before: string;
  readonly after: string;
}

interface DiffRow {
  readonly key: string;
  readonly prompt: string;
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly reason: string;
}

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
          {diffRows(shown).map((row) => (
            <tr key={row.key}>
              <th scope="row" title={row.reason}>
                {row.prompt}
                <span className="num muted diff-name">{row.name}</span>
              </th>
              <td className="num muted">{row.before}</td>
              <td className="num">{row.after}</td>
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

const sideText = ({ value, visible, written }: DiffSide): string =>
  visible || written || value !== '' ? shownValue(value) : 'hidden';

function diffRows(entries: readonly DiffEntry[]): DiffRow[] {
  const seen = new Set<Choice>();
  return entries.flatMap((entry) => {
    const { symbol, name, before, after } = entry;
    const { choice } = symbol;
    const reason = originText(after.origin);
    if (choice === null || symbol.type !== 'bool') {
      const prompt = promptOf(symbol);
      return [{ key: name, prompt, name, before: sideText(before), after: sideText(after), reason }];
    }
    if (seen.has(choice)) return [];
    seen.add(choice);
    return [choiceRow(choice, entries, reason)];
  });
}

/** The member that left and the one that came; none where the choice was or becomes hidden. */
function choiceRow(choice: Choice, entries: readonly DiffEntry[], reason: string): DiffRow {
  const members = entries.filter(({ symbol }) => symbol.choice === choice);
  const picked = (side: 'before' | 'after'): string =>
    members.find((entry) => entry[side].value === 'y')?.name ?? 'none';
  return {
    key: `choice ${choice.id}`,
    prompt: promptOf(choice),
    name: choice.name === null ? 'choice' : itemText(choice),
    before: picked('before'),
    after: picked('after'),
    reason,
  };
}
