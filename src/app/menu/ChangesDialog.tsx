/** The configuration beside another one: its preset, any other preset, a saved one. */
import { useMemo, useState, type ReactNode } from 'react';
import type { DiffEntry } from '@/kconfig';
import { useMenu, useMenuStore, useWorkbench } from '../context';
import { revert } from '../stores/menu/edit';
import { differing, textConfig } from '../stores/menu/model';
import { DiffTable } from './DiffTable';
import { JumpButton } from './JumpButton';
import { MenuDialog } from './MenuDialog';
import { promptOf } from './words';

export function ChangesDialog(): ReactNode {
  const menu = useMenu((m) => m);
  const slots = useMenuStore((s) => s.slots);
  const [other, setOther] = useState(`preset ${menu.version.preset}`);
  const { tree, presets } = menu;
  const { config, base, preset } = menu.version;
  const options = [
    ...presets.map(({ name, text }) => ({ key: `preset ${name}`, name, text })),
    ...slots.map(({ name, text }) => ({ key: `slot ${name}`, name: `${name} (saved)`, text })),
  ];
  const text = options.find(({ key }) => key === other)?.text ?? '';
  const isBase = other === `preset ${preset}`;
  const entries = useMemo(
    () => differing(isBase ? base : textConfig(tree, text), config),
    [isBase, base, tree, text, config],
  );
  return (
    <MenuDialog title="Changes" size="wide">
      <label className="field">
        <span>Against</span>
        <select data-first-focus value={other} onChange={(event) => setOther(event.target.value)}>
          {options.map(({ key, name }) => (
            <option key={key} value={key}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {entries.length === 0 ? <p>No value differs.</p> : <DiffTable entries={entries} before="There" after="Here" />}
      {isBase && entries.length > 0 && <Reverts entries={entries} />}
    </MenuDialog>
  );
}

/** Each change with a way to it and a way back. */
function Reverts({ entries }: { readonly entries: readonly DiffEntry[] }): ReactNode {
  const { menu } = useWorkbench();
  const items = new Map(entries.map(({ symbol }) => [symbol.choice ?? symbol, symbol] as const));
  const prompted = [...items].filter(([item]) => item.nodes.some((node) => node.prompt !== null));
  return (
    <>
      <h3>Go to, or take back</h3>
      <ul className="slots">
        {prompted.map(([item, symbol]) => (
          <li key={item.id}>
            <span className="slot-name">{promptOf(item)}</span>
            <JumpButton item={item} text="Go to" />
            <button
              type="button"
              className="quiet"
              aria-label={`Take back ${promptOf(item)}`}
              onClick={() => menu.act((m) => revert(m, symbol))}
            >
              Take back
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
