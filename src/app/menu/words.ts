/** Rows and values in words: types, limits, values for display and for the screen reader. */
import {
  isChangeable,
  isLogical,
  rangeText,
  realRangeText,
  TRI_TEXT,
  unitOf,
  type Config,
  type Item,
  type MenuNode,
  type Sym,
} from '@/kconfig';

/** The type as a reader thinks of it: a string with a real range is a real. */
export const typeText = (config: Config, sym: Sym): string => (sym.real === null ? config.type(sym) : 'real');

/** The range in force, or an empty text. */
export const limitsText = (config: Config, sym: Sym): string =>
  (sym.real === null ? rangeText(config, sym) : realRangeText(sym.real)) ?? '';

/** The unit, unless the prompt already ends with it. */
export function shownUnit(sym: Sym): string | null {
  const unit = unitOf(sym);
  if (unit === null || sym.nodes.some((node) => node.prompt?.text.endsWith(`(${unit})`))) return null;
  return unit;
}

export const promptOf = (item: Item): string => {
  const nodes: readonly MenuNode[] = item.nodes;
  return nodes.find((node) => node.prompt !== null)?.prompt?.text ?? item.name ?? 'choice';
};

/** A value as a table shows it. */
export const shownValue = (value: string): string => (value === '' ? '""' : value);

/** The value of an item as text. */
export const valueOf = (config: Config, item: Item): string =>
  item.kind === 'choice' ? (config.selection(item)?.name ?? TRI_TEXT[config.tri(item)]) : config.value(item);

/** What a row's mark says, for the screen reader; a mark that is a check state says it by itself. */
export function spokenValue(config: Config, node: MenuNode): string {
  if (node.kind !== 'symbol') return '';
  if (!isLogical(node.item.type)) return `, ${shownValue(config.value(node.item))}`;
  return isChangeable(config, node) ? '' : `, fixed at ${config.value(node.item)}`;
}

/** State of a check mark, where the row has one. */
export function checkedState(config: Config, node: MenuNode): 'true' | 'false' | 'mixed' | undefined {
  if (node.kind !== 'symbol' || !isLogical(node.item.type)) return undefined;
  return (['false', 'mixed', 'true'] as const)[config.tri(node.item)];
}
