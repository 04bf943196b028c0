/** The headless tools: new, all-of-one-kind and merged configurations, as functions over a tree. */
import { Config } from './config';
import { loadConfig } from './load';
import type { LoadReport } from './load';
import type { Sym, Tree } from './model';
import { TRI_TEXT } from './model';
import { configLine } from './write';

/** All defaults. */
export function allDefConfig(tree: Tree): Config {
  return new Config(tree);
}

/** Everything n that can be; `option allnoconfig_y` symbols y. */
export function allNoConfig(tree: Tree): Config {
  const config = new Config(tree);
  for (const sym of tree.defined) config.set(sym, sym.allnoconfigY ? 'y' : 'n');
  return asLogical(config);
}

/** Everything as high as it can be. Members of a choice get m, which only counts where the choice is in m mode. */
export function allYesConfig(tree: Tree): Config {
  const config = new Config(tree);
  for (const sym of tree.defined) config.set(sym, sym.choice === null ? 'y' : 'm');
  for (const choice of tree.choices) config.setMode(choice, 2);
  return asLogical(config);
}

/** Tristates m, bools y, choices as their type allows. */
export function allModConfig(tree: Tree): Config {
  const config = new Config(tree);
  for (const sym of tree.defined) {
    if (sym.type === 'tristate') config.set(sym, 'm');
    else if (sym.choice === null) config.set(sym, 'y');
  }
  for (const choice of tree.choices) config.setMode(choice, choice.type === 'bool' ? 2 : 1);
  return asLogical(config);
}

/** n, m and y are no values for strings: takes back what the loops above set on them. */
function asLogical(config: Config): Config {
  for (const sym of config.tree.defined) if (sym.type === 'string') config.unset(sym);
  return config;
}

/** A configuration from a `.config` text, new symbols at their defaults: olddefconfig without the writing. */
export function oldDefConfig(tree: Tree, text: string): { readonly config: Config; readonly report: LoadReport } {
  const config = new Config(tree);
  return { config, report: loadConfig(config, text) };
}

/** Several fragments on top of each other, the last one winning. One report each. */
export function mergeConfigs(
  tree: Tree,
  texts: readonly string[],
): { readonly config: Config; readonly reports: readonly LoadReport[] } {
  const config = new Config(tree);
  return { config, reports: texts.map((text) => loadConfig(config, text, { merge: true })) };
}

/** The symbols that a user can change and has not: what `(NEW)` marks in a menu. */
export function newSymbols(config: Config): Sym[] {
  return config.tree.defined.filter((sym) => {
    if (config.userValue(sym) !== null || config.visibility(sym) === 0) return false;
    return (
      config.assignable(sym).length > 1 || sym.choice !== null || !(sym.type === 'bool' || sym.type === 'tristate')
    );
  });
}

/** The lines of listnewconfig: `NAME=value`, n spelled out. */
export function listNewConfig(config: Config): string {
  return newSymbols(config)
    .map((sym) => {
      const logical = sym.type === 'bool' || sym.type === 'tristate';
      return logical ? `${config.tree.prefix}${sym.name}=${config.value(sym)}\n` : configLine(config, sym);
    })
    .join('');
}

/** One row of a dump: declared type, value, visibility, assignable values, user value. */
export type DumpRow = readonly [
  type: string,
  value: string,
  visibility: number,
  assignable: readonly number[],
  user: number | string | null,
];

/** Everything that a configuration says about its defined symbols, by name. */
export function dumpConfig(config: Config): Record<string, DumpRow> {
  const out: Record<string, DumpRow> = {};
  for (const sym of config.tree.defined) {
    const user = config.userValue(sym);
    const logical = sym.type === 'bool' || sym.type === 'tristate';
    out[sym.name] = [
      sym.type,
      config.value(sym),
      config.visibility(sym),
      config.assignable(sym),
      user !== null && logical ? TRI_TEXT.indexOf(user as 'n') : user,
    ];
  }
  return out;
}
