/** Steps that change the configuration, and the way back. */
import { edit, isEnterable, nodeOf, setTri, toggle } from '@/kconfig';
import type { Config, Sym, Tri } from '@/kconfig';
import { enter, isTyped, leave, startEdit } from './cursor';
import { chosenNode, differing, frameOf, say, withVersion, type Menu, type Version } from './model';

/** Undo keeps this many steps. */
const UNDO_DEPTH = 200;

const BLOCKED = 'This cannot be changed now: w says why.';

/** Puts a version on top of the undo stack. */
export function advance(menu: Menu, version: Version): Menu {
  return withVersion({ ...menu, editing: null }, version, [...menu.undo, menu.version].slice(-UNDO_DEPTH), []);
}

/** Applies a change to a copy; null when it did not take. */
export function change(menu: Menu, apply: (config: Config) => boolean): Menu | null {
  const config = menu.version.config.clone();
  if (!apply(config)) return null;
  return say(advance(menu, { ...menu.version, config }), consequences(menu.version.config, config));
}

/** The changes in a few words, for the eye and for the screen reader. */
function consequences(before: Config, after: Config): string {
  const changes = differing(before, after).filter(({ symbol }) => symbol.nodes.some((node) => node.prompt !== null));
  if (changes.length === 0) return '';
  const shown = changes.slice(0, 3).map((entry) => `${entry.name} = ${entry.after.value || '""'}`);
  return `${shown.join(', ')}${changes.length > 3 ? ` and ${changes.length - 3} more` : ''}.`;
}

/** Enter: opens a screen, types a value, picks a member and goes back, or toggles. */
export function activate(menu: Menu): Menu {
  const node = chosenNode(menu);
  if (node === null) return menu;
  if (isEnterable(menu.version.config, node, menu.showAll)) return enter(menu);
  if (node.kind !== 'symbol')
    return node.kind === 'comment' ? menu : say(menu, 'Nothing in it now: z shows hidden options.');
  if (isTyped(node)) return startEdit(menu);
  const next = flip(menu);
  const parent = frameOf(menu).node;
  const picked = parent.kind === 'choice' && next.version.config.selection(parent.item) === node.item;
  return picked ? { ...leave(next), message: next.message } : next;
}

/** Space: the next value. */
export function flip(menu: Menu): Menu {
  const node = chosenNode(menu);
  if (node === null || node.kind === 'comment' || node.kind === 'if') return menu;
  if (node.kind === 'menu') return enter(menu);
  if (isTyped(node)) return startEdit(menu);
  const { item } = node;
  const { config } = menu.version;
  if (item.kind === 'symbol' && item.choice !== null && config.tri(item.choice) === 2) return setTo(menu, 2);
  const next = change(menu, (copy) => toggle(copy, item));
  if (next !== null) return next;
  return isEnterable(config, node, menu.showAll) ? enter(menu) : say(menu, BLOCKED);
}

/** y, m, n. */
export function setTo(menu: Menu, value: Tri): Menu {
  const node = chosenNode(menu);
  if (node === null || (node.kind !== 'symbol' && node.kind !== 'choice')) return menu;
  if (isTyped(node)) return say(menu, 'Enter edits the value.');
  const { item } = node;
  const { config } = menu.version;
  if (config.tri(item) === value && config.assignable(item).includes(value)) return menu;
  return change(menu, (copy) => setTri(copy, item, value)) ?? say(menu, BLOCKED);
}

/** Takes a typed value. The problem is null when it was taken. */
export function commit(menu: Menu, sym: Sym, text: string): { readonly menu: Menu; readonly problem: string | null } {
  const { config } = menu.version;
  const closed: Menu = { ...menu, editing: null };
  let problem: string | null = null;
  if (text === config.value(sym)) return { menu: closed, problem };
  const next = change(closed, (copy) => {
    const result = edit(copy, sym, text);
    if (!result.ok) problem = result.reason;
    return result.ok;
  });
  return { menu: next ?? menu, problem };
}

/** Gives a symbol back the value that it has in the preset: from the user's hand or from its default. */
export function revert(menu: Menu, sym: Sym): Menu {
  const { base } = menu.version;
  const item = sym.choice ?? sym;
  const symbols = item.kind === 'choice' ? item.members : [sym];
  const next = change(menu, (copy) => {
    const snapshot = copy.snapshot();
    const values = new Map(snapshot.values);
    for (const one of symbols) {
      const value = base.userValue(one);
      if (value === null) values.delete(one);
      else values.set(one, value);
    }
    const choices = new Map(snapshot.choices);
    if (item.kind === 'choice') choices.set(item, { mode: base.userMode(item), selection: base.userSelection(item) });
    copy.restore({ values, choices });
    return true;
  });
  return next ?? menu;
}

export function undo(menu: Menu): Menu {
  const version = menu.undo.at(-1);
  if (version === undefined) return say(menu, 'Nothing to undo.');
  const next = withVersion({ ...menu, editing: null }, version, menu.undo.slice(0, -1), [...menu.redo, menu.version]);
  return say(next, `Undone: ${travelled(menu.version, version)}`);
}

export function redo(menu: Menu): Menu {
  const version = menu.redo.at(-1);
  if (version === undefined) return say(menu, 'Nothing to redo.');
  const next = withVersion({ ...menu, editing: null }, version, [...menu.undo, menu.version], menu.redo.slice(0, -1));
  return say(next, `Redone: ${travelled(menu.version, version)}`);
}

function travelled(from: Version, to: Version): string {
  return from.preset === to.preset ? consequences(from.config, to.config) : `preset ${to.preset}.`;
}

/** Switches a symbol on from outside of the menu, if the tree has it. */
export function switchOn(menu: Menu, name: string): Menu {
  const sym = menu.version.config.find(name);
  if (sym === null || menu.version.config.tri(sym) === 2 || nodeOf(menu.version.config, sym) === null) return menu;
  return change(menu, (copy) => setTri(copy, sym, 2)) ?? menu;
}
