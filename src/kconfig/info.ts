/** The info page of a symbol: everything known about it with the values of all operands, as data for any front end. */
import type { Config } from './config';
import type { Location } from './errors';
import { explain, operandsOf } from './explain';
import type { Explanation, Operand } from './explain';
import { exprText, itemText, splitExpr } from './expr';
import { TRI_TEXT } from './model';
import type { Expr, Item, Sym, Tri } from './model';
import { originOf, rangeText } from './origin';
import type { Origin } from './origin';
import { plainHelp, realRangeText, unitOf } from './real';

/** A condition with its value and those of its operands, and split at its top operator. */
export interface ConditionInfo {
  readonly text: string;
  /** The text with `(=value)` after every operand. */
  readonly annotated: string;
  readonly value: Tri;
  readonly parts: readonly { readonly text: string; readonly value: Tri }[];
  readonly operator: 'and' | 'or' | null;
  readonly operands: readonly Operand[];
}

/** A default, in order; the first active one counts. */
export interface DefaultInfo {
  readonly text: string;
  readonly value: string;
  readonly condition: ConditionInfo | null;
  readonly active: boolean;
  readonly location: Location;
}

/** A symbol that selects or implies, at the strength it has now. */
export interface SourceInfo {
  readonly text: string;
  readonly value: Tri;
}

export interface PlaceInfo {
  readonly location: Location;
  readonly prompt: string | null;
  readonly promptCondition: ConditionInfo | null;
  readonly dependsOn: ConditionInfo | null;
  readonly help: string | null;
}

export interface SymbolInfo {
  readonly symbol: Sym;
  readonly name: string;
  readonly type: string;
  readonly typeNow: string;
  readonly value: string;
  readonly userValue: string | null;
  readonly origin: Origin;
  readonly visibility: Tri;
  readonly assignable: readonly Tri[];
  /** The range in force, or that of a real. */
  readonly range: string | null;
  readonly unit: string | null;
  readonly places: readonly PlaceInfo[];
  readonly directDependency: ConditionInfo | null;
  readonly defaults: readonly DefaultInfo[];
  readonly ranges: readonly {
    readonly text: string;
    readonly condition: ConditionInfo | null;
    readonly active: boolean;
  }[];
  readonly selectedBy: readonly SourceInfo[];
  readonly impliedBy: readonly SourceInfo[];
  readonly selects: readonly { readonly target: Sym; readonly condition: ConditionInfo | null }[];
  readonly implies: readonly { readonly target: Sym; readonly condition: ConditionInfo | null }[];
  /** Symbols and choices that may change with this one. */
  readonly dependents: readonly Item[];
  readonly explanation: Explanation;
}

/** A condition as data; null for the trivial one. */
export function conditionInfo(config: Config, expr: Expr): ConditionInfo | null {
  if (expr === config.tree.yes) return null;
  const operator = expr.kind === 'and' || expr.kind === 'or' ? expr.kind : null;
  const parts = operator === null ? [expr] : splitExpr(expr, operator);
  return {
    text: exprText(expr),
    annotated: exprText(expr, (item) => annotated(config, item)),
    value: config.evaluate(expr),
    parts: parts.map((part) => ({ text: exprText(part), value: config.evaluate(part) })),
    operator,
    operands: operandsOf(config, expr),
  };
}

function annotated(config: Config, item: Item): string {
  const text = itemText(item);
  if (item.kind === 'choice') return `${text} (=${TRI_TEXT[config.tri(item)]})`;
  if (item.constant || item.nodes.length === 0) return text;
  const value = config.value(item);
  return `${text} (=${item.type === 'string' ? JSON.stringify(value) : value})`;
}

/** Gathers everything about a symbol. */
export function symbolInfo(config: Config, symbol: Sym): SymbolInfo {
  const cond = (expr: Expr): ConditionInfo | null => conditionInfo(config, expr);
  const sources = (reverse: Expr): SourceInfo[] =>
    reverse === config.tree.no
      ? []
      : splitExpr(reverse, 'or').map((term) => ({ text: exprText(term), value: config.evaluate(term) }));
  const firstActive = symbol.defaults.find((prop) => config.evaluate(prop.cond) > 0);
  const activeRange = symbol.ranges.find((prop) => config.evaluate(prop.cond) > 0);
  return {
    symbol,
    name: symbol.name,
    type: symbol.type,
    typeNow: config.type(symbol),
    value: config.value(symbol),
    userValue: config.userValue(symbol),
    origin: originOf(config, symbol),
    visibility: config.visibility(symbol),
    assignable: config.assignable(symbol),
    range: symbol.real === null ? rangeText(config, symbol) : realRangeText(symbol.real),
    unit: unitOf(symbol),
    places: symbol.nodes.map((node) => ({
      location: node.location,
      prompt: node.prompt?.text ?? null,
      promptCondition: node.prompt === null ? null : cond(node.prompt.cond),
      dependsOn: cond(node.dep),
      help: node.help === null ? null : plainHelp(node.help),
    })),
    directDependency: cond(symbol.directDep),
    defaults: symbol.defaults.map((prop) => ({
      text: exprText(prop.value),
      value: prop.value.kind === 'symbol' ? config.value(prop.value) : TRI_TEXT[config.evaluate(prop.value)],
      condition: cond(prop.cond),
      active: prop === firstActive,
      location: prop.location,
    })),
    ranges: symbol.ranges.map((prop) => ({
      text: `[${itemText(prop.low)}, ${itemText(prop.high)}]`,
      condition: cond(prop.cond),
      active: prop === activeRange,
    })),
    selectedBy: sources(symbol.revDep),
    impliedBy: sources(symbol.weakRevDep),
    selects: symbol.selects.map((prop) => ({ target: prop.target, condition: cond(prop.cond) })),
    implies: symbol.implies.map((prop) => ({ target: prop.target, condition: cond(prop.cond) })),
    dependents: config.tree.dependents[symbol.id],
    explanation: explain(config, symbol),
  };
}
