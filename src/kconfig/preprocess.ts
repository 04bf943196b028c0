/**
 * The preprocessor: variables (`=`, `:=`, `+=`), `$(name,arguments...)` with built-in and host functions, and `$NAME` from the
 * environment inside strings. No process is ever started: `$(shell,...)` asks the host for a pure answer.
 */
import { KconfigError } from './errors';
import type { KconfigWarning, Location } from './errors';
import type { MacroInfo } from './model';
import { isBlank, parseInteger, trim, trimStart } from './text';

/** A function that a host offers to `$(name,...)`. */
export interface HostFunction {
  readonly minArgs: number;
  /** null: any number. */
  readonly maxArgs: number | null;
  /** Gets the arguments after the name; returns the replacement. An exception becomes a KconfigError at the call. */
  call(args: readonly string[], location: Location): string;
}

/** What a host lends to the preprocessor. */
export interface MacroHost {
  readonly env: Readonly<Record<string, string>>;
  readonly functions: Readonly<Record<string, HostFunction>>;
  /** The answer to `$(shell,command)`, or undefined when the command is not known. */
  readonly shell: (command: string) => string | undefined;
}

/** Makes `shell` from a table of pure functions keyed by the file name of the script, without folder and extension. */
export function shellTable(
  table: Readonly<Record<string, (args: readonly string[]) => string>>,
): (command: string) => string | undefined {
  return (command) => {
    const words = trim(command).split(/\s+/);
    const name = words[0].replace(/^.*\//, '').replace(/\.[^.]*$/, '');
    return Object.hasOwn(table, name) ? table[name](words.slice(1)) : undefined;
  };
}

interface Variable {
  readonly name: string;
  value: string;
  recursive: boolean;
  active: number;
}

/** A function of its own may call itself this often before it counts as stuck. */
const MAX_SELF_CALLS = 100;
/** Limits on all expansions of one tree together: far above any real tree, far below a hang. */
const MAX_STEPS = 200_000;
const MAX_CHARS = 20_000_000;
const MAX_DEPTH = 200;

const LHS_FRAGMENT = /[A-Za-z0-9_-]*/y;
const ASSIGNMENT = /^[ \t\n\r\f\v]*(=|:=|\+=)[ \t\n\r\f\v]*([^\n]*)/;

/** Holds the variables of one tree and expands text. */
export class Preprocessor {
  readonly #variables = new Map<string, Variable>();
  readonly envUsed = new Map<string, string>();
  readonly uses = new Map<string, Location>();
  #steps = 0;
  #chars = 0;
  #depth = 0;

  /**
   * @param host environment and functions
   * @param here the current place, for `$(filename)`, `$(lineno)` and errors
   * @param warn receives `$(info,...)`, `$(warning-if,...)` and unknown commands
   */
  constructor(
    readonly host: MacroHost,
    readonly here: () => Location,
    readonly warn: (warning: KconfigWarning) => void,
  ) {}

  /** The variables, for lint and an about page. */
  macros(): Map<string, MacroInfo> {
    return new Map(
      [...this.#variables].map(([name, { value, recursive }]) => [name, { name, value, recursive }] as const),
    );
  }

  /** An environment variable, remembered as used. */
  env(name: string): string | undefined {
    if (!Object.hasOwn(this.host.env, name)) return undefined;
    const value = this.host.env[name];
    this.envUsed.set(name, value);
    return value;
  }

  /** A line that starts no statement: an assignment, or macros that expand to nothing. */
  assignment(line: string): void {
    const text = trimStart(line);
    let name = '';
    let at = 0;
    for (;;) {
      LHS_FRAGMENT.lastIndex = at;
      const fragment = LHS_FRAGMENT.exec(text)?.[0] ?? '';
      name += fragment;
      at += fragment.length;
      if (!text.startsWith('$(', at)) break;
      const [value, next] = this.macro(text, at, []);
      name += value;
      at = next;
    }
    const rest = text.slice(at);
    if (name + rest === '' || isBlank(name + rest)) return;
    const match = ASSIGNMENT.exec(rest);
    if (match === null) this.fail(`syntax error in '${trim(line)}'`);
    const [, op, value] = match;
    const known = this.#variables.get(name);
    const variable = known ?? { name, value: '', recursive: true, active: 0 };
    this.#variables.set(name, variable);
    if (op === ':=') {
      variable.recursive = false;
      variable.value = this.expand(value, []);
    } else if (op === '+=' && known !== undefined) {
      variable.value += ` ${variable.recursive ? value : this.expand(value, [])}`;
      this.#spend(variable.value.length);
    } else {
      variable.recursive = true;
      variable.value = value;
    }
  }

  /** Expands every macro in a text. */
  expand(text: string, args: readonly string[]): string {
    let out = '';
    let at = 0;
    for (;;) {
      const next = text.indexOf('$(', at);
      if (next < 0) return at === 0 ? text : out + text.slice(at);
      const [value, end] = this.macro(text, next, args);
      out += text.slice(at, next) + value;
      at = end;
    }
  }

  /** Expands the macro at `start` (where `$(` stands); `args` are those of the function whose body this is. */
  macro(text: string, start: number, args: readonly string[]): [value: string, next: number] {
    if (++this.#depth > MAX_DEPTH) this.fail('macro calls nested too deeply');
    const special = /\$\(|[(),]/g;
    special.lastIndex = start + 2;
    const parts: string[] = [];
    let part = '';
    let from = start + 2;
    let nesting = 0;
    for (;;) {
      const match = special.exec(text);
      if (match === null) this.fail('missing end parenthesis in macro expansion');
      const token = match[0];
      if (token === '(') nesting++;
      else if (token === ')' && nesting > 0) nesting--;
      else if (token === '$(') {
        part += text.slice(from, match.index);
        const [value, next] = this.macro(text, match.index, args);
        part += value;
        from = special.lastIndex = next;
      } else if (token === ')' || nesting === 0) {
        parts.push(part + text.slice(from, match.index));
        part = '';
        from = special.lastIndex;
        if (token === ')') break;
      }
    }
    const value = argument(parts[0], args) ?? this.#call(parts);
    this.#spend(value.length);
    this.#depth--;
    return [value, from];
  }

  /** Replaces `$NAME` and `${NAME}` by environment variables that exist; the old way of referring to them. */
  environmentIn(text: string): string {
    if (!text.includes('$')) return text;
    return text.replace(/\$(?:(\w+)|\{([^}]*)\})/g, (all: string, bare?: string, braced?: string) => {
      return this.env(bare ?? braced ?? '') ?? all;
    });
  }

  /** Throws a KconfigError at the current place. */
  fail(reason: string): never {
    throw new KconfigError(reason, this.here());
  }

  #spend(chars: number): void {
    this.#steps++;
    this.#chars += chars;
    if (this.#steps > MAX_STEPS || this.#chars > MAX_CHARS) this.fail('macro expansion is too large');
  }

  #call(parts: readonly string[]): string {
    const [name, ...args] = parts;
    const variable = this.#variables.get(name);
    if (variable !== undefined) return this.#expandVariable(variable, parts);
    if (Object.hasOwn(this.host.functions, name)) return this.#hostCall(this.host.functions[name], name, args);
    switch (name) {
      case 'filename':
      case 'lineno':
        this.#checkCount(name, args, 0, 0);
        return name === 'filename' ? this.here().file : String(this.here().line);
      case 'info':
        this.#checkCount(name, args, 1, 1);
        this.warn({ code: 'info', message: args[0], location: this.here() });
        return '';
      case 'warning-if':
        this.#checkCount(name, args, 2, 2);
        if (args[0] === 'y') this.warn({ code: 'user', message: args[1], location: this.here() });
        return '';
      case 'error-if':
        this.#checkCount(name, args, 2, 2);
        return args[0] === 'y' ? this.fail(args[1]) : '';
      case 'shell':
        this.#checkCount(name, args, 1, 1);
        return this.#shell(args[0]);
      default:
        if (args.length === 0 && !this.uses.has(name)) this.uses.set(name, this.here());
        return this.env(name) ?? '';
    }
  }

  #expandVariable(variable: Variable, parts: readonly string[]): string {
    if (parts.length === 1) {
      if (!this.uses.has(variable.name)) this.uses.set(variable.name, this.here());
      if (variable.active > 0) this.fail(`preprocessor variable ${variable.name} refers to itself`);
    } else if (variable.active > MAX_SELF_CALLS) {
      this.fail(`preprocessor function ${variable.name} seems stuck in infinite recursion`);
    }
    variable.active++;
    const value = this.expand(variable.value, parts);
    variable.active--;
    return value;
  }

  #hostCall(fn: HostFunction, name: string, args: readonly string[]): string {
    this.#checkCount(name, args, fn.minArgs, fn.maxArgs);
    try {
      return fn.call(args, this.here());
    } catch (error) {
      if (error instanceof KconfigError) throw error;
      return this.fail(`$(${name}): ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #shell(command: string): string {
    const answer = this.host.shell(command);
    if (answer !== undefined) return answer.replace(/\n+$/, '').replaceAll('\n', ' ');
    this.warn({ code: 'shell', message: `$(shell,${command}) is not known here; it yields ""`, location: this.here() });
    return '';
  }

  #checkCount(name: string, args: readonly string[], min: number, max: number | null): void {
    if (args.length >= min && (max === null || args.length <= max)) return;
    const expected = max === null ? `${min} or more` : min === max ? String(min) : `${min}-${max}`;
    this.fail(`bad number of arguments in call to ${name}, expected ${expected}, got ${args.length}`);
  }
}

/** `$(1)`, `$(2)`... inside a function body; negative numbers count from the end, `$(0)` is the name. */
function argument(name: string, args: readonly string[]): string | null {
  if (args.length === 0) return null;
  const index = parseInteger(name, 10);
  if (index === null) return null;
  return args.at(Number(index)) ?? null;
}
