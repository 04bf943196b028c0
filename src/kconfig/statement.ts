/** The tokens of one statement with what is needed to take them apart: expectations and expressions. */
import type { Builder } from './builder';
import { KconfigError } from './errors';
import type { Location } from './errors';
import type { Keyword, Token } from './lexer';
import type { Expr, Sym } from './model';

/** Parentheses and negations may nest this deep. */
const MAX_NESTING = 200;

/** A cursor over one line. */
export class Statement {
  #at = 1;
  #nesting = 0;
  readonly word: Keyword;

  /**
   * @param tokens of the line; the first is a keyword
   * @param location of the line
   * @param builder resolves names to symbols
   */
  constructor(
    readonly tokens: readonly Token[],
    readonly location: Location,
    readonly builder: Builder,
  ) {
    const first = tokens[0];
    if (first.kind !== 'keyword') throw new KconfigError('unrecognized construct', location);
    this.word = first.word;
  }

  fail(reason: string): never {
    throw new KconfigError(reason, this.location);
  }

  get done(): boolean {
    return this.#at >= this.tokens.length;
  }

  /** Demands the end of the line. */
  end(): void {
    if (!this.done) this.fail(`extra tokens at end of line after '${this.word}'`);
  }

  /** Takes a keyword if it comes next. */
  take(word: Keyword): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'keyword' || token.word !== word) return false;
    this.#at++;
    return true;
  }

  /** Takes an `=` if it comes next. */
  takeEquals(): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'relation' || token.op !== '=') return false;
    this.#at++;
    return true;
  }

  /** A string. */
  text(what: string): string {
    const token = this.tokens[this.#at++];
    return token?.kind === 'text' ? token.text : this.fail(`expected ${what} after '${this.word}'`);
  }

  /** A symbol or a constant. */
  symbol(): Sym {
    const token = this.tokens[this.#at++];
    if (token?.kind === 'name') return this.builder.symbol(token.name);
    if (token?.kind === 'constant') return this.builder.constant(token.name);
    return this.fail('expected a symbol');
  }

  /** A symbol that is not a constant. */
  variable(reason: string): Sym {
    const token = this.tokens[this.#at];
    const sym = token?.kind === 'name' ? this.symbol() : null;
    return sym === null || sym.constant ? this.fail(reason) : sym;
  }

  /** `if CONDITION` or nothing, then the end of the line. */
  condition(): Expr {
    const expr = this.take('if') ? this.expr(true) : this.builder.yes;
    this.end();
    return expr;
  }

  /** An expression, then the end of the line. */
  wholeExpr(): Expr {
    const expr = this.expr(true);
    this.end();
    return expr;
  }

  /**
   * `||` of `&&` of factors.
   * @param conditional in conditions a bare m means `m && MODULES`
   */
  expr(conditional: boolean): Expr {
    return this.#chain('||', () => this.#chain('&&', () => this.#factor(conditional)));
  }

  #chain(op: '&&' | '||', operand: () => Expr): Expr {
    const first = operand();
    if (!this.#takeOp(op)) return first;
    const args = [first];
    do args.push(operand());
    while (this.#takeOp(op));
    return { kind: op === '&&' ? 'and' : 'or', args };
  }

  #takeOp(op: string): boolean {
    const token = this.tokens[this.#at];
    if (token?.kind !== 'op' || token.op !== op) return false;
    this.#at++;
    return true;
  }

  #factor(conditional: boolean): Expr {
    const { builder } = this;
    if (++this.#nesting > MAX_NESTING) this.fail('expression nested too deeply');
    try {
      if (this.#takeOp('!')) return { kind: 'not', arg: this.#factor(conditional) };
      if (this.#takeOp('(')) {
        const inner = this.expr(conditional);
        if (!this.#takeOp(')')) this.fail("malformed expression: ')' expected");
        return inner;
      }
      const token = this.tokens[this.#at];
      if (token?.kind !== 'name' && token?.kind !== 'constant') return this.fail('malformed expression');
      const left = this.symbol();
      const relation = this.tokens[this.#at];
      if (relation?.kind === 'relation') {
        this.#at++;
        return { kind: 'relation', op: relation.op, left, right: this.symbol() };
      }
      return conditional && left === builder.mod ? { kind: 'and', args: [left, builder.modules] } : left;
    } finally {
      this.#nesting--;
    }
  }
}
