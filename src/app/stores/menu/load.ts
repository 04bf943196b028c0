/** Configurations from outside: presets, files, slots, links. Every line without effect is reported with its reason. */
import { allDefConfig, allModConfig, allNoConfig, allYesConfig, Config, loadConfig, newSymbols } from '@/kconfig';
import type { LoadReport, Sym, Tree } from '@/kconfig';
import { advance } from './edit';
import { NO_PANE, presetConfig, say, type Menu, type Report, type ReportLine } from './model';

/** Loads a preset as it ships. It can be undone. */
export function loadPreset(menu: Menu, name: string): Menu {
  const base = presetConfig(menu.tree, menu.presets, name);
  const next = advance(menu, { config: base, base, preset: name, complete: false });
  return say({ ...next, pane: NO_PANE }, `Preset ${name}.`);
}

/**
 * Loads a `.config` or a defconfig. The preset stays what the changes are counted against.
 * @param merge adds to what is set instead of replacing it
 */
export function loadText(
  menu: Menu,
  text: string,
  { title, merge = false }: { readonly title: string; readonly merge?: boolean },
): { readonly menu: Menu; readonly report: Report } {
  const config = merge ? menu.version.config.clone() : new Config(menu.tree);
  const loaded = loadConfig(config, text, { merge });
  const unset = unsetSymbols(config);
  const complete = !merge && isComplete(loaded, unset);
  const next = advance(menu, { ...menu.version, config, complete });
  const report: Report = {
    title,
    assigned: loaded.assigned,
    lines: reportLines(text, loaded),
    added: complete ? unset : [],
  };
  const ignored = report.lines.filter((line) => line.ignored).length;
  const said = `${title}: ${plural(loaded.assigned, 'assignment')} taken${ignored > 0 ? `, ${plural(ignored, 'line')} without effect` : ''}.`;
  return { menu: say(next, said), report };
}

/** The configurations of make's targets of these names. */
export const TARGETS = {
  alldefconfig: allDefConfig,
  allyesconfig: allYesConfig,
  allnoconfig: allNoConfig,
  allmodconfig: allModConfig,
} as const;

/** Replaces the configuration by that of a target. The preset stays what the changes are counted against. */
export function loadTarget(menu: Menu, target: keyof typeof TARGETS): Menu {
  const config = TARGETS[target](menu.tree);
  return say({ ...advance(menu, { ...menu.version, config, complete: false }), pane: NO_PANE }, `${target}.`);
}

const plural = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** True for a file as `make` writes it, perhaps of an older tree: it sets no fewer symbols than it leaves unset. */
function isComplete({ assigned }: LoadReport, unset: readonly Sym[]): boolean {
  return assigned > 0 && assigned >= unset.length;
}

/** What a file leaves to the defaults: of a choice, the member in force. */
const unsetSymbols = (config: Config): Sym[] =>
  newSymbols(config).filter((sym) => sym.choice === null || config.selection(sym.choice) === sym);

function reportLines(text: string, { notes }: LoadReport): ReportLine[] {
  const lines = text.split(/\r\n|\r|\n/);
  return notes.map(({ line, message, ignored }) => ({ line, text: lines[line - 1] ?? '', message, ignored }));
}

/** `.config` lines for `SYMBOL=value` assignments; the text of a string is quoted. */
export function assignmentText(tree: Tree, assignments: readonly (readonly [name: string, value: string])[]): string {
  return assignments
    .map(([name, value]) => {
      const sym: Sym | undefined = tree.symbols.get(name);
      const quoted = sym?.type === 'string' ? `"${value.replace(/[\\"]/g, '\\$&')}"` : value;
      return `${tree.prefix}${name}=${quoted}\n`;
    })
    .join('');
}
