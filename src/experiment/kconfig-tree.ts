/**
 * The workbench's own Kconfig tree: the root menu and one fragment an area, beside the code that each configures. Everything
 * that needs a configuration, page or terminal, opens it here.
 */
import {
  Config,
  type LoadReport,
  type Sym,
  type Tree,
  assign,
  hiddenText,
  isLogical,
  loadConfig,
  loadTree,
  memoryReader,
  overrideReason,
  validate,
} from '@/kconfig';
import { ConfigError, type SymbolValues } from './config';

const sources = import.meta.glob<string>(['../../Kconfig', '../*/Kconfig', '../*/*/Kconfig'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** Kconfig sources by path from the root of the repository. */
export const KCONFIG_SOURCES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(sources).map(([path, text]) => [
    path
      .replace('../../', '')
      .replace(/^\.\.\//, 'src/')
      .replace(/^\.\//, 'src/experiment/'),
    text,
  ]),
);

let tree: Tree | null = null;

/** The tree, read once. */
export function workbenchTree(): Tree {
  tree ??= loadTree({ reader: memoryReader(KCONFIG_SOURCES) });
  return tree;
}

/** A configuration of defaults with a `.config` or defconfig loaded over it; the report says line by line what was ignored. */
export function openConfig(text = ''): { readonly config: Config; readonly report: LoadReport } {
  const config = new Config(workbenchTree());
  return { config, report: loadConfig(config, text) };
}

/** As `openConfig`, but a line without effect is an error. Throws ConfigError with file and line. */
export function openStrict(text: string, file: string): Config {
  const { config, report } = openConfig(text);
  const ignored = report.notes.find((note) => note.ignored);
  if (ignored)
    throw new ConfigError(
      ignored.symbol ?? '',
      `${file}:${ignored.line}: ${ignored.message}${suggestion(ignored.symbol)}`,
    );
  return config;
}

function suggestion(symbol: string | null): string {
  if (symbol === null || workbenchTree().symbols.get(symbol)?.nodes.length) return '';
  return `; did you mean ${nearestSymbol(symbol)}?`;
}

/** The name that was probably meant: smallest edit distance. There must be one. */
export function nearest(name: string, names: readonly string[]): string {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++)
        next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
      row = next;
    }
    return row[b.length]!;
  };
  return names.reduce((best, s) => (distance(name, s) < distance(name, best) ? s : best));
}

export const nearestSymbol = (name: string): string =>
  nearest(
    name,
    definedSymbols().map((sym) => sym.name),
  );

const definedSymbols = (): Sym[] => [...workbenchTree().symbols.values()].filter((sym) => sym.nodes.length > 0);

/** Sets one symbol as a menu would. Throws ConfigError when it does not exist, cannot have the value, or has no effect. */
export function setSymbol(config: Config, symbol: string, value: string, where: string): void {
  const sym = config.find(symbol);
  if (!sym)
    throw new ConfigError(symbol, `${where}: there is no symbol ${symbol}; did you mean ${nearestSymbol(symbol)}?`);
  const problem = validate(config, sym, value);
  if (problem) throw new ConfigError(symbol, `${where}: ${symbol}=${value}: ${problem}`);
  const result = assign(config, sym, value);
  if (!result.ok) throw new ConfigError(symbol, `${where}: ${symbol}=${value}: ${result.reason}`);
}

/**
 * Throws ConfigError for the first override that did not become the symbol's value, with the reason: settings may come in any
 * order, so this is known only when all are made.
 */
export function checkOverrides(config: Config, overrides: Readonly<Record<string, string>>, where: string): void {
  for (const [symbol, wanted] of Object.entries(overrides)) {
    const sym = config.find(symbol);
    if (!sym) continue;
    const logical = isLogical(sym.type);
    if (logical && (wanted === 'n' || config.value(sym) === wanted)) continue;
    if (config.visibility(sym) === 0)
      throw new ConfigError(symbol, `${where}: ${symbol}=${wanted} has no effect: ${hiddenText(config, sym)}`);
    if (!logical) continue;
    const reason = overrideReason(config, sym, wanted);
    throw new ConfigError(symbol, `${where}: ${symbol}=${wanted} has no effect: ${reason}`);
  }
}

/** Every symbol's value, for `experimentConfig`. */
export function symbolValues(config: Config): SymbolValues {
  return new Map(definedSymbols().map((sym) => [sym.name, config.value(sym)]));
}
