/** Building, taking apart and printing conditions. Evaluation needs values and lives in `Config`. */
import type { Expr, Item, RelationOp, Sym } from './model';
import { escapeString } from './text';

/** The constants that simplification has to recognise. */
export interface Constants {
  readonly no: Sym;
  readonly yes: Sym;
}

/** AND with the trivial simplifications (y is neutral, n wins). */
export function makeAnd({ no, yes }: Constants, left: Expr, right: Expr): Expr {
  if (left === yes) return right;
  if (right === yes) return left;
  if (left === no || right === no) return no;
  return { kind: 'and', args: [left, right] };
}

/** AND of one more line to a growing condition; stays flat however many lines there are. */
export function appendAnd(constants: Constants, left: Expr, right: Expr): Expr {
  const both = makeAnd(constants, left, right);
  const grows = both.kind === 'and' && left.kind === 'and' && both !== left && both !== right;
  return grows ? { kind: 'and', args: [...left.args, right] } : both;
}

/** OR with the trivial simplifications (n is neutral, y wins). */
export function makeOr({ no, yes }: Constants, left: Expr, right: Expr): Expr {
  if (left === no) return right;
  if (right === no) return left;
  if (left === yes || right === yes) return yes;
  return { kind: 'or', args: left.kind === 'or' ? [...left.args, right] : [left, right] };
}

/** OR of many terms at once. */
export function makeOrAll({ no, yes }: Constants, terms: readonly Expr[]): Expr {
  const useful = terms.filter((term) => term !== no);
  if (useful.includes(yes)) return yes;
  if (useful.length === 0) return no;
  return useful.length === 1 ? useful[0] : { kind: 'or', args: useful };
}

/** Calls `visit` with every symbol and choice in an expression. */
export function visitItems(expr: Expr, visit: (item: Item) => void): void {
  switch (expr.kind) {
    case 'symbol':
    case 'choice':
      visit(expr);
      return;
    case 'and':
    case 'or':
      for (const arg of expr.args) visitItems(arg, visit);
      return;
    case 'not':
      visitItems(expr.arg, visit);
      return;
    case 'relation':
      visit(expr.left);
      visit(expr.right);
  }
}

/** The operands of nested `&&` (or `||`), in order. */
export function splitExpr(expr: Expr, kind: 'and' | 'or'): Expr[] {
  return expr.kind === kind ? expr.args.flatMap((arg) => splitExpr(arg, kind)) : [expr];
}

/**
 * True when a following sibling with this condition becomes a child of `sym` in the menu: the condition is the symbol itself,
 * a comparison that demands it, or a conjunction with one of these.
 */
export function exprDemands(expr: Expr, sym: Sym, constants: Constants & { readonly mod: Sym }): boolean {
  switch (expr.kind) {
    case 'symbol':
      return expr === sym;
    case 'and':
      return expr.args.some((arg) => exprDemands(arg, sym, constants));
    case 'relation': {
      if (expr.op !== '=' && expr.op !== '!=') return false;
      if (expr.left !== sym && expr.right !== sym) return false;
      const other = expr.right === sym ? expr.left : expr.right;
      // `!= y` counts as well: an old accident of the C tools that trees rely on.
      return (
        other === constants.yes ||
        (expr.op === '=' && other === constants.mod) ||
        (expr.op === '!=' && other === constants.no)
      );
    }
    case 'choice':
    case 'or':
    case 'not':
      return false;
  }
}

/** How an operand is printed; a panel passes one that adds the current value. */
export type ItemText = (item: Item) => string;

/** A symbol's name, a quoted constant, or `<choice NAME>`. */
export function itemText(item: Item): string {
  if (item.kind === 'choice') return item.name === null ? '<choice>' : `<choice ${item.name}>`;
  if (!item.constant || item.name === 'n' || item.name === 'm' || item.name === 'y') return item.name;
  return `"${escapeString(item.name)}"`;
}

/** A condition as text, with parentheses only where `&&` and `||` meet. */
export function exprText(expr: Expr, show: ItemText = itemText): string {
  const wrapped = (arg: Expr, other: 'and' | 'or'): string =>
    arg.kind === other ? `(${exprText(arg, show)})` : exprText(arg, show);
  switch (expr.kind) {
    case 'symbol':
    case 'choice':
      return show(expr);
    case 'and':
      return expr.args.map((arg) => wrapped(arg, 'or')).join(' && ');
    case 'or':
      return expr.args.map((arg) => wrapped(arg, 'and')).join(' || ');
    case 'not':
      return expr.arg.kind === 'symbol' || expr.arg.kind === 'choice'
        ? `!${show(expr.arg)}`
        : `!(${exprText(expr.arg, show)})`;
    case 'relation':
      return `${show(expr.left)} ${expr.op} ${show(expr.right)}`;
  }
}

/** Does `comparison` (the sign of left minus right) satisfy the operator? */
export function relationHolds(op: RelationOp, comparison: number): boolean {
  switch (op) {
    case '=':
      return comparison === 0;
    case '!=':
      return comparison !== 0;
    case '<':
      return comparison < 0;
    case '<=':
      return comparison <= 0;
    case '>':
      return comparison > 0;
    case '>=':
      return comparison >= 0;
  }
}
