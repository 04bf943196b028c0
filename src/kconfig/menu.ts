/** The tree as a menu: which nodes show, how a row reads, what can be done with it. Shared by the panel and the terminal. */
import type { SetResult } from './assignable';
import type { Config } from './config';
import { assign } from './diff';
import { typeProblem } from './assignable';
import { TRI_TEXT } from './model';
import type { Choice, MenuNode, Sym, Tri } from './model';
import { rangeText } from './origin';
import { realProblem } from './real';
import { parseInteger } from './text';

/** A node as it stands in a list, indented below an implicit parent. */
export interface MenuRow {
  readonly node: MenuNode;
  readonly indent: number;
  /** False for a row that only show-all brings up. */
  readonly visible: boolean;
}

/** True when a node appears without show-all. */
export function isVisible(config: Config, node: MenuNode): boolean {
  if (node.prompt === null || config.evaluate(node.prompt.cond) === 0) return false;
  return node.kind !== 'menu' || config.evaluate(node.visibleIf) > 0;
}

/**
 * The rows of one screen: the children of a menu, a choice or a menuconfig symbol, with the children of plain symbols
 * indented below them.
 */
export function menuRows(config: Config, parent: MenuNode, showAll = false): MenuRow[] {
  if (parent.kind !== 'choice') return rowsBelow(config, parent.children, showAll, 0);
  // A named choice shows the members of all its places, each symbol once, those of this place first.
  const here = new Set(rowsBelow(config, parent.children, showAll, 0).map((row) => row.node));
  const seen = new Set<Sym>();
  for (const node of here) if (node.kind === 'symbol') seen.add(node.item);
  return parent.item.nodes.flatMap((place) =>
    rowsBelow(config, place.children, showAll, 0).filter(({ node }) => {
      if (place === parent || node.kind !== 'symbol') return true;
      if (seen.has(node.item)) return false;
      seen.add(node.item);
      return true;
    }),
  );
}

function rowsBelow(config: Config, nodes: readonly MenuNode[], showAll: boolean, indent: number): MenuRow[] {
  const out: MenuRow[] = [];
  for (const node of nodes) {
    const visible = isVisible(config, node);
    const inner = node.isMenuconfig ? indent : indent + 1;
    if (visible || showAll) {
      out.push({ node, indent, visible });
      if (!node.isMenuconfig) for (const row of rowsBelow(config, node.children, showAll, inner)) out.push(row);
    } else if (node.kind === 'symbol' && node.children.length > 0) {
      const below = rowsBelow(config, node.children, showAll, inner);
      if (below.length === 0) continue;
      out.push({ node, indent, visible });
      if (!node.isMenuconfig) for (const row of below) out.push(row);
    }
  }
  return out;
}

/** True for a node that opens a screen of its own with something in it. */
export function isEnterable(config: Config, node: MenuNode, showAll = false): boolean {
  return node.isMenuconfig && menuRows(config, node, showAll).length > 0;
}

const MARK = [' ', 'M', '*'] as const;

/** The value in menuconfig's idiom: `[*]`, `<M>`, `{*}`, `(X)`, `(value)`, `-*-`; empty for menus and comments. */
export function valueText(config: Config, node: MenuNode): string {
  if (node.kind !== 'symbol' && node.kind !== 'choice') return '';
  const { item } = node;
  if (item.type === 'unknown') return '';
  if (item.kind === 'symbol') {
    if (item.type === 'string' || item.type === 'int' || item.type === 'hex') return `(${config.value(item)})`;
    if (item.choice !== null && config.visibility(item) === 2) {
      return config.selection(item.choice) === item ? '(X)' : '( )';
    }
  }
  const mark = MARK[config.tri(item)];
  const assignable = config.assignable(item);
  if (assignable.length <= 1) return item.kind === 'choice' ? '' : `-${mark}-`;
  if (config.type(item) === 'bool') return `[${mark}]`;
  return assignable.length === 2 && assignable[0] === 1 ? `{${mark}}` : `<${mark}>`;
}

/** True for a symbol without a user value; members of a choice in y mode do not count. */
export function isNew(config: Config, node: MenuNode): boolean {
  if (node.kind !== 'symbol' || node.item.type === 'unknown' || node.prompt === null) return false;
  const { choice } = node.item;
  return config.userValue(node.item) === null && !(choice !== null && config.tri(choice) === 2);
}

/** A whole row as menuconfig prints it. */
export function rowText(
  config: Config,
  { node, indent }: MenuRow,
  options: { showNames?: boolean; showAll?: boolean } = {},
): string {
  let text = valueText(config, node).padEnd(3 + 2 * indent);
  if (node.kind === 'symbol' && (node.prompt === null || options.showNames === true)) text += ` <${node.item.name}>`;
  if (node.prompt !== null) text += node.kind === 'comment' ? ` *** ${node.prompt.text} ***` : ` ${node.prompt.text}`;
  if (isNew(config, node)) text += ' (NEW)';
  if (node.kind === 'choice') {
    const picked = selectedPrompt(config, node);
    if (picked !== null) text += ` (${picked})`;
  }
  if (node.isMenuconfig) text += isEnterable(config, node, options.showAll) ? '  --->' : '  ----';
  return text;
}

/** The prompt of the member in force, as written at this place of the choice if it stands there. */
export function selectedPrompt(config: Config, node: MenuNode & { readonly kind: 'choice' }): string | null {
  const selected = config.selection(node.item);
  if (selected === null) return null;
  const prompted = selected.nodes.filter((place) => place.prompt !== null);
  return (prompted.find((place) => place.parent === node) ?? prompted[0])?.prompt?.text ?? null;
}

/** True when a key press can change the node's value. */
export function isChangeable(config: Config, node: MenuNode): boolean {
  if (node.kind !== 'symbol' && node.kind !== 'choice') return false;
  if (node.prompt === null || config.evaluate(node.prompt.cond) === 0) return false;
  const { item } = node;
  if (item.type === 'unknown') return false;
  if (item.type === 'string' || item.type === 'int' || item.type === 'hex') return true;
  if (config.assignable(item).length > 1) return true;
  return item.kind === 'symbol' && item.choice !== null && config.visibility(item) === 2;
}

/** Why a text is no good value now: its type, the range in force, or the range of a real. For checks while typing. */
export function validate(config: Config, sym: Sym, text: string): string | null {
  const problem = typeProblem(sym, text) ?? (sym.real === null ? null : realProblem(sym.real, text));
  if (problem !== null) return problem;
  const range = config.activeRange(sym);
  if (range !== null) {
    const value = parseInteger(text, sym.type === 'hex' ? 16 : 10);
    if (value === null || value < range.low || value > range.high) {
      return `${text} is outside the range ${rangeText(config, sym) ?? ''}`;
    }
  }
  return null;
}

/** Sets n, m or y if that is possible now; false if not. */
export function setTri(config: Config, item: Sym | Choice, value: Tri): boolean {
  if (!config.assignable(item).includes(value)) return false;
  return item.kind === 'choice' ? config.setMode(item, value).ok : assign(config, item, TRI_TEXT[value]).ok;
}

/** The next value in the cycle n, m, y of what is possible: the space bar. Returns false when nothing changed. */
export function toggle(config: Config, item: Sym | Choice): boolean {
  const assignable = config.assignable(item);
  if (assignable.length === 0) return false;
  const now = config.tri(item);
  const next = assignable[(assignable.indexOf(now) + 1) % assignable.length];
  return next !== now && setTri(config, item, next);
}

/** Sets a checked value from text: what an edit field calls. */
export function edit(config: Config, sym: Sym, text: string): SetResult {
  const problem = validate(config, sym, text);
  return problem === null ? assign(config, sym, text) : { ok: false, reason: problem };
}

/** The node to show for a symbol: its first visible place, else the first with a prompt, else the first. */
export function nodeOf(config: Config, item: Sym | Choice): MenuNode | null {
  const nodes: readonly MenuNode[] = item.nodes;
  return (
    nodes.find((node) => isVisible(config, node)) ?? nodes.find((node) => node.prompt !== null) ?? nodes[0] ?? null
  );
}

/** The chain of screens from the root to the one on which a node stands. */
export function menuPath(node: MenuNode): MenuNode[] {
  const path: MenuNode[] = [];
  for (let at = node.parent; at !== null; at = at.parent) if (at.isMenuconfig) path.unshift(at);
  return path;
}
