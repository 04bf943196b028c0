/**
 * The menu as a value: configurations, cursor, undo, panes. Steps are functions from one menu to the next; a configuration in
 * it is never changed in place, so undo keeps what was there before and identity tells whether anything changed.
 */
import {
  Config,
  diffConfigs,
  loadConfig,
  loadTree,
  memoryReader,
  menuRows,
  SearchIndex,
  writeMinConfig,
} from '@/kconfig';
import type { Choice, DiffEntry, MenuNode, MenuRow, SearchHit, Sym, Tree } from '@/kconfig';
import type { PresetInfo } from '@/worker/protocol';

/** One opened screen and the chosen row on it. */
export interface Frame {
  readonly node: MenuNode;
  readonly cursor: number;
}

/** What undo goes back to. */
export interface Version {
  readonly config: Config;
  /** The preset as it ships. */
  readonly base: Config;
  readonly preset: string;
  /** True after a complete `.config` was loaded: what it does not set is new. A defconfig leaves most symbols out on purpose. */
  readonly complete: boolean;
}

/** One line of a loaded text about which there is something to say. */
export interface ReportLine {
  readonly line: number;
  readonly text: string;
  readonly message: string;
  readonly ignored: boolean;
}

/** What came of loading a text. */
export interface Report {
  readonly title: string;
  readonly assigned: number;
  readonly lines: readonly ReportLine[];
  /** Symbols that a complete file does not set: they have their defaults. */
  readonly added: readonly Sym[];
}

/** What stands over the list, if anything. */
export type Pane =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'search';
      readonly query: string;
      readonly hits: readonly SearchHit[];
      readonly total: number;
      readonly problem: string | null;
      readonly cursor: number;
    }
  | { readonly kind: 'info'; readonly node: MenuNode; readonly part: 'all' | 'why' }
  | { readonly kind: 'presets' }
  | { readonly kind: 'changes' }
  | { readonly kind: 'files'; readonly part: 'save' | 'load' }
  | { readonly kind: 'report'; readonly report: Report };

export interface Menu {
  readonly tree: Tree;
  readonly index: SearchIndex;
  readonly presets: readonly PresetInfo[];
  readonly version: Version;
  readonly undo: readonly Version[];
  readonly redo: readonly Version[];
  /** Opened screens, the root first. */
  readonly frames: readonly Frame[];
  readonly showAll: boolean;
  readonly showNames: boolean;
  readonly showHelp: boolean;
  /** The symbol whose value is being typed. */
  readonly editing: Sym | null;
  readonly pane: Pane;
  /** What the last key did, in a line. */
  readonly message: string;
  readonly changes: Changes;
  /** Counts the steps after which the chosen row takes the keyboard focus. */
  readonly focus: number;
}

/** What differs from the preset. */
export interface Changes {
  readonly entries: readonly DiffEntry[];
  readonly symbols: ReadonlySet<Sym>;
  /** Rows with a change on them or below them. */
  readonly nodes: ReadonlySet<MenuNode>;
  /** Settings that a reader would count: what was set by hand, a choice as one; not what followed from it. */
  readonly count: number;
}

export const NO_PANE: Pane = { kind: 'none' };

/** A preset over the defaults. Throws when the tree does not know the name. */
export function presetConfig(tree: Tree, presets: readonly PresetInfo[], name: string): Config {
  const preset = presets.find((candidate) => candidate.name === name);
  if (!preset) throw new Error(`there is no preset "${name}"; there are: ${presets.map((p) => p.name).join(', ')}`);
  return textConfig(tree, preset.text);
}

/** The menu at its root over a preset. Throws KconfigError when the sources cannot be read. */
export function openMenu(
  sources: Readonly<Record<string, string>>,
  presets: readonly PresetInfo[],
  preset: string,
): Menu {
  const tree = loadTree({ reader: memoryReader(sources) });
  const base = presetConfig(tree, presets, preset);
  return {
    tree,
    index: new SearchIndex(tree),
    presets,
    version: { config: base, base, preset, complete: false },
    undo: [],
    redo: [],
    frames: [{ node: tree.root, cursor: 0 }],
    showAll: false,
    showNames: false,
    showHelp: true,
    editing: null,
    pane: NO_PANE,
    message: '',
    changes: changesOf(base, base),
    focus: 0,
  };
}

/** A configuration by its minimal text, for comparison. */
export function textConfig(tree: Tree, text: string): Config {
  const config = new Config(tree);
  loadConfig(config, text, { quick: true });
  return config;
}

/** The symbols whose value differs, whether or not it shows in a file. */
export const differing = (before: Config, after: Config): DiffEntry[] =>
  diffConfigs(before, after).filter((entry) => entry.before.value !== entry.after.value);

export function changesOf(base: Config, config: Config): Changes {
  const entries = base === config ? [] : differing(base, config);
  const symbols = new Set<Sym>();
  const nodes = new Set<MenuNode>();
  const counted = new Set<Sym | Choice>();
  for (const { symbol, before, after } of entries) {
    const { choice } = symbol;
    const byHand = choice !== null || base.userValue(symbol) !== config.userValue(symbol);
    // A default that only came up or went away with another option is no change of its own.
    if (!byHand && !(before.visible && after.visible)) continue;
    symbols.add(symbol);
    if (symbol.nodes.every((node) => node.prompt === null)) continue;
    if (byHand) counted.add(choice ?? symbol);
    for (const start of symbol.nodes) for (let at: MenuNode | null = start; at; at = at.parent) nodes.add(at);
  }
  return { entries, symbols, nodes, count: counted.size };
}

/** The opened screen. */
export const frameOf = ({ frames }: Menu): Frame => frames[frames.length - 1];

/** The rows of the opened screen. */
export const rowsOf = (menu: Menu): MenuRow[] => menuRows(menu.version.config, frameOf(menu).node, menu.showAll);

/** The chosen row, or null on an empty screen. */
export const chosenNode = (menu: Menu): MenuNode | null => rowsOf(menu)[frameOf(menu).cursor]?.node ?? null;

export const say = (menu: Menu, message: string): Menu => ({ ...menu, message });

/** Another version, the cursor on the same row where that is still there. Undo and redo are the caller's. */
export function withVersion(menu: Menu, version: Version, undo: readonly Version[], redo: readonly Version[]): Menu {
  const node = chosenNode(menu);
  const next: Menu = { ...menu, version, undo, redo, changes: changesOf(version.base, version.config) };
  const rows = rowsOf(next);
  const at = rows.findIndex((row) => row.node === node);
  const { cursor, node: screen } = frameOf(next);
  const wanted = at >= 0 ? at : Math.min(cursor, Math.max(0, rows.length - 1));
  return { ...next, frames: [...next.frames.slice(0, -1), { node: screen, cursor: wanted }] };
}

/** The configuration in savedefconfig form. */
export const minimalText = (config: Config): string => writeMinConfig(config, '');
