/** Parses statements into blocks: files, menus, choices, ifs. Properties are in `properties.ts`. */
import type { Builder } from './builder';
import { KconfigError } from './errors';
import { tokenize } from './lexer';
import type { Keyword } from './lexer';
import type { LineReader } from './lines';
import type { MenuNode } from './model';
import type { Preprocessor } from './preprocess';
import { parseProperty } from './properties';
import type { PropertyNode } from './properties';
import { dirName, joinPath } from './source';
import type { SourceReader } from './source';
import { Statement } from './statement';
import { compareText } from './text';

/** Blocks may nest this deep, included files counted. */
const MAX_BLOCKS = 400;

type Ending = 'endmenu' | 'endchoice' | 'endif';

/** Reads all files of a tree. */
export class Parser {
  #reuse: Statement | null = null;
  #depth = 0;

  constructor(
    readonly builder: Builder,
    readonly lines: LineReader,
    readonly macros: Preprocessor,
    readonly reader: SourceReader,
  ) {}

  /** Parses the top file into the root node. */
  parse(): void {
    this.#block(null, this.builder.root);
  }

  /** Parses until `ending` (or the end of the file, for files) and appends the nodes to `parent`. */
  #block(ending: Ending | null, parent: MenuNode): void {
    if (++this.#depth > MAX_BLOCKS) this.macros.fail('blocks nested too deeply');
    for (;;) {
      const statement = this.#next();
      if (statement === null) break;
      if (statement.word === ending) {
        statement.end();
        this.#depth--;
        return;
      }
      this.#statement(statement, parent);
    }
    if (ending !== null) throw new KconfigError(`expected '${ending}' before the end of the file`, this.lines.here());
    this.#depth--;
  }

  #statement(statement: Statement, parent: MenuNode): void {
    const { builder } = this;
    const { word, location } = statement;
    switch (word) {
      case 'config':
      case 'menuconfig': {
        const sym = statement.variable('missing or bad symbol name');
        statement.end();
        const node = add(parent, builder.symbolNode(sym, location, word === 'menuconfig'));
        this.#properties(node);
        if (node.isMenuconfig && node.prompt === null) {
          builder.warn('prompt', `the menuconfig symbol ${sym.name} has no prompt`, location);
        }
        return;
      }
      case 'source':
      case 'rsource':
      case 'osource':
      case 'orsource':
        this.#source(statement, parent);
        return;
      case 'if':
        this.#block('endif', add(parent, builder.ifNode(location, statement.wholeExpr())));
        return;
      case 'menu': {
        const title = statement.text('a title');
        statement.end();
        const node = add(parent, builder.menu(location, title));
        this.#properties(node);
        this.#block('endmenu', node);
        return;
      }
      case 'comment': {
        const text = statement.text('a text');
        statement.end();
        this.#properties(add(parent, builder.comment(location, text)));
        return;
      }
      case 'choice': {
        const name = statement.done ? null : statement.text('a name');
        statement.end();
        const node = add(parent, builder.choiceNode(builder.choice(name), location));
        this.#properties(node);
        this.#block('endchoice', node);
        return;
      }
      case 'mainmenu': {
        const text = statement.text('a title');
        statement.end();
        builder.root.prompt = { text, cond: builder.yes, own: builder.yes };
        return;
      }
      default:
        statement.fail(unexpected(word));
    }
  }

  #properties(node: PropertyNode): void {
    const context = {
      builder: this.builder,
      env: (name: string) => this.macros.env(name),
      helpText: () => this.lines.helpText(),
    };
    for (;;) {
      const statement = this.#next();
      if (statement === null) return;
      if (!parseProperty(context, node, statement)) {
        this.#reuse = statement;
        return;
      }
    }
  }

  #source(statement: Statement, parent: MenuNode): void {
    const { word } = statement;
    let pattern = statement.text('a file');
    statement.end();
    if (word === 'rsource' || word === 'orsource') pattern = joinPath(dirName(statement.location.file), pattern);
    const files = [...this.reader.glob(pattern)].sort(compareText);
    if (files.length === 0 && (word === 'source' || word === 'rsource')) {
      statement.fail(`'${pattern}' not found (an unset macro expands to the empty string)`);
    }
    for (const file of files) {
      const text = this.reader.read(file);
      if (text === null) return statement.fail(`could not read '${file}'`);
      this.lines.enter(file, text);
      this.#block(null, parent);
      this.lines.leave();
    }
  }

  #next(): Statement | null {
    const reused = this.#reuse;
    this.#reuse = null;
    if (reused !== null) return reused;
    for (;;) {
      const line = this.lines.nextLine();
      if (line === null) return null;
      const tokens = tokenize(line, this.macros, (message) => {
        this.builder.warn('style', message, this.lines.here());
      });
      if (tokens !== null) return new Statement(tokens, this.lines.here(), this.builder);
    }
  }
}

function add<N extends MenuNode>(parent: MenuNode, node: N): N {
  node.parent = parent;
  parent.children.push(node);
  return node;
}

function unexpected(word: Keyword): string {
  switch (word) {
    case 'endchoice':
      return "'endchoice' without 'choice'";
    case 'endif':
      return "'endif' without 'if'";
    case 'endmenu':
      return "'endmenu' without 'menu'";
    default:
      return `'${word}' is not expected here`;
  }
}
