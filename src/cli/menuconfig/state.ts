/**
 * The menu as a state machine: `step(state, key)` gives the next state. A state is never changed, and neither is the
 * configuration in it: a change works on a copy, so undo keeps what was there before. Files are the caller's: a state that
 * wants one written carries a `request`.
 */
import { edit, isChangeable, isEnterable, menuRows, diffConfigs, setTri, toggle, validate } from '@/kconfig';
import type { Config, Tri } from '@/kconfig';
import {
  change,
  chosenNode,
  frameOf,
  MENU,
  moveTo,
  rowsOf,
  say,
  showPage,
  withConfig,
  type Mode,
  type State,
} from './core';
import { fieldOf, typeKey } from './field';
import type { Key } from './keys';
import { infoPage, whyPage } from './pages';
import { searching, searchKey } from './search';
import { wrap } from './wrap';

/** The next state after a key. */
export function step(before: State, key: Key): State {
  const state: State = { ...before, message: '', request: 'none' };
  if (key === 'ctrl-c') return { ...state, request: 'interrupt' };
  switch (state.mode.kind) {
    case 'menu':
      return menuKey(state, key);
    case 'edit':
      return editKey(state, state.mode, key);
    case 'search':
      return searchKey(state, state.mode, key);
    case 'page':
      return pageKey(state, state.mode, key);
    case 'quit':
      return quitKey(state, key);
  }
}

/** The next state after several keys. */
export function steps(state: State, keys: readonly Key[]): State {
  return keys.reduce(step, state);
}

function travel(state: State, from: readonly Config[], word: string, isUndo: boolean): State {
  const config = from.at(-1);
  if (config === undefined) return say(state, `nothing to ${word}`);
  const rest = from.slice(0, -1);
  const kept = [...(isUndo ? state.redo : state.undo), state.config];
  const changes = diffConfigs(state.config, config).map((entry) => `${entry.name}=${entry.after.value}`);
  const next = isUndo ? withConfig(state, config, rest, kept) : withConfig(state, config, kept, rest);
  return { ...next, message: `${word}: ${changes.slice(0, 3).join(', ')}${changes.length > 3 ? ', …' : ''}` };
}

function menuKey(state: State, key: Key): State {
  const frame = frameOf(state);
  switch (key) {
    case 'up':
    case 'k':
      return moveTo(state, frame.cursor - 1);
    case 'down':
    case 'j':
      return moveTo(state, frame.cursor + 1);
    case 'pageup':
      return moveTo(state, frame.cursor - state.height);
    case 'pagedown':
      return moveTo(state, frame.cursor + state.height);
    case 'home':
    case 'g':
      return moveTo(state, 0);
    case 'end':
    case 'G':
      return moveTo(state, rowsOf(state).length - 1);
    case 'enter':
    case 'right':
    case 'l':
      return open(state, key === 'enter');
    case 'escape':
    case 'left':
    case 'h':
    case 'backspace':
      if (state.frames.length > 1) return moveTo({ ...state, frames: state.frames.slice(0, -1) }, parentCursor(state));
      return key === 'escape' ? quit(state) : state;
    case ' ':
      return flip(state);
    case 'y':
      return set(state, 2);
    case 'm':
      return set(state, 1);
    case 'n':
      return set(state, 0);
    case 'u':
      return travel(state, state.undo, 'undo', true);
    case 'U':
      return travel(state, state.redo, 'redo', false);
    case 'z': {
      const node = chosenNode(state);
      const next: State = { ...state, showAll: !state.showAll };
      const at = rowsOf(next).findIndex((row) => row.node === node);
      return say(moveTo(next, at < 0 ? frame.cursor : at), `show all: ${next.showAll ? 'on' : 'off'}`);
    }
    case '/':
      return { ...state, mode: searching(state, fieldOf('')) };
    case '?':
    case 'w': {
      const node = chosenNode(state);
      if (node === null) return state;
      const page = key === '?' ? infoPage(state.config, node) : whyPage(state.config, node);
      return showPage(state, page.title, page.lines);
    }
    case 's':
      return { ...state, request: 'save' };
    case 'q':
      return quit(state);
    default:
      return state;
  }
}

function quit(state: State): State {
  return state.dirty ? { ...state, mode: { kind: 'quit' } } : { ...state, request: 'quit' };
}

function quitKey(state: State, key: Key): State {
  if (key === 'y' || key === 'Y' || key === 'enter') return { ...state, mode: MENU, request: 'save-and-quit' };
  if (key === 'n' || key === 'N') return { ...state, request: 'quit' };
  return key === 'escape' || key === 'left' || key === 'c' ? { ...state, mode: MENU } : state;
}

/** Where the menu stands in the list that it was opened from. */
function parentCursor(state: State): number {
  const { node } = frameOf(state);
  const parent: State = { ...state, frames: state.frames.slice(0, -1) };
  const at = rowsOf(parent).findIndex((row) => row.node === node);
  return at < 0 ? frameOf(parent).cursor : at;
}

/** Opens a menu, a field, or (with Enter) toggles. */
function open(state: State, mayToggle: boolean): State {
  const node = chosenNode(state);
  if (node === null) return state;
  if (isEnterable(state.config, node, state.showAll)) {
    let cursor = 0;
    if (node.kind === 'choice') {
      const picked = state.config.selection(node.item);
      const rows = menuRows(state.config, node, state.showAll);
      cursor = rows.findIndex((row) => row.node.kind === 'symbol' && row.node.item === picked);
    }
    return moveTo({ ...state, frames: [...state.frames, { node, cursor: 0, top: 0 }] }, cursor);
  }
  if (node.kind !== 'symbol') return say(state, node.kind === 'comment' ? '' : 'empty: z shows hidden options');
  const { type } = node.item;
  if (type === 'int' || type === 'hex' || type === 'string') {
    if (!isChangeable(state.config, node)) return blocked(state);
    const field = fieldOf(state.config.value(node.item));
    const problem = validate(state.config, node.item, field.text);
    return { ...state, mode: { kind: 'edit', symbol: node.item, field, problem } };
  }
  if (!mayToggle) return state;
  const next = flip(state);
  const parent = frameOf(state).node;
  // Enter on a member of a choice picks it and goes back, as in menuconfig.
  if (parent.kind === 'choice' && next.config.selection(parent.item) === node.item)
    return { ...step(next, 'escape'), message: next.message };
  return next;
}

function blocked(state: State): State {
  return say(state, 'this cannot be changed now: w says why');
}

function flip(state: State): State {
  const node = chosenNode(state);
  if (node === null || node.kind === 'comment' || node.kind === 'if') return state;
  if (node.kind === 'menu') return open(state, false);
  const { item } = node;
  if (item.type === 'int' || item.type === 'hex' || item.type === 'string') return open(state, false);
  if (item.kind === 'symbol' && item.choice !== null && state.config.tri(item.choice) === 2) return set(state, 2);
  const next = change(state, (config) => toggle(config, item));
  if (next !== null) return next;
  if (isEnterable(state.config, node, state.showAll)) return open(state, false);
  return blocked(state);
}

function set(state: State, value: Tri): State {
  const node = chosenNode(state);
  if (node === null || (node.kind !== 'symbol' && node.kind !== 'choice')) return state;
  const { item } = node;
  if (item.type === 'int' || item.type === 'hex' || item.type === 'string')
    return say(state, `${item.type}: Enter edits the value`);
  if (state.config.tri(item) === value && state.config.assignable(item).includes(value)) {
    const userSet = item.kind === 'choice' || state.config.userValue(item) !== null || item.choice !== null;
    if (userSet) return state;
  }
  return change(state, (config) => setTri(config, item, value)) ?? blocked(state);
}

function editKey(state: State, mode: Mode & { kind: 'edit' }, key: Key): State {
  const { symbol, field } = mode;
  if (key === 'escape') return { ...state, mode: MENU };
  if (key === 'enter') {
    const problem = validate(state.config, symbol, field.text);
    if (problem !== null) return { ...state, mode: { ...mode, problem } };
    if (field.text === state.config.value(symbol) && state.config.userValue(symbol) === field.text)
      return { ...state, mode: MENU };
    let reason = 'the value was not taken';
    const next = change({ ...state, mode: MENU }, (config) => {
      const result = edit(config, symbol, field.text);
      if (!result.ok) ({ reason } = result);
      return result.ok;
    });
    return next ?? { ...state, mode: { ...mode, problem: reason } };
  }
  const typed = typeKey(field, key);
  return { ...state, mode: { ...mode, field: typed, problem: validate(state.config, symbol, typed.text) } };
}

function pageKey(state: State, mode: Mode & { kind: 'page' }, key: Key): State {
  const last = Math.max(0, wrap(mode.lines, state.width - 4).length - state.height);
  const move = (top: number): State => ({ ...state, mode: { ...mode, top: Math.max(0, Math.min(last, top)) } });
  switch (key) {
    case 'down':
    case 'j':
      return move(mode.top + 1);
    case 'up':
    case 'k':
      return move(mode.top - 1);
    case 'pagedown':
    case ' ':
      return move(mode.top + state.height);
    case 'pageup':
      return move(mode.top - state.height);
    case 'home':
    case 'g':
      return move(0);
    case 'escape':
    case 'left':
    case 'h':
    case 'enter':
    case 'q':
    case '?':
    case 'w':
      return { ...state, mode: MENU };
    default:
      return state;
  }
}
