/** `wb kconfig <tool>`: the configuration tools in a terminal. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Argument, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import {
  allDefConfig,
  allModConfig,
  allNoConfig,
  allYesConfig,
  Config,
  diffConfigs,
  dumpConfig,
  explain,
  KconfigError,
  lintPreset,
  lintTree,
  listNewConfig,
  loadConfig,
  loadTree,
  locationText,
  mergeConfigs,
  newSymbols,
  originText,
  SearchIndex,
  symbolInfo,
  warningText,
  writeConfig,
  writeMinConfig,
} from '../kconfig';
import type { LineNote, LoadReport, Sym, Tree } from '../kconfig';
import { fileReader, treeRoots } from './kconfig-files';

/** The options that all tools share. */
interface Options {
  readonly kconfig: string;
  readonly config: string[];
  readonly out?: string;
  readonly env: Record<string, string>;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** A failure with a line for stderr. */
class Failure extends Error {}

/** What a tool answers: text for stdout (or `--out`), the same as data, and whether all is well. */
interface Answer {
  readonly text: string;
  readonly json: unknown;
  readonly notes?: readonly string[];
  readonly failed?: boolean;
  /** `--out` receives the text, and stdout nothing. */
  readonly isFile?: boolean;
}

/** Adds `wb kconfig` to a program. */
export function registerKconfig(program: Command): void {
  const group = program.command('kconfig').description('read, complete, compare and check configurations');
  for (const [name, description, run] of TOOLS) {
    const command = group.command(name).description(description);
    command
      .option('--kconfig <file>', 'top Kconfig file', 'Kconfig')
      .option('--config <file>', 'a .config to read (merge, diff: several)', collect, [])
      .option('--out <file>', 'write the result here instead of stdout')
      .option('--env <name=value>', 'environment of macros', collectEnv, {})
      .option('--json', 'one JSON document on stdout', false)
      .option('--quiet', 'no notes on stderr', false);
    command.addArgument(new Argument('[values...]', ARGUMENTS[name] ?? 'more .config files'));
    command.action((values: string[], options: Options) => {
      process.exitCode = runTool(run, values, options);
    });
  }
}

const ARGUMENTS: Readonly<Record<string, string>> = {
  set: 'SYMBOL=value assignments',
  explain: 'symbols',
  info: 'symbols',
  search: 'words',
};

type Tool = (tree: Tree, options: Options, values: readonly string[]) => Answer;

const TOOLS: readonly (readonly [name: string, description: string, run: Tool])[] = [
  ['olddefconfig', 'complete a .config with defaults', (tree, options, values) => full(tree, options, values)],
  ['defconfig', 'the same, from a preset', (tree, options, values) => full(tree, options, values)],
  ['savedefconfig', 'the minimal form of a .config', minimal],
  ['alldefconfig', 'all symbols at their defaults', (tree) => fileAnswer(allDefConfig(tree))],
  ['allyesconfig', 'everything as high as possible', (tree) => fileAnswer(allYesConfig(tree))],
  ['allnoconfig', 'everything as low as possible', (tree) => fileAnswer(allNoConfig(tree))],
  ['allmodconfig', 'tristates m, bools y', (tree) => fileAnswer(allModConfig(tree))],
  ['listnewconfig', 'symbols that a .config does not mention', listNew],
  ['merge', 'several fragments, the last one winning', merge],
  ['set', 'a .config with SYMBOL=value changes', setValues],
  ['diff', 'what differs between two configurations, and why', diff],
  ['dump', '[type, value, visibility, assignable, user value] of every symbol', dump],
  ['lint', 'defects of the tree, or of presets', lint],
  ['explain', 'why a symbol cannot be changed', explainSymbols],
  ['info', 'everything about a symbol', info],
  ['search', 'symbols, choices, menus and comments that match', search],
];

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function collectEnv(value: string, before: Record<string, string>): Record<string, string> {
  const equals = value.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('NAME=value expected');
  return { ...before, [value.slice(0, equals)]: value.slice(equals + 1) };
}

function runTool(run: Tool, values: readonly string[], options: Options): number {
  try {
    const tree = openTree(options);
    const answer = run(tree, options, values);
    if (!options.quiet) for (const note of answer.notes ?? []) process.stderr.write(`${note}\n`);
    if (options.out !== undefined && answer.isFile === true) writeIfChanged(options.out, answer.text);
    const result = options.json ? `${JSON.stringify(answer.json)}\n` : answer.text;
    if (options.json || options.out === undefined || answer.isFile !== true) {
      if (options.out !== undefined && answer.isFile !== true) writeIfChanged(options.out, result);
      else process.stdout.write(result);
    }
    return answer.failed === true ? 1 : 0;
  } catch (error) {
    if (error instanceof KconfigError) {
      const via = [...error.location.includes].reverse().map((frame) => ` (included from ${locationText(frame)})`);
      process.stderr.write(`${locationText(error.location)}: error: ${oneLine(error.reason)}${via.join('')}\n`);
      return 1;
    }
    if (error instanceof Failure) {
      process.stderr.write(`error: ${oneLine(error.message)}\n`);
      return 1;
    }
    if (error instanceof InvalidArgumentError) {
      process.stderr.write(`error: ${oneLine(error.message)}\n`);
      return 2;
    }
    throw error;
  }
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

function openTree({ kconfig, env, quiet }: Options): Tree {
  const { roots, file } = treeRoots(kconfig, env['srctree']);
  if (fileReader(roots).read(file) === null) throw new Failure(`cannot read ${kconfig}`);
  const tree = loadTree({ reader: fileReader(roots), file, env });
  if (!quiet) for (const warning of tree.warnings) process.stderr.write(`${oneLine(warningText(warning))}\n`);
  return tree;
}

function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Writes through a temporary file; an unchanged file is left alone, a changed one kept as `.old`. */
function writeIfChanged(path: string, text: string): void {
  try {
    if (existsSync(path)) {
      if (readFileSync(path, 'utf8') === text) return;
      writeFileSync(`${path}.old`, readFileSync(path));
    }
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    throw new Failure(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function configFiles({ config }: Options, values: readonly string[]): string[] {
  return [...config, ...values];
}

interface Loaded {
  readonly config: Config;
  readonly notes: string[];
  readonly report: readonly (LineNote & { readonly file: string })[];
}

function noteLines(file: string, report: LoadReport): string[] {
  return report.notes.map(
    (note) => `${file}:${note.line}: ${note.ignored ? 'ignored' : note.kind}: ${oneLine(note.message)}`,
  );
}

/** The configuration of one file, or all defaults without one. */
function loadOne(tree: Tree, files: readonly string[]): Loaded {
  if (files.length > 1) throw new InvalidArgumentError('only one .config expected');
  const config = new Config(tree);
  if (files.length === 0) return { config, notes: [], report: [] };
  const report = loadConfig(config, readConfig(files[0]));
  return {
    config,
    notes: noteLines(files[0], report),
    report: report.notes.map((note) => ({ file: files[0], ...note })),
  };
}

function fileAnswer(config: Config, loaded?: Loaded, text = writeConfig(config)): Answer {
  const values = Object.fromEntries(
    config.tree.defined.filter((sym) => config.isWritten(sym)).map((sym) => [sym.name, config.value(sym)]),
  );
  const json = { text, values, notes: loaded?.report ?? [] };
  return { text, json, notes: loaded?.notes ?? [], isFile: true };
}

function full(tree: Tree, options: Options, values: readonly string[]): Answer {
  const loaded = loadOne(tree, configFiles(options, values));
  return fileAnswer(loaded.config, loaded);
}

function minimal(tree: Tree, options: Options, values: readonly string[]): Answer {
  const loaded = loadOne(tree, configFiles(options, values));
  return fileAnswer(loaded.config, loaded, writeMinConfig(loaded.config));
}

function listNew(tree: Tree, options: Options, values: readonly string[]): Answer {
  const { config, notes } = loadOne(tree, configFiles(options, values));
  const json = newSymbols(config).map((sym) => ({ name: sym.name, type: sym.type, value: config.value(sym) }));
  return { text: listNewConfig(config), json, notes };
}

function merge(tree: Tree, options: Options, values: readonly string[]): Answer {
  const files = configFiles(options, values);
  if (files.length === 0) throw new InvalidArgumentError('merge: at least one .config expected');
  const { config, reports } = mergeConfigs(tree, files.map(readConfig));
  const notes = reports.flatMap((report, i) => noteLines(files[i], report));
  const report = reports.flatMap((one, i) => one.notes.map((note) => ({ file: files[i], ...note })));
  return fileAnswer(config, { config, notes, report });
}

function setValues(tree: Tree, options: Options, values: readonly string[]): Answer {
  const loaded = loadOne(tree, options.config);
  const lines = values.map((value) => {
    const [, name, text] = /^([^=]+)=([^]*)$/.exec(value) ?? [];
    if (name === undefined) throw new InvalidArgumentError(`SYMBOL=value expected, not '${value}'`);
    const sym = symbol(loaded.config, name);
    const quoted = sym.type === 'string' && !text.startsWith('"');
    return `${tree.prefix}${name}=${quoted ? `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : text}\n`;
  });
  const report = loadConfig(loaded.config, lines.join(''), { merge: true });
  const problem = report.notes.find(
    (note) => note.ignored || note.kind === 'overridden' || note.kind === 'out-of-range',
  );
  if (problem !== undefined) throw new Failure(problem.message);
  return fileAnswer(loaded.config, loaded);
}

function diff(tree: Tree, options: Options, values: readonly string[]): Answer {
  const files = configFiles(options, values);
  if (files.length < 1 || files.length > 2)
    throw new InvalidArgumentError('diff: one .config (against defaults) or two expected');
  const [a, b] = files.length === 1 ? [[], files] : [[files[0]], [files[1]]];
  const before = loadOne(tree, a);
  const after = loadOne(tree, b);
  const entries = diffConfigs(before.config, after.config);
  const json = entries.map(({ name, before: from, after: to }) => ({
    name,
    before: { value: from.value, visible: from.visible, reason: originText(from.origin) },
    after: { value: to.value, visible: to.visible, reason: originText(to.origin) },
  }));
  const text = json.map((entry) => {
    const side = (one: (typeof entry)['before']): string =>
      `${one.value} (${one.visible ? '' : 'hidden, '}${one.reason})`;
    return `${entry.name}: ${side(entry.before)} -> ${side(entry.after)}\n`;
  });
  return { text: text.join(''), json, notes: [...before.notes, ...after.notes] };
}

function dump(tree: Tree, options: Options, values: readonly string[]): Answer {
  const { config, notes } = loadOne(tree, configFiles(options, values));
  const json = dumpConfig(config);
  const text = Object.entries(json).map(([name, row]) => `${name} ${JSON.stringify(row)}\n`);
  return { text: text.join(''), json, notes };
}

function lint(tree: Tree, options: Options, values: readonly string[]): Answer {
  const files = configFiles(options, values);
  const findings =
    files.length === 0 ? lintTree(tree) : files.flatMap((file) => lintPreset(tree, readConfig(file), file));
  const text = findings.map(({ file, line, rule, message }) => `${file}:${line}: ${rule}: ${message}\n`);
  return { text: text.join(''), json: findings, failed: findings.length > 0 };
}

function symbol(config: Config, name: string): Sym {
  const sym = config.find(name.startsWith(config.tree.prefix) ? name.slice(config.tree.prefix.length) : name);
  if (sym === null) throw new Failure(`no symbol ${name} in the tree`);
  return sym;
}

function explainSymbols(tree: Tree, options: Options, values: readonly string[]): Answer {
  if (values.length === 0) throw new InvalidArgumentError('explain: a symbol expected');
  const { config, notes } = loadOne(tree, options.config);
  const json = values.map((name) => {
    const { symbol: sym, changeable, visibility, assignable, obstacles } = explain(config, symbol(config, name));
    return {
      name: sym.name,
      value: config.value(sym),
      changeable,
      visibility,
      assignable,
      obstacles: obstacles.map((obstacle) => {
        switch (obstacle.kind) {
          case 'no-prompt':
          case 'no-type':
            return { kind: obstacle.kind };
          case 'selected':
            return { kind: obstacle.kind, by: obstacle.by.map((by) => by.name) };
          case 'hidden':
          case 'limited':
            return {
              kind: obstacle.kind,
              blockers: obstacle.blockers.map(({ text, needed, value, operands }) => ({
                text,
                needed,
                value,
                operands: operands.map((operand) => ({ text: operand.text, value: operand.value })),
              })),
            };
        }
      }),
    };
  });
  const text = json.map((row) => {
    const why = row.obstacles.map((obstacle) => {
      if ('by' in obstacle) return `selected by ${obstacle.by?.join(', ') ?? ''}`;
      if (!('blockers' in obstacle)) return obstacle.kind;
      const parts = obstacle.blockers?.map(
        (blocker) => `${blocker.text} has to be ${blocker.needed ? 'true' : 'false'}`,
      );
      return `${obstacle.kind}: ${parts?.join(' and ') ?? ''}`;
    });
    return `${row.name}=${row.value}: ${row.changeable ? 'can be changed' : 'cannot be changed'}${why.length > 0 ? `; ${why.join('; ')}` : ''}\n`;
  });
  return { text: text.join(''), json, notes };
}

function info(tree: Tree, options: Options, values: readonly string[]): Answer {
  if (values.length === 0) throw new InvalidArgumentError('info: a symbol expected');
  const { config, notes } = loadOne(tree, options.config);
  const json = values.map((name) => {
    const page = symbolInfo(config, symbol(config, name));
    return {
      name: page.name,
      type: page.type,
      value: page.value,
      userValue: page.userValue,
      origin: originText(page.origin),
      visibility: page.visibility,
      assignable: page.assignable,
      range: page.range,
      unit: page.unit,
      prompts: page.places.map((place) => place.prompt),
      help: page.places.map((place) => place.help).find((text) => text !== null) ?? null,
      places: page.places.map((place) => locationText(place.location)),
      dependsOn: page.directDependency?.annotated ?? null,
      defaults: page.defaults.map((prop) => ({
        text: prop.text,
        condition: prop.condition?.annotated ?? null,
        active: prop.active,
      })),
      selectedBy: page.selectedBy,
      impliedBy: page.impliedBy,
      selects: page.selects.map((prop) => prop.target.name),
      implies: page.implies.map((prop) => prop.target.name),
    };
  });
  const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const text = json.map((page) =>
    Object.entries(page)
      .map(([key, value]) => `${key}: ${show(value)}\n`)
      .join(''),
  );
  return { text: text.join('\n'), json, notes };
}

function search(tree: Tree, _options: Options, values: readonly string[]): Answer {
  const result = new SearchIndex(tree).search(values.join(' '));
  if (!result.ok) throw new Failure(result.reason);
  const json = result.hits.map(({ node, name, prompt }) => ({
    kind: node.kind,
    name,
    prompt,
    place: locationText(node.location),
  }));
  const text = json.map((hit) => `${hit.place}: ${hit.kind} ${hit.name ?? ''} ${JSON.stringify(hit.prompt ?? '')}\n`);
  return { text: text.join(''), json };
}
