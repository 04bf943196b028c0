/** Lint for trees and presets: the defects that a large Kconfig tree collects over the years, each as a rule. */
import { Config } from './config';
import type { Location } from './errors';
import { exprText, visitItems } from './expr';
import { loadConfig } from './load';
import type { LineNote } from './load';
import { isLogical } from './model';
import type { Expr, Sym, Tree } from './model';
import { parseReal } from './real';
import { parseInteger } from './text';
import { writeMinConfig } from './write';

export type LintRule =
  | 'tree-warning'
  | 'dead-default'
  | 'macro-names-symbol'
  | 'untyped-real'
  | 'undefined-symbol'
  | 'empty-prompt'
  | 'no-help'
  | 'unreachable'
  | 'unknown-symbol'
  | 'no-effect'
  | 'not-minimal'
  | 'bad-line'
  | 'expectation';

/** Something to repair. */
export interface LintFinding {
  readonly rule: LintRule;
  readonly message: string;
  readonly file: string;
  readonly line: number;
}

/** Lints a tree. */
export function lintTree(tree: Tree): LintFinding[] {
  const out: LintFinding[] = [];
  const add = (rule: LintRule, message: string, { file, line }: Pick<Location, 'file' | 'line'>): void => {
    out.push({ rule, message, file, line });
  };
  for (const { code, message, location } of tree.warnings) if (code !== 'info') add('tree-warning', message, location);
  for (const sym of tree.defined) {
    deadDefaults(tree, sym, add);
    untypedReal(sym, add);
    const prompted = sym.nodes.filter((node) => node.prompt !== null);
    if (prompted.length > 0 && sym.nodes.every((node) => !node.help)) {
      add('no-help', `${sym.name} has a prompt but no help text`, prompted[0].location);
    }
    for (const node of prompted) {
      if (node.prompt?.cond === tree.no) add('unreachable', `the prompt of ${sym.name} can never show`, node.location);
    }
  }
  for (const node of [...tree.menus, ...tree.comments]) {
    if (node.prompt?.text.trim() === '') add('empty-prompt', `a ${node.kind} without text`, node.location);
  }
  for (const [name, location] of tree.macroUses) {
    const sym = tree.symbols.get(name);
    if (sym !== undefined && sym.nodes.length > 0) {
      add('macro-names-symbol', `$(${name}) is a macro, not the value of the symbol ${name}`, location);
    }
  }
  undefinedSymbols(tree, add);
  return out.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}

type Add = (rule: LintRule, message: string, location: Pick<Location, 'file' | 'line'>) => void;

/** A default behind one that always applies is never used. */
function deadDefaults(tree: Tree, sym: Sym, add: Add): void {
  const conds = new Set<string>();
  let always: Location | null = null;
  for (const prop of sym.defaults) {
    const text = exprText(prop.cond);
    if (always !== null) {
      add(
        'dead-default',
        `this default of ${sym.name} is never reached: ${always.file}:${always.line} always applies`,
        prop.location,
      );
    } else if (conds.has(text)) {
      add(
        'dead-default',
        `this default of ${sym.name} is never reached: an earlier one has the same condition`,
        prop.location,
      );
    }
    conds.add(text);
    if (prop.own === tree.yes && (prop.cond === tree.yes || prop.cond === sym.directDep)) always = prop.location;
  }
}

/** A string whose default reads as a fraction wants a checked range. */
function untypedReal(sym: Sym, add: Add): void {
  if (sym.type !== 'string' || sym.real !== null || sym.nodes.every((node) => node.prompt === null)) return;
  for (const { value, location } of sym.defaults) {
    if (value.kind !== 'symbol' || !value.constant || parseReal(value.name) === null) continue;
    add(
      'untyped-real',
      `${sym.name} is a number in a string: give it a range with '@real [low, high]' in its help`,
      location,
    );
    return;
  }
}

function undefinedSymbols(tree: Tree, add: Add): void {
  const reported = new Set<string>();
  const check = (expr: Expr, location: Location, isValue = false): void => {
    visitItems(expr, (item) => {
      if (item.kind === 'choice' || item.constant || item.nodes.length > 0 || item === tree.modules) return;
      if (parseInteger(item.name, 0) !== null || parseInteger(item.name, 10) !== null || reported.has(item.name))
        return;
      if (isValue && parseInteger(item.name, 16) !== null) return;
      reported.add(item.name);
      add('undefined-symbol', `${item.name} is not defined anywhere`, location);
    });
  };
  for (const sym of tree.defined) {
    for (const node of sym.nodes) {
      check(node.dep, node.location);
      if (node.prompt !== null) check(node.prompt.own, node.location);
      for (const prop of [...node.selects, ...node.implies]) {
        check(prop.target, node.location);
        check(prop.own, node.location);
      }
      for (const prop of node.ranges) {
        check(prop.low, node.location, true);
        check(prop.high, node.location, true);
        check(prop.own, node.location);
      }
    }
    for (const prop of sym.defaults) {
      check(prop.value, prop.location, !isLogical(sym.type));
      check(prop.own, prop.location);
    }
  }
  for (const node of [...tree.menus, ...tree.comments]) check(node.dep, node.location);
  for (const choice of tree.choices) for (const prop of choice.defaults) check(prop.own, prop.location);
}

/** The comment lines at the top of a preset. */
export interface PresetHeader {
  /** The lines as they are, with their newlines. */
  readonly text: string;
  /** From `# expect: key=value ...` lines. */
  readonly expect: ReadonlyMap<string, string>;
  /** From `# key: value` lines other than expect. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Reads the leading comment of a preset; `# CONFIG_X is not set` ends it. */
export function presetHeader(text: string, prefix = 'CONFIG_'): PresetHeader {
  const lines: string[] = [];
  const expect = new Map<string, string>();
  const fields = new Map<string, string>();
  for (const line of text.split(/(?<=\n)/)) {
    if (!line.startsWith('#') || line.startsWith(`# ${prefix}`)) break;
    lines.push(line);
    const field = /^#\s*([A-Za-z][\w -]*?)\s*:\s*(.*?)\s*$/.exec(line);
    if (field === null) continue;
    if (field[1] !== 'expect') fields.set(field[1], field[2]);
    else for (const pair of field[2].split(/[\s,]+/)) addPair(expect, pair);
  }
  return { text: lines.join(''), expect, fields };
}

function addPair(map: Map<string, string>, pair: string): void {
  const equals = pair.indexOf('=');
  if (equals > 0) map.set(pair.slice(0, equals), pair.slice(equals + 1));
}

/** Which rule a line of a load report breaks. */
function ruleOf(note: LineNote): LintRule {
  switch (note.kind) {
    case 'unknown-symbol':
      return 'unknown-symbol';
    case 'overridden':
    case 'out-of-range':
      return 'no-effect';
    case 'encoding':
    case 'malformed':
    case 'bad-value':
    case 'conflict':
    case 'duplicate':
    case 'loose':
      return 'bad-line';
  }
}

/**
 * Lints a preset against its tree: it must load without a note and be in the form that savedefconfig writes (below its
 * header), and `# expect: SYMBOL=value` must hold. Other expectations are for the caller: see `presetHeader`.
 */
export function lintPreset(tree: Tree, text: string, file: string): LintFinding[] {
  const out: LintFinding[] = [];
  const config = new Config(tree);
  for (const note of loadConfig(config, text).notes) {
    out.push({ rule: ruleOf(note), message: note.message, file, line: note.line });
  }
  const header = presetHeader(text, tree.prefix);
  const minimal = writeMinConfig(config, header.text);
  if (minimal !== text)
    out.push({ rule: 'not-minimal', message: notMinimal(text, minimal), file, line: firstDifference(text, minimal) });
  for (const [name, wanted] of header.expect) {
    const sym = config.find(name);
    if (sym === null || config.value(sym) === wanted) continue;
    out.push({
      rule: 'expectation',
      message: `${name} is ${config.value(sym)}, the header expects ${wanted}`,
      file,
      line: 1,
    });
  }
  return out;
}

function notMinimal(text: string, minimal: string): string {
  const count = (body: string): number => body.split('\n').filter((line) => line.trim() !== '').length;
  return `not in savedefconfig form: ${count(text)} lines where savedefconfig writes ${count(minimal)}`;
}

function firstDifference(a: string, b: string): number {
  const left = a.split('\n');
  const right = b.split('\n');
  const at = left.findIndex((line, i) => line !== right[i]);
  return at < 0 ? left.length : at + 1;
}
