/** Steps that move: along the rows, into a screen and out of it, to a search hit. */
import { isChangeable, isEnterable, menuPath, menuRows, nodeOf } from '@/kconfig';
import type { Item, MenuNode } from '@/kconfig';
import { chosenNode, frameOf, NO_PANE, rowsOf, say, type Menu, type Pane } from './model';

/** Rows of a page key. */
export const PAGE = 10;

/** Chooses a row; beyond the ends, the end. */
export function moveTo(menu: Menu, wanted: number): Menu {
  const count = rowsOf(menu).length;
  const frame = frameOf(menu);
  const cursor = Math.max(0, Math.min(wanted, count - 1));
  return { ...menu, message: '', frames: [...menu.frames.slice(0, -1), { ...frame, cursor }] };
}

export const move = (menu: Menu, by: number): Menu => moveTo(menu, frameOf(menu).cursor + by);

/** Opens the screen of the chosen row; a choice opens on its selection. The same menu when there is no screen. */
export function enter(menu: Menu): Menu {
  const node = chosenNode(menu);
  const { config } = menu.version;
  if (node === null || !isEnterable(config, node, menu.showAll)) return menu;
  const picked = node.kind === 'choice' ? config.selection(node.item) : null;
  const rows = menuRows(config, node, menu.showAll);
  const at = picked === null ? 0 : rows.findIndex((row) => row.node.kind === 'symbol' && row.node.item === picked);
  return moveTo({ ...menu, frames: [...menu.frames, { node, cursor: 0 }] }, at);
}

/** Goes up to the screen at a depth, 0 for the root, with the cursor on where it came from. */
export function leaveTo(menu: Menu, depth: number): Menu {
  if (depth < 0 || depth >= menu.frames.length - 1) return menu;
  const from = menu.frames[depth + 1].node;
  const next: Menu = { ...menu, frames: menu.frames.slice(0, depth + 1), message: '', focus: menu.focus + 1 };
  const at = rowsOf(next).findIndex((row) => row.node === from);
  return at < 0 ? next : moveTo(next, at);
}

export const leave = (menu: Menu): Menu => leaveTo(menu, menu.frames.length - 2);

/** Shows or hides what has no prompt now, the cursor on the same row. */
export function toggleShowAll(menu: Menu): Menu {
  const node = chosenNode(menu);
  const next: Menu = { ...menu, showAll: !menu.showAll };
  const rows = rowsOf(next);
  const at = rows.findIndex((row) => row.node === node);
  const said = next.showAll ? 'Hidden options are shown, dimmed.' : 'Hidden options are left out.';
  return say(moveTo(next, at < 0 ? frameOf(menu).cursor : at), said);
}

/** Goes to a node, turning show-all on when it is hidden now. */
export function jump(menu: Menu, target: MenuNode): Menu {
  const hasItem = target.kind === 'symbol' || target.kind === 'choice';
  const node = (hasItem ? nodeOf(menu.version.config, target.item) : target) ?? target;
  const path = menuPath(node);
  for (const showAll of menu.showAll ? [true] : [false, true]) {
    let next: Menu = { ...menu, showAll, pane: NO_PANE, editing: null, message: '', frames: [], focus: menu.focus + 1 };
    let found = path.length > 0;
    for (const [i, screen] of path.entries()) {
      next = { ...next, frames: [...next.frames, { node: screen, cursor: 0 }] };
      const wanted = path[i + 1] ?? node;
      const at = rowsOf(next).findIndex((row) => row.node === wanted);
      found &&= at >= 0;
      next = moveTo(next, at);
    }
    if (!found) continue;
    const revealed = showAll && !menu.showAll;
    return revealed ? say(next, 'It is hidden now, so hidden options are shown. w says why.') : next;
  }
  return say({ ...menu, pane: NO_PANE }, 'That has no place in the menu.');
}

/** Goes to where a symbol or choice stands. */
export function jumpToItem(menu: Menu, item: Item): Menu {
  const node = nodeOf(menu.version.config, item);
  return node === null ? say(menu, 'That has no place in the menu.') : jump(menu, node);
}

/** The search for a text. */
export function search(menu: Menu, query: string): Menu {
  const result = menu.index.search(query, 200);
  const pane: Pane = {
    kind: 'search',
    query,
    hits: result.ok ? result.hits : [],
    total: result.ok ? result.total : 0,
    problem: result.ok ? null : result.reason,
    cursor: 0,
  };
  return { ...menu, pane, editing: null };
}

/** Chooses another search hit. */
export function moveHit(menu: Menu, by: number): Menu {
  const { pane } = menu;
  if (pane.kind !== 'search') return menu;
  const cursor = Math.max(0, Math.min(pane.hits.length - 1, pane.cursor + by));
  return { ...menu, pane: { ...pane, cursor } };
}

/** Closes whatever stands over the list. */
export const closePane = (menu: Menu): Menu => ({ ...menu, pane: NO_PANE, editing: null, focus: menu.focus + 1 });

/** Opens a pane. */
export const showPane = (menu: Menu, pane: Pane): Menu => ({ ...menu, pane, editing: null });

/** The info page of a row, the chosen one by default. */
export function showInfo(menu: Menu, part: 'all' | 'why' = 'all', node = chosenNode(menu)): Menu {
  return node === null ? menu : showPane(menu, { kind: 'info', node, part });
}

/** True for a row with text to type. */
export function isTyped(node: MenuNode): boolean {
  return node.kind === 'symbol' && ['int', 'hex', 'string'].includes(node.item.type);
}

/** Starts typing a value, where the chosen row takes one now. */
export function startEdit(menu: Menu): Menu {
  const node = chosenNode(menu);
  if (node?.kind !== 'symbol' || !isTyped(node)) return menu;
  if (!isChangeable(menu.version.config, node)) return say(menu, 'This cannot be changed now: w says why.');
  return { ...menu, editing: node.item, message: '' };
}
