/** The search screen, and the jump to what was found. */
import { menuPath, nodeOf } from '@/kconfig';
import type { MenuNode } from '@/kconfig';
import { MENU, moveTo, rowsOf, say, type Mode, type State } from './core';
import { typeKey, type Field } from './field';
import type { Key } from './keys';

/** The search for a text. */
export function searching({ index }: State, field: Field): Mode & { kind: 'search' } {
  const result = index.search(field.text);
  return {
    kind: 'search',
    field,
    hits: result.ok ? result.hits : [],
    total: result.ok ? result.total : 0,
    problem: result.ok ? null : result.reason,
    cursor: 0,
  };
}

/** The next state after a key of the search screen. */
export function searchKey(state: State, mode: Mode & { kind: 'search' }, key: Key): State {
  const move = (by: number): State => {
    const cursor = Math.max(0, Math.min(mode.hits.length - 1, mode.cursor + by));
    return { ...state, mode: { ...mode, cursor } };
  };
  switch (key) {
    case 'escape':
      return { ...state, mode: MENU };
    case 'up':
      return move(-1);
    case 'down':
    case 'tab':
      return move(1);
    case 'pageup':
      return move(-state.height);
    case 'pagedown':
      return move(state.height);
    case 'enter': {
      const hit = mode.hits[mode.cursor];
      return hit === undefined ? state : jump({ ...state, mode: MENU }, hit.node);
    }
    default: {
      const field = typeKey(mode.field, key);
      return { ...state, mode: field.text === mode.field.text ? { ...mode, field } : searching(state, field) };
    }
  }
}

/** Goes to a node, turning show-all on when it is hidden. */
export function jump(state: State, target: MenuNode): State {
  const hasItem = target.kind === 'symbol' || target.kind === 'choice';
  const node = (hasItem ? nodeOf(state.config, target.item) : target) ?? target;
  for (const showAll of state.showAll ? [true] : [false, true]) {
    const path = menuPath(node);
    if (path.length === 0) return state;
    let next: State = { ...state, showAll, frames: [] };
    let found = true;
    for (const [i, screen] of path.entries()) {
      next = { ...next, frames: [...next.frames, { node: screen, cursor: 0, top: 0 }] };
      const wanted = path[i + 1] ?? node;
      const at = rowsOf(next).findIndex((row) => row.node === wanted);
      found &&= at >= 0;
      next = moveTo(next, at);
    }
    if (found) return showAll && !state.showAll ? say(next, 'hidden now, so show all is on: w says why') : next;
  }
  return say(state, 'that has no place in the menu');
}
