/** Cases for conformance: trees with edit sequences, run through our implementation to the same form as the oracle's. */
import {
  allModConfig,
  allNoConfig,
  allYesConfig,
  Config,
  dumpConfig,
  KconfigError,
  listNewConfig,
  loadConfig,
  loadTree,
  memoryReader,
  triOf,
  writeConfig,
  writeMinConfig,
} from '@/kconfig';
import type { DumpRow, HostFunction, Tree } from '@/kconfig';

/** One step of an edit sequence, as the oracle reads it. */
export type Step =
  | ['load' | 'merge', string]
  | ['set', string, string]
  | ['unset', string]
  | ['mode', number, string]
  | ['unmode', number]
  | ['allno' | 'allyes' | 'allmod' | 'reset'];

/** A tree with an environment and steps. */
export interface Case {
  readonly files: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** What is compared after every step. */
export interface State {
  readonly dump: Record<string, DumpRow>;
  readonly choices: readonly (readonly [string, number, string | null, readonly number[]])[];
  readonly config: string;
  readonly min: string;
  readonly new: string;
}

export type Outcome = { readonly states: readonly State[] } | { readonly error: string } | { readonly crash: string };

/** The functions that the oracle offers to macros as well. */
export const FUNCTIONS: Readonly<Record<string, HostFunction>> = {
  upper: { minArgs: 1, maxArgs: 1, call: ([text]) => text.toUpperCase() },
  join: { minArgs: 0, maxArgs: null, call: (parts) => parts.join('-') },
  nonempty: { minArgs: 1, maxArgs: 1, call: ([text]) => (text === '' ? 'n' : 'y') },
};

/** Builds the tree of a case. */
export function treeOf({ files, env }: Case): Tree {
  return loadTree({ reader: memoryReader(files), env, functions: FUNCTIONS });
}

/** The state of a configuration in the oracle's form. */
export function stateOf(config: Config): State {
  return {
    dump: dumpConfig(config),
    choices: config.tree.choices.map((choice) => [
      choice.type,
      config.tri(choice),
      config.selection(choice)?.name ?? null,
      config.assignable(choice),
    ]),
    config: writeConfig(config),
    min: writeMinConfig(config),
    new: listNewConfig(config),
  };
}

/** Applies one step. */
export function applyStep(config: Config, step: Step): void {
  switch (step[0]) {
    case 'load':
    case 'merge':
      loadConfig(config, step[1], { merge: step[0] === 'merge' });
      return;
    case 'set':
    case 'unset': {
      const sym = config.find(step[1]);
      if (sym === null) return;
      if (step[0] === 'set') config.set(sym, step[2] ?? '');
      else config.unset(sym);
      return;
    }
    case 'mode': {
      const mode = triOf(step[2]);
      if (mode !== null) config.setMode(config.tree.choices[step[1]], mode);
      return;
    }
    case 'unmode':
      config.unsetChoice(config.tree.choices[step[1]]);
      return;
    case 'reset':
      config.reset();
      return;
    case 'allno':
    case 'allyes':
    case 'allmod': {
      const make = { allno: allNoConfig, allyes: allYesConfig, allmod: allModConfig }[step[0]];
      config.restore(make(config.tree).snapshot());
    }
  }
}

/** Runs a case. */
export function runCase(test: Case): Outcome {
  try {
    const config = new Config(treeOf(test));
    const states = [stateOf(config)];
    for (const step of test.steps) {
      applyStep(config, step);
      states.push(stateOf(config));
    }
    return { states };
  } catch (error) {
    if (error instanceof KconfigError) return { error: error.message };
    throw error;
  }
}

/** Reads the corpus format: sections that start with `=== kind [name]`; one case for each run. */
export function parseCases(text: string): (Case & { readonly name: string })[] {
  const files: Record<string, string> = {};
  const env: Record<string, string> = {};
  const runs: { name: string; steps: Step[] }[] = [];
  let section = { kind: '', name: '' };
  for (const line of text.split(/(?<=\n)/)) {
    if (line.startsWith('=== ')) {
      const [kind, name = ''] = line.slice(4).trim().split(/ (.*)/);
      section = { kind, name };
      if (kind === 'file') files[name] = '';
      if (kind === 'run') runs.push({ name, steps: [] });
    } else if (section.kind === 'file') files[section.name] += line;
    else if (line.trim() !== '' && section.kind === 'env') {
      const equals = line.indexOf('=');
      env[line.slice(0, equals)] = line.slice(equals + 1).replace(/\n$/, '');
    } else if (line.trim() !== '' && section.kind === 'run') {
      runs.at(-1)?.steps.push(parseStep(line.trim(), files));
    }
  }
  const sources = Object.fromEntries(Object.entries(files).filter(([name]) => !name.endsWith('.config')));
  if (runs.length === 0) runs.push({ name: 'defaults', steps: [] });
  return runs.map(({ name, steps }) => ({ name, files: sources, env, steps }));
}

function parseStep(line: string, files: Readonly<Record<string, string>>): Step {
  const [, op, first = '', rest = ''] = /^(\S+)(?: (\S+)(?: (.*))?)?$/.exec(line) ?? ['', line];
  const value = rest.startsWith('"') ? String(JSON.parse(rest)) : rest;
  switch (op) {
    case 'load':
    case 'merge':
      return [op, files[first]];
    case 'set':
      return [op, first, value];
    case 'unset':
      return [op, first];
    case 'mode':
      return [op, Number(first), value];
    case 'unmode':
      return [op, Number(first)];
    case 'allno':
    case 'allyes':
    case 'allmod':
    case 'reset':
      return [op];
    default:
      throw new Error(`unknown step '${line}'`);
  }
}
