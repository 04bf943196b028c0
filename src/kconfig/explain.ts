/**
 * "Why can't I change this?": the smallest set of conditions that keep a symbol hidden, with the value of every operand, and
 * the selects that pin it.
 */
import type { Config } from './config';
import type { Location } from './errors';
import { exprText, itemText, visitItems } from './expr';
import { TRI_TEXT } from './model';
import type { Expr, Item, Sym, Tri } from './model';
import { activeSources } from './origin';

/** An operand of a condition with its value now. */
export interface Operand {
  readonly item: Item;
  readonly text: string;
  readonly value: string;
}

/** A condition that would have to change. */
export interface Blocker {
  /** The condition as text: a symbol or a comparison. */
  readonly text: string;
  /** What it has to become: `true` for a condition that is n now, `false` for one under a `!`. */
  readonly needed: boolean;
  readonly value: Tri;
  readonly operands: readonly Operand[];
}

/** Why a symbol's value cannot be changed (or not freely). */
export type Obstacle =
  | { readonly kind: 'no-prompt' }
  | {
      readonly kind: 'hidden';
      readonly blockers: readonly Blocker[];
      readonly condition: string;
      readonly location: Location;
    }
  | { readonly kind: 'selected'; readonly by: readonly Sym[]; readonly strength: Tri }
  | { readonly kind: 'limited'; readonly blockers: readonly Blocker[] }
  | { readonly kind: 'no-type' };

/** The answer for one symbol; `changeable` when there is more than one value to choose from. */
export interface Explanation {
  readonly symbol: Sym;
  readonly changeable: boolean;
  readonly visibility: Tri;
  readonly assignable: readonly Tri[];
  readonly obstacles: readonly Obstacle[];
}

/** Explains what keeps a symbol from being changed. */
export function explain(config: Config, symbol: Sym): Explanation {
  const visibility = config.visibility(symbol);
  const assignable = config.assignable(symbol);
  const obstacles: Obstacle[] = [];
  if (symbol.type === 'unknown') obstacles.push({ kind: 'no-type' });
  if (symbol.nodes.every((node) => node.prompt === null)) obstacles.push({ kind: 'no-prompt' });
  else if (visibility === 0) obstacles.push(hiddenObstacle(config, symbol));
  else if (visibility === 1 && symbol.type === 'tristate') {
    obstacles.push({ kind: 'limited', blockers: smallest(config, promptConditions(config, symbol), 2) });
  }
  const strength = config.evaluate(symbol.revDep);
  if (symbol.choice === null && strength > 0) {
    obstacles.push({ kind: 'selected', by: activeSources(config, symbol.revDep, strength), strength });
  }
  const logical = symbol.type === 'bool' || symbol.type === 'tristate';
  const changeable =
    visibility > 0 && (logical ? symbol.choice !== null || assignable.length > 1 : symbol.type !== 'unknown');
  return { symbol, changeable, visibility, assignable, obstacles };
}

/** What would have to hold for a hidden symbol to appear, in one line. */
export function hiddenText(config: Config, symbol: Sym): string {
  const obstacle = hiddenObstacle(config, symbol);
  if (obstacle.kind !== 'hidden') return 'it has no prompt';
  return `hidden because ${obstacle.blockers.map(blockerText).join(', ')}`;
}

/** `NAME is n`, or the comparison with the values of its operands. */
export function blockerText({ text, value, operands }: Blocker): string {
  const values = operands.filter((operand) => operand.text !== text && operand.text !== operand.value);
  const known = values.map((operand) => `${operand.text} is ${JSON.stringify(operand.value)}`);
  const tail = known.length > 0 && operands.length > 1 ? ` (${known.join(', ')})` : '';
  return `${text} is ${TRI_TEXT[value]}${tail}`;
}

function promptConditions(config: Config, symbol: Sym): { cond: Expr; location: Location }[] {
  return symbol.nodes.flatMap((node) =>
    node.prompt === null ? [] : [{ cond: expandChoices(config, node.prompt.cond), location: node.location }],
  );
}

/** A choice in a condition stands for its own visibility, unless it is one that the user switched off. */
function expandChoices(config: Config, expr: Expr): Expr {
  switch (expr.kind) {
    case 'choice': {
      if (config.visibility(expr) > 0) return expr;
      const conds = expr.nodes.flatMap((node) => (node.prompt === null ? [] : [node.prompt.cond]));
      return { kind: 'or', args: conds.map((cond) => expandChoices(config, cond)) };
    }
    case 'and':
    case 'or':
      return { kind: expr.kind, args: expr.args.map((arg) => expandChoices(config, arg)) };
    case 'not':
      return { kind: 'not', arg: expandChoices(config, expr.arg) };
    case 'symbol':
    case 'relation':
      return expr;
  }
}

function hiddenObstacle(config: Config, symbol: Sym): Obstacle {
  const prompts = promptConditions(config, symbol);
  if (prompts.length === 0) return { kind: 'no-prompt' };
  let best: { blockers: Blocker[]; cond: Expr; location: Location } | null = null;
  for (const { cond, location } of prompts) {
    const blockers = smallest(config, [{ cond }], 1);
    if (best === null || blockers.length < best.blockers.length) best = { blockers, cond, location };
  }
  const { blockers, cond, location } = best ?? { blockers: [], cond: prompts[0].cond, location: prompts[0].location };
  return { kind: 'hidden', blockers, condition: exprText(cond), location };
}

/** A leaf of a condition with the value that would help. */
interface Flip {
  readonly leaf: Expr;
  readonly to: Tri;
}

/** Candidate sets larger than this are only pruned, not searched exhaustively. */
const EXHAUSTIVE = 12;

/** The smallest set of leaves whose change lifts one of the conditions to at least `target`. */
function smallest(config: Config, prompts: readonly { cond: Expr }[], target: 1 | 2): Blocker[] {
  let best: Flip[] | null = null;
  for (const { cond } of prompts) {
    const flips = minimalFlips(config, cond, target);
    if (flips !== null && (best === null || flips.length < best.length)) best = flips;
  }
  return (best ?? []).map(({ leaf, to }) => ({
    text: exprText(leaf),
    needed: to > 0,
    value: config.evaluate(leaf),
    operands: operandsOf(config, leaf),
  }));
}

function minimalFlips(config: Config, cond: Expr, target: 1 | 2): Flip[] | null {
  const candidates = collectFlips(config, cond, target, true);
  const works = (flips: readonly Flip[]): boolean => {
    const changed = new Map(flips.map((flip) => [leafKey(flip.leaf), flip.to]));
    return evaluateWith(config, cond, changed) >= target;
  };
  if (candidates.length <= EXHAUSTIVE) {
    const subsets = Array.from({ length: 1 << candidates.length }, (_, bits) => bits).sort(
      (a, b) => bitCount(a) - bitCount(b) || a - b,
    );
    for (const bits of subsets) {
      const chosen = candidates.filter((_, i) => (bits >> i) & 1);
      if (works(chosen)) return chosen;
    }
    return null;
  }
  if (!works(candidates)) return null;
  let kept = candidates;
  for (const flip of candidates) {
    const without = kept.filter((other) => other !== flip);
    if (works(without)) kept = without;
  }
  return kept;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest &= rest - 1) count++;
  return count;
}

/** Leaves that stand in the way: too low where they should be high, too high under a negation. */
function collectFlips(config: Config, expr: Expr, target: Tri, positive: boolean, out: Flip[] = []): Flip[] {
  const value = config.evaluate(expr);
  const fine = positive ? value >= target : 2 - value >= target;
  switch (expr.kind) {
    case 'and':
    case 'or':
      if (!fine) for (const arg of expr.args) collectFlips(config, arg, target, positive, out);
      return out;
    case 'not':
      return collectFlips(config, expr.arg, target, !positive, out);
    case 'symbol':
    case 'choice':
    case 'relation': {
      const constant = expr.kind === 'symbol' && (expr.constant || expr.nodes.length === 0);
      const key = leafKey(expr);
      if (!fine && !constant && !out.some((flip) => leafKey(flip.leaf) === key))
        out.push({ leaf: expr, to: positive ? 2 : 0 });
      return out;
    }
  }
}

function leafKey(leaf: Expr): string {
  return leaf.kind === 'symbol' || leaf.kind === 'choice' ? `#${leaf.id}` : exprText(leaf);
}

function evaluateWith(config: Config, expr: Expr, changed: ReadonlyMap<string, Tri>): Tri {
  switch (expr.kind) {
    case 'and':
      return Math.min(...expr.args.map((arg) => evaluateWith(config, arg, changed))) as Tri;
    case 'or':
      return Math.max(0, ...expr.args.map((arg) => evaluateWith(config, arg, changed))) as Tri;
    case 'not':
      return (2 - evaluateWith(config, expr.arg, changed)) as Tri;
    case 'symbol':
    case 'choice':
    case 'relation':
      return changed.get(leafKey(expr)) ?? config.evaluate(expr);
  }
}

/** Every operand of a condition once, with its value. */
export function operandsOf(config: Config, expr: Expr): Operand[] {
  const out = new Map<Item, Operand>();
  visitItems(expr, (item) => {
    const value = item.kind === 'choice' ? TRI_TEXT[config.tri(item)] : config.value(item);
    out.set(item, { item, text: itemText(item), value });
  });
  return [...out.values()];
}
