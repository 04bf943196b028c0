/** The rows of one screen as a tree with one tab stop: marks of menuconfig for the eye, words and states for the screen reader. */
import type { KeyboardEvent, ReactNode } from 'react';
import { isChangeable, isEnterable, isNew, selectedPrompt, valueText, type MenuRow } from '@/kconfig';
import { useMenu, useWorkbench } from '../context';
import { moveTo } from '../stores/menu/cursor';
import { activate } from '../stores/menu/edit';
import { frameOf, rowsOf, type Menu } from '../stores/menu/model';
import { menuKeyOf } from './keys';
import { ValueEditor } from './ValueEditor';
import { checkedState, shownUnit, spokenValue } from './words';

/** @param claimFocus called before a step after which the chosen row has the focus; see useRowFocus */
export function MenuRows({ claimFocus }: { readonly claimFocus: () => void }): ReactNode {
  const { menu: store } = useWorkbench();
  const menu = useMenu((m) => m);
  const rows = rowsOf(menu);
  const { cursor, node: screen } = frameOf(menu);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLInputElement) return;
    const entry = menuKeyOf(event);
    if (entry === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    claimFocus();
    entry.run(store);
  };
  return (
    <div
      id="menu-rows"
      className="menu-rows"
      data-marks={rows.some(({ node }) => valueText(menu.version.config, node) !== '')}
      role="tree"
      aria-label={screen.prompt?.text ?? 'Menu'}
      tabIndex={rows.length === 0 ? 0 : -1}
      onKeyDown={onKeyDown}
    >
      {rows.map((row, index) => (
        <Row
          key={`${index} ${row.node.location.file}:${row.node.location.line}`}
          menu={menu}
          row={row}
          index={index}
          chosen={index === cursor}
          onPress={() => {
            claimFocus();
            store.act((m) => activate(moveTo(m, index)));
          }}
        />
      ))}
      {rows.length === 0 && <p className="muted menu-empty">Nothing here now: z shows hidden options.</p>}
    </div>
  );
}

interface RowProps {
  readonly menu: Menu;
  readonly row: MenuRow;
  readonly index: number;
  readonly chosen: boolean;
  readonly onPress: () => void;
}

function Row({ menu, row, index, chosen, onPress }: RowProps): ReactNode {
  const { node, indent, visible } = row;
  const { config } = menu.version;
  const changed = menu.changes.nodes.has(node);
  const editing = chosen && node.kind === 'symbol' && menu.editing === node.item;
  const opens = node.isMenuconfig;
  const enterable = opens && isEnterable(config, node, menu.showAll);
  const dim = !visible || node.kind === 'comment' || (node.kind === 'symbol' && !isChangeable(config, node));
  return (
    <div
      id={`menu-row-${index}`}
      role="treeitem"
      className="menu-row"
      data-dim={dim}
      tabIndex={chosen ? 0 : -1}
      aria-level={indent + 1}
      aria-selected={chosen}
      aria-checked={checkedState(config, node)}
      aria-expanded={opens ? false : undefined}
      style={{ paddingLeft: 12 + 16 * indent }}
      onClick={(event) => {
        if (!(event.target instanceof HTMLInputElement)) onPress();
      }}
    >
      <span className="menu-line">
        {editing ? <ValueEditor symbol={node.item} /> : <Mark menu={menu} row={row} />}
        <Prompt menu={menu} row={row} />
        {changed && (
          <span className="menu-changed" aria-hidden="true" title={`differs from ${menu.version.preset}`}>
            {'\u25cf'}
          </span>
        )}
        {opens && (
          <span className="num menu-arrow" aria-hidden="true">
            {enterable ? '--->' : '----'}
          </span>
        )}
      </span>
    </div>
  );
}

function Mark({ menu, row: { node } }: { readonly menu: Menu; readonly row: MenuRow }): ReactNode {
  const text = valueText(menu.version.config, node);
  if (text === '') return node.kind === 'comment' ? null : <span className="num menu-mark" />;
  return (
    <span className="num menu-mark" aria-hidden="true" title={text.length > 16 ? text : undefined}>
      {text}
    </span>
  );
}

function Prompt({ menu, row: { node } }: { readonly menu: Menu; readonly row: MenuRow }): ReactNode {
  const { config, complete } = menu.version;
  const text = node.prompt?.text ?? '';
  const unit = node.kind === 'symbol' ? shownUnit(node.item) : null;
  const picked = node.kind === 'choice' ? selectedPrompt(config, node) : null;
  const named = node.kind === 'symbol' && (menu.showNames || node.prompt === null);
  return (
    <span className="menu-prompt">
      {named && <code className="menu-name">{node.item.name} </code>}
      {node.kind === 'comment' ? `*** ${text} ***` : text}
      <span className="visually-hidden">{spokenValue(config, node)}</span>
      {picked !== null && <span className="menu-picked"> ({picked})</span>}
      {unit !== null && <span className="muted"> {unit}</span>}
      {menu.changes.nodes.has(node) && <span className="visually-hidden">, changed</span>}
      {complete && isNew(config, node) && <span className="menu-new"> (NEW)</span>}
    </span>
  );
}
