/** Reads lines through the stack of included files: joining, help texts, positions. */
import { KconfigError } from './errors';
import type { IncludeFrame, Location } from './errors';
import { normalizePath } from './source';
import { blanksFrom, expandTabs, isBlank, splitLines, trimEnd } from './text';

/** Deeper than any tree; stops chains of ever longer paths to the same file. */
const MAX_INCLUDES = 100;

interface OpenFile {
  readonly name: string;
  readonly lines: readonly string[];
  readonly includes: readonly IncludeFrame[];
  next: number;
}

/** The place in the sources from which the next line comes. */
export class LineReader {
  readonly #stack: OpenFile[] = [];
  readonly files: string[] = [];
  #pending: string | null = null;
  /** The number of the line last read (of its last part when it was joined). */
  #line = 0;
  readonly #lineStack: number[] = [];

  /** Opens the top file. */
  constructor(file: string, text: string) {
    this.#stack.push({ name: file, lines: splitLines(text), includes: [], next: 0 });
    this.files.push(file);
  }

  /** The current place. */
  here(): Location {
    const { name, includes } = this.#top();
    return { file: name, line: this.#line, includes };
  }

  /** The next line with continuation lines joined, or null at the end of the file. */
  nextLine(): string | null {
    let line = this.#pending ?? this.#raw();
    this.#pending = null;
    if (line === null) return null;
    if (!line.endsWith('\\\n')) return line;
    const parts: string[] = [];
    while (line.endsWith('\\\n')) {
      parts.push(line.slice(0, -2));
      line = this.#raw() ?? '';
    }
    return parts.join('') + line;
  }

  /**
   * The help text that starts on the next line: everything indented at least as far as its first line. Empty when there
   * is none.
   */
  helpText(): string {
    let first = this.#raw();
    while (first !== null && isBlank(first)) first = this.#raw();
    if (first === null) return '';
    const expanded = expandTabs(first);
    const indent = blanksFrom(expanded, 0);
    if (indent === 0) {
      this.#pending = first;
      return '';
    }
    const lines = [expanded.slice(indent)];
    for (;;) {
      const line = this.#raw();
      if (line === null) break;
      if (isBlank(line)) {
        lines.push('\n');
        continue;
      }
      const text = expandTabs(line);
      if (blanksFrom(text, 0) < indent) {
        this.#pending = line;
        break;
      }
      lines.push(text.slice(indent));
    }
    return trimEnd(lines.join(''));
  }

  /** Continues in another file; a file that is already open is an error that shows the cycle. */
  enter(file: string, text: string): void {
    const from = this.here();
    const path = normalizePath(file);
    const cycle = this.#stack.findIndex((open) => normalizePath(open.name) === path);
    if (cycle >= 0) {
      const names = [...this.#stack.slice(cycle).map((open) => open.name), file];
      throw new KconfigError(`recursive 'source': ${names.join(' -> ')}`, from);
    }
    if (this.#stack.length >= MAX_INCLUDES) throw new KconfigError(`'source' nested too deeply`, from);
    this.#lineStack.push(this.#line);
    this.#stack.push({
      name: file,
      lines: splitLines(text),
      includes: [...from.includes, { file: from.file, line: from.line }],
      next: 0,
    });
    this.files.push(file);
    this.#line = 0;
  }

  /** Returns to the file that included this one. */
  leave(): void {
    this.#stack.pop();
    this.#line = this.#lineStack.pop() ?? 0;
  }

  #top(): OpenFile {
    return this.#stack[this.#stack.length - 1];
  }

  #raw(): string | null {
    const file = this.#top();
    if (file.next >= file.lines.length) return null;
    this.#line = file.next + 1;
    return file.lines[file.next++];
  }
}
