/**
 * What happens to the parsed nodes before anything is evaluated: conditions of enclosing blocks move into their contents,
 * `if` blocks dissolve, entries that depend on the entry before them become its children, properties are gathered on
 * symbols, choices learn their members.
 */
import type { Builder } from './builder';
import { exprDemands, makeAnd, makeOr, makeOrAll } from './expr';
import type { ChoiceNode, Expr, MenuNode, Sym, SymbolNode } from './model';

/** Finalises a whole tree in place. */
export function finalize(builder: Builder): void {
  new Finalizer(builder).run();
}

class Finalizer {
  readonly #selects = new Map<Sym, Expr[]>();
  readonly #implies = new Map<Sym, Expr[]>();

  constructor(readonly builder: Builder) {}

  run(): void {
    const { builder } = this;
    this.#node(builder.root, builder.yes);
    for (const [sym, terms] of this.#selects) sym.revDep = makeOrAll(builder, terms);
    for (const [sym, terms] of this.#implies) sym.weakRevDep = makeOrAll(builder, terms);
  }

  /** A node that cannot take following siblings: a menu, an `if`, a choice, a comment. */
  #node(node: Exclude<MenuNode, SymbolNode>, visibleIf: Expr): void {
    if (node.children.length > 0) {
      const visible = node.kind === 'menu' ? makeAnd(this.builder, visibleIf, node.visibleIf) : visibleIf;
      this.#propagate(node, visible);
      node.children = this.#siblings(node, visible);
      flatten(node);
    }
    if (node.kind === 'choice') this.#choice(node);
  }

  /** Conditions of `node` go into its children. Children of a choice depend on the choice itself: its mode limits them. */
  #propagate(node: MenuNode, visibleIf: Expr): void {
    const and = (a: Expr, b: Expr): Expr => makeAnd(this.builder, a, b);
    const base: Expr = node.kind === 'choice' ? node.item : node.dep;
    for (const child of node.children) {
      const dep = (child.dep = and(child.dep, base));
      const limit = <T extends { cond: Expr }>(prop: T): T => ({ ...prop, cond: and(prop.cond, dep) });
      const hasItem = child.kind === 'symbol' || child.kind === 'choice';
      if (child.prompt !== null) {
        const cond = and(child.prompt.cond, hasItem ? and(visibleIf, dep) : dep);
        child.prompt = { ...child.prompt, cond };
      }
      if (!hasItem || dep === this.builder.yes) continue;
      child.defaults = child.defaults.map(limit);
      child.ranges = child.ranges.map(limit);
      child.selects = child.selects.map(limit);
      child.implies = child.implies.map(limit);
    }
  }

  /** Finalises children in order; a symbol takes the siblings after it as long as they demand it, level by level. */
  #siblings(parent: MenuNode, visibleIf: Expr): MenuNode[] {
    const out: MenuNode[] = [];
    const open: SymbolNode[] = [];
    for (const child of parent.children) {
      while (open.length > 0 && !this.#belongsTo(open[open.length - 1], child)) flatten(open.pop() as SymbolNode);
      const holder = open.at(-1);
      if (holder === undefined) out.push(child);
      else {
        child.parent = holder;
        holder.children.push(child);
      }
      if (child.kind === 'symbol') {
        this.#gather(child);
        open.push(child);
      } else this.#node(child, visibleIf);
    }
    for (const node of open.reverse()) flatten(node);
    return out;
  }

  #belongsTo(node: SymbolNode, next: MenuNode): boolean {
    return exprDemands(next.prompt?.cond ?? next.dep, node.item, this.builder);
  }

  #gather(node: SymbolNode): void {
    const { builder } = this;
    const sym = node.item;
    sym.directDep = makeOr(builder, sym.directDep, node.dep);
    sym.defaults.push(...node.defaults);
    sym.ranges.push(...node.ranges);
    sym.selects.push(...node.selects);
    sym.implies.push(...node.implies);
    for (const { target, cond } of node.selects) push(this.#selects, target, makeAnd(builder, sym, cond));
    for (const { target, cond } of node.implies) push(this.#implies, target, makeAnd(builder, sym, cond));
  }

  #choice(node: ChoiceNode): void {
    const choice = node.item;
    choice.directDep = makeOr(this.builder, choice.directDep, node.dep);
    choice.defaults.push(...node.defaults);
    for (const child of node.children) {
      if (child.kind !== 'symbol') continue;
      child.item.choice = choice;
      choice.members.push(child.item);
    }
    if (choice.type === 'unknown') {
      choice.type = choice.members.find((sym) => sym.type !== 'unknown')?.type ?? 'unknown';
    }
    for (const sym of choice.members) if (sym.type === 'unknown') sym.type = choice.type;
  }
}

function push(map: Map<Sym, Expr[]>, sym: Sym, term: Expr): void {
  const terms = map.get(sym);
  if (terms === undefined) map.set(sym, [term]);
  else terms.push(term);
}

/** Moves the children of nodes without a prompt (ifs, hidden symbols) up behind them, and drops the ifs. */
function flatten(parent: MenuNode): void {
  if (!parent.children.some((child) => child.kind === 'if' || (child.prompt === null && child.children.length > 0)))
    return;
  const out: MenuNode[] = [];
  const pending = [...parent.children].reverse();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.children.length > 0 && node.prompt === null && node.kind !== 'choice') {
      for (let i = node.children.length - 1; i >= 0; i--) pending.push(node.children[i]);
      for (const child of node.children) child.parent = parent;
      node.children = [];
    }
    if (node.kind !== 'if') out.push(node);
  }
  parent.children = out;
}
