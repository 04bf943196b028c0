/** Speed of parsing, editing and searching on generated trees the shape of a large project. */
import {
  Config,
  edit,
  loadConfig,
  loadTree,
  memoryReader,
  menuRows,
  SearchIndex,
  toggle,
  whatIf,
  writeConfig,
  writeMinConfig,
} from '@/kconfig';
import type { Sym } from '@/kconfig';

/** A tree in menus of 25 symbols: feature switches with numbers, strings and choices that depend on them, some selects. */
export function benchTree(count: number): Record<string, string> {
  const files: Record<string, string> = {};
  const root: string[] = ['mainmenu "Bench"', 'config MODULES', '\tbool "Modules"', '\tdefault y', ''];
  for (let start = 0; start < count; start += 25) {
    const menu = start / 25;
    const name = `area${menu}/Kconfig`;
    const lines = [`menu "Area ${menu}"`, ''];
    const gate = `AREA${menu}`;
    for (let i = 0; i < 25 && start + i < count; i++) {
      const id = i === 0 ? gate : `${gate}_OPTION_${i}`;
      lines.push(`config ${id}`);
      if (i === 0) {
        lines.push(
          `\tbool "Enable area ${menu}"`,
          '\tdefault y',
          ...(menu > 0 ? [`\tdepends on AREA${menu >> 1} || MODULES`] : []),
        );
      } else if (i % 5 === 1) lines.push(`\tbool "Switch ${i} of area ${menu}"`, `\tdepends on ${gate}`, '\tdefault y');
      else if (i % 5 === 2) {
        const other = `${gate}_OPTION_${i - 1}`;
        lines.push(
          `\tint "Size ${i} (bytes)"`,
          `\tdepends on ${gate}`,
          `\trange 1 64 if ${other}`,
          '\trange 1 4096',
          '\tdefault 32',
        );
      } else if (i % 5 === 3)
        lines.push(`\tstring "Rate ${i}"`, `\tdefault "0.1" if ${gate}_OPTION_${i - 2}`, '\tdefault "0.2"');
      else if (i % 5 === 4) lines.push(`\ttristate "Driver ${i}"`, `\tdepends on ${gate} && !${gate}_OPTION_${i - 3}`);
      else lines.push(`\tbool "Uses ${i}"`, `\tselect ${gate}_OPTION_${i - 4} if ${gate}`);
      lines.push(
        '\thelp',
        `\t  Option ${i} of area ${menu}: what it does, its unit and its cost.`,
        '\t  A second line of help.',
        '',
      );
    }
    files[name] = [...lines, 'endmenu', ''].join('\n');
    root.push(`source "${name}"`);
  }
  return { ...files, Kconfig: `${root.join('\n')}\n` };
}

/** The fastest of repeated measurements: what remains when other programs share the machine. */
function best(repeat: number, work: () => void): number {
  return Math.min(...Array.from({ length: repeat }, () => median(1, work)));
}

/** The median of repeated measurements, in milliseconds. */
function median(repeat: number, work: () => void): number {
  const times = Array.from({ length: repeat }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return Math.round(times[times.length >> 1] * 1000) / 1000;
}

export interface BenchResult {
  readonly symbols: number;
  readonly parseFirstMs: number;
  readonly parseMs: number;
  readonly parseBestMs: number;
  readonly editMs: number;
  readonly editWorstMs: number;
  readonly screenMs: number;
  readonly searchMs: number;
  readonly searchWorstMs: number;
  readonly indexMs: number;
  readonly cloneMs: number;
  readonly whatIfMs: number;
  readonly writeMs: number;
  readonly minMs: number;
  readonly loadMs: number;
}

/** Measures one size. An edit includes bringing every value up to date and building the rows of a screen. */
export function bench(symbols: number): BenchResult {
  const reader = memoryReader(benchTree(symbols));
  let tree = null as ReturnType<typeof loadTree> | null;
  const parse = (): void => {
    tree = loadTree({ reader });
  };
  const parseFirstMs = median(1, parse);
  const parseMs = median(symbols > 5000 ? 5 : 25, parse);
  const parseBestMs = best(10, parse);
  if (tree === null) throw new Error('no tree');
  const config = new Config(tree);
  writeConfig(config);
  const { defined, menus, root } = config.tree;
  const change = (sym: Sym): void => {
    if (sym.type === 'int') edit(config, sym, config.value(sym) === '7' ? '8' : '7');
    else if (sym.type === 'string') edit(config, sym, `${config.value(sym)}1`);
    else toggle(config, sym);
    config.value(defined[0]);
    menuRows(config, menus[0]);
  };
  const sample = Array.from({ length: 200 }, (_, i) => defined[Math.floor((i * defined.length) / 200)]);
  sample.forEach(change);
  let next = 0;
  const editMs = median(200, () => {
    change(sample[next++]);
  });
  const gate = config.find('AREA0') ?? defined[0];
  const modules = config.tree.modules;
  const editWorstMs = Math.max(
    median(9, () => change(modules)),
    median(9, () => change(gate)),
  );
  let index = new SearchIndex(config.tree);
  const indexMs = median(5, () => {
    index = new SearchIndex(config.tree);
  });
  const queries = ['o', 'op', 'opt', 'area 3', 'area12_', '^rate', 'switch.*1$', 'zzz', 'dri.er area'];
  const search = queries.map((query) => median(15, () => void index.search(query)));
  const text = writeConfig(config);
  return {
    symbols: defined.length,
    parseFirstMs,
    parseMs,
    parseBestMs,
    editMs,
    editWorstMs,
    screenMs: median(15, () => void menuRows(config, root)),
    searchMs: [...search].sort((a, b) => a - b)[search.length >> 1],
    searchWorstMs: Math.max(...search),
    indexMs,
    cloneMs: median(15, () => void config.clone()),
    whatIfMs: median(15, () => void whatIf(config, gate, config.value(gate) === 'y' ? 'n' : 'y')),
    writeMs: median(9, () => void writeConfig(config)),
    minMs: median(9, () => void writeMinConfig(config)),
    loadMs: median(9, () => void loadConfig(new Config(config.tree), text)),
  };
}
