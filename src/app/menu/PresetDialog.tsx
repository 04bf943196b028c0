/** The preset gallery: each with what would change against the configuration now, before it is loaded. */
import { useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { PresetInfo } from '@/worker/protocol';
import { useMenu, useWorkbench } from '../context';
import { closePane } from '../stores/menu/cursor';
import { loadPreset } from '../stores/menu/load';
import { differing, presetConfig } from '../stores/menu/model';
import { DiffTable } from './DiffTable';
import { MenuDialog } from './MenuDialog';
import { foldTwins, type Family } from './presets';

export function PresetDialog(): ReactNode {
  const { menu: store } = useWorkbench();
  const presets = useMenu((menu) => menu.presets);
  const current = useMenu((menu) => menu.version.preset);
  const families = useMemo(() => foldTwins(presets), [presets]);
  const [filter, setFilter] = useState('');
  const [name, setName] = useState(current);
  const shown = families.filter(({ preset }) => matches(preset, filter));
  const family = shown.find(({ preset, twin }) => preset.name === name || twin?.name === name) ?? shown[0];
  const chosen = family === undefined ? null : family.twin?.name === name ? family.twin : family.preset;
  const load = (wanted: PresetInfo | null): void => {
    if (wanted) store.act((menu) => closePane(loadPreset(menu, wanted.name)));
  };
  return (
    <MenuDialog title="Presets" size="wide">
      <div className="presets">
        <div className="presets-list">
          <input
            type="text"
            aria-label="Filter presets"
            placeholder="Filter"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
          <PresetList
            families={shown}
            chosen={family ?? null}
            current={current}
            onChoose={(next) => setName(next.preset.name)}
            onLoad={() => load(chosen)}
          />
        </div>
        {chosen !== null && family !== undefined && (
          <div className="presets-detail">
            <h3>{chosen.title}</h3>
            <p className="num muted">{chosen.name}</p>
            {family.twin && (
              <label className="check">
                <input
                  type="checkbox"
                  checked={chosen === family.twin}
                  onChange={(event) => setName(event.target.checked ? family.twin!.name : family.preset.name)}
                />
                Its small twin for tests, {family.twin.name}
              </label>
            )}
            <div className="row">
              <button type="button" className="primary" onClick={() => load(chosen)}>
                Load
              </button>
              <span className="muted">Undo brings the configuration back.</span>
            </div>
            <Detail preset={chosen} />
          </div>
        )}
      </div>
    </MenuDialog>
  );
}

const matches = ({ name, title }: PresetInfo, filter: string): boolean =>
  filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => `${name} ${title}`.toLowerCase().includes(word));

interface PresetListProps {
  readonly families: readonly Family[];
  readonly chosen: Family | null;
  readonly current: string;
  readonly onChoose: (family: Family) => void;
  readonly onLoad: () => void;
}

function PresetList({ families, chosen, current, onChoose, onLoad }: PresetListProps): ReactNode {
  const list = useRef<HTMLUListElement>(null);
  const changed = useMenu((menu) => menu.changes.count);
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = chosen === null ? 0 : families.indexOf(chosen);
    const last = families.length - 1;
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: last }[event.key];
    if (event.key === 'Enter') onLoad();
    else if (next !== undefined && families[next]) {
      onChoose(families[next]);
      list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
    } else return;
    event.preventDefault();
  };
  return (
    <ul
      ref={list}
      role="listbox"
      aria-label="Presets"
      tabIndex={0}
      data-first-focus
      aria-activedescendant={chosen === null ? undefined : `preset-${chosen.preset.name}`}
      className="menu-hits"
      onKeyDown={onKeyDown}
    >
      {families.map((family) => {
        const { preset, twin } = family;
        const loaded = preset.name === current || twin?.name === current;
        return (
          <li
            key={preset.name}
            id={`preset-${preset.name}`}
            role="option"
            aria-selected={family === chosen}
            onClick={() => onChoose(family)}
          >
            <span className="hit-prompt">{preset.title}</span>
            <span className="num muted hit-name">
              {preset.name}
              {loaded && ` \u00b7 loaded${changed > 0 ? `, ${changed} changed` : ''}`}
            </span>
          </li>
        );
      })}
      {families.length === 0 && <li className="muted">Nothing matches.</li>}
    </ul>
  );
}

function Detail({ preset }: { readonly preset: PresetInfo }): ReactNode {
  const tree = useMenu((menu) => menu.tree);
  const presets = useMenu((menu) => menu.presets);
  const config = useMenu((menu) => menu.version.config);
  const entries = useMemo(
    () => differing(config, presetConfig(tree, presets, preset.name)),
    [tree, presets, preset, config],
  );
  return entries.length === 0 ? (
    <p>This is the configuration in use: nothing would change.</p>
  ) : (
    <DiffTable entries={entries} before="Now" after="Preset" />
  );
}
