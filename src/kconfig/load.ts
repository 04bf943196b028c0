/**
 * Reads a `.config` as far as it can be read. Nothing in it is fatal; a report says line by line what was ignored, what was
 * read differently than it looks, and (after evaluation) what had no effect and why.
 */
import { typeProblem } from './assignable';
import type { Config } from './config';
import { hiddenText } from './explain';
import { isLogical, TRI_TEXT, triOf } from './model';
import type { Choice, Sym } from './model';
import { activeSources, rangeText } from './origin';
import { realProblem } from './real';
import { splitLines, trimEnd, trimStart, unescapeString } from './text';

/** What happened to a line. Only the last two kinds concern lines that were accepted. */
export type NoteKind =
  | 'encoding'
  | 'malformed'
  | 'unknown-symbol'
  | 'bad-value'
  | 'out-of-range'
  | 'conflict'
  | 'duplicate'
  | 'loose'
  | 'overridden';

/** One line of the report. */
export interface LineNote {
  readonly line: number;
  readonly kind: NoteKind;
  /** The symbol, without prefix, when the line names one. */
  readonly symbol: string | null;
  readonly message: string;
  /** True when the line has no effect. */
  readonly ignored: boolean;
}

/** What came of loading a file. */
export interface LoadReport {
  readonly notes: readonly LineNote[];
  /** Assignments to names that the tree does not define, in order. */
  readonly missing: readonly (readonly [name: string, value: string])[];
  /** Number of assignments that were taken. */
  readonly assigned: number;
}

/** How to load. */
export interface LoadOptions {
  /** Keep what is set already and add to it; otherwise everything that the file does not set is unset. */
  readonly merge?: boolean;
  /** Skip the evaluation that finds assignments without effect. */
  readonly quick?: boolean;
}

const STRING_VALUE = /^"((?:[^\\"]|\\[^\n])*)"/;

/** Loads a `.config` text into a configuration. */
export function loadConfig(config: Config, text: string, options: LoadOptions = {}): LoadReport {
  const loader = new Loader(config);
  return loader.load(text, options);
}

class Loader {
  readonly #notes: LineNote[] = [];
  readonly #missing: (readonly [string, string])[] = [];
  readonly #lastLine = new Map<Sym, number>();
  readonly #setChoices = new Set<Choice>();
  #assigned = 0;
  #line = 0;

  constructor(readonly config: Config) {}

  load(text: string, { merge = false, quick = false }: LoadOptions): LoadReport {
    this.#encoding(text);
    const lines = splitLines(text);
    for (let i = 0; i < lines.length; i++) {
      this.#line = i + 1;
      this.#readLine(trimEnd(lines[i]));
    }
    if (!merge) this.#unsetRest();
    if (!quick) this.#overridden();
    this.#notes.sort((a, b) => a.line - b.line);
    return { notes: this.#notes, missing: this.#missing, assigned: this.#assigned };
  }

  #note(kind: NoteKind, symbol: string | null, message: string, ignored = true): void {
    this.#notes.push({ line: this.#line, kind, symbol, message, ignored });
  }

  #encoding(text: string): void {
    this.#line = 1;
    if (text.startsWith('\uFEFF')) this.#note('encoding', null, 'byte-order mark dropped', false);
    if (text.includes('\r')) {
      this.#line = text.slice(0, text.indexOf('\r')).split('\n').length;
      this.#note('encoding', null, 'line ends with a carriage return; read as a newline, here and below', false);
    }
    if (text.includes('\0')) {
      this.#line = text.slice(0, text.indexOf('\0')).split('\n').length;
      this.#note('encoding', null, 'the file has NUL characters: it may not be a text file', false);
    }
  }

  #readLine(line: string): void {
    const { prefix } = this.config.tree;
    const equals = line.startsWith(prefix) ? line.indexOf('=', prefix.length + 1) : -1;
    if (equals > 0 && line[prefix.length] !== '=') {
      this.#set(line.slice(prefix.length, equals), line.slice(equals + 1));
      return;
    }
    const unset = `# ${prefix}`;
    if (line.startsWith(unset)) {
      const space = line.indexOf(' ', unset.length);
      if (space > unset.length && line.startsWith(' is not set', space)) {
        this.#clear(line.slice(unset.length, space));
        return;
      }
    }
    if (line === '' || trimStart(line).startsWith('#')) return;
    const why = line.includes('=') && !line.startsWith(prefix) ? `: assignments start with ${prefix}` : '';
    this.#note('malformed', null, `malformed line '${clip(line)}'${why}`);
  }

  #find(name: string, value: string): Sym | null {
    const sym = this.config.find(name);
    if (sym !== null) return sym;
    this.#missing.push([name, value]);
    const trimmed = name.trim();
    const hint = trimmed !== name && this.config.find(trimmed) !== null ? ` (no blanks around '=')` : '';
    this.#note('unknown-symbol', name, `no symbol '${clip(name)}' in the tree${hint}`);
    return null;
  }

  #set(name: string, text: string): void {
    const sym = this.#find(name, text);
    if (sym === null) return;
    if (isLogical(sym.type)) {
      const first = text.slice(0, 1);
      if (typeProblem(sym, first) !== null) {
        this.#note('bad-value', name, `'${clip(text)}' is not a value for the ${sym.type} ${name}`);
        return;
      }
      if (text.length > 1) this.#note('loose', name, `'${clip(text)}' is read as ${first}`, false);
      if (sym.choice !== null && first !== 'n') this.#setMode(sym.choice, name, first);
      this.#assign(sym, first);
    } else if (sym.type === 'string') {
      const match = STRING_VALUE.exec(text);
      if (match === null) {
        this.#note('bad-value', name, `malformed string ${clip(text)}: "..." expected for ${name}`);
        return;
      }
      if (match[0].length < text.length) {
        this.#note(
          'loose',
          name,
          `text after the closing quote is ignored: '${clip(text.slice(match[0].length))}'`,
          false,
        );
      }
      const value = unescapeString(match[1]);
      const problem = sym.real === null ? null : realProblem(sym.real, value);
      if (problem !== null) this.#note('out-of-range', name, `${name}: ${problem}`);
      else this.#assign(sym, value);
    } else this.#assign(sym, text);
  }

  #clear(name: string): void {
    const sym = this.#find(name, 'n');
    if (sym === null) return;
    if (isLogical(sym.type)) this.#assign(sym, 'n');
    else this.#note('bad-value', name, `'is not set' has no meaning for the ${sym.type} ${name}`);
  }

  #setMode(choice: Choice, name: string, value: string): void {
    const mode = triOf(value) ?? 0;
    const before = this.config.userMode(choice);
    if (before !== null && before !== mode && this.#setChoices.has(choice)) {
      this.#note('conflict', name, 'both m and y assigned to members of one choice; the last one decides', false);
    }
    if (this.config.setMode(choice, mode).ok) this.#setChoices.add(choice);
  }

  #assign(sym: Sym, value: string): void {
    const before = this.#lastLine.get(sym);
    const old = this.config.userValue(sym);
    const result = this.config.set(sym, value);
    if (!result.ok) {
      const comment = value.includes('#') ? ' (a value ends at the end of its line: no comment may follow)' : '';
      this.#note('bad-value', sym.name, `${sym.name}: ${result.reason}${comment}`);
      return;
    }
    if (before !== undefined) {
      const change = old === value ? 'to the same value' : `'${clip(old ?? '')}' is replaced by '${clip(value)}'`;
      this.#note('duplicate', sym.name, `${sym.name} was set on line ${before} already: ${change}`, false);
    }
    this.#lastLine.set(sym, this.#line);
    if (sym.choice !== null && isLogical(sym.type) && value === 'y') this.#setChoices.add(sym.choice);
    this.#assigned++;
  }

  #unsetRest(): void {
    for (const sym of this.config.tree.defined) if (!this.#lastLine.has(sym)) this.config.unset(sym);
    for (const choice of this.config.tree.choices) if (!this.#setChoices.has(choice)) this.config.unsetChoice(choice);
  }

  #overridden(): void {
    for (const [sym, line] of this.#lastLine) {
      const wanted = this.config.userValue(sym) ?? '';
      const value = this.config.value(sym);
      if (wanted === value) continue;
      this.#line = line;
      const outside = this.#outside(sym);
      const reason = outside ?? overrideReason(this.config, sym, wanted);
      const message = `${sym.name}=${clip(wanted)} has no effect, the value is ${clip(shown(sym, value))}: ${reason}`;
      this.#note(outside === null ? 'overridden' : 'out-of-range', sym.name, message);
    }
  }

  #outside(sym: Sym): string | null {
    if (this.config.visibility(sym) === 0) return null;
    const range = rangeText(this.config, sym);
    return range === null ? null : `outside the range ${range}`;
  }
}

function shown(sym: Sym, value: string): string {
  return sym.type === 'string' ? JSON.stringify(value) : value === '' ? 'empty' : value;
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Why a user value is not the value. */
export function overrideReason(config: Config, sym: Sym, wanted: string): string {
  const visibility = config.visibility(sym);
  const strength = config.evaluate(sym.revDep);
  if (sym.choice === null && strength > 0 && (visibility === 0 || strength > (triOf(wanted) ?? 0))) {
    const by = activeSources(config, sym.revDep, strength).map((source) => source.name);
    return `selected by ${by.join(', ')}`;
  }
  if (visibility === 0) return hiddenText(config, sym);
  if (sym.choice !== null) {
    const selection = config.selection(sym.choice);
    return selection === null ? 'its choice is not in y mode' : `its choice has ${selection.name}`;
  }
  return visibility === 1 ? 'its dependencies allow at most m' : `at most ${TRI_TEXT[visibility]} is possible`;
}
