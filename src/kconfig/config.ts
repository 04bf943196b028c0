/**
 * A configuration: what the user set, and everything that follows from it. Values are cached; a change marks what may depend
 * on it, and the next read brings the marked part up to date in dependency order, so chains of any length need no deep
 * recursion. A clone shares the tree and copies a few flat arrays.
 */
import { assignableValues, typeProblem } from './assignable';
import type { ActiveRange, SetResult } from './assignable';
import { relationHolds } from './expr';
import { isLogical, TRI_TEXT, triOf } from './model';
import type { Choice, Expr, Item, Sym, SymbolType, Tree, Tri } from './model';
import { takeSnapshot } from './snapshot';
import type { Snapshot } from './snapshot';
import { compareText, hexText, parseInteger } from './text';
import type { Base } from './text';

const UNSET = -1;
const DONE: SetResult = { ok: true };

/** The evaluator over one tree. */
export class Config {
  readonly tree: Tree;
  readonly #userTri: Int8Array;
  readonly #userText: (string | null)[];
  readonly #selected: (Sym | null)[];
  readonly #tri: Int8Array;
  readonly #visibility: Int8Array;
  readonly #text: (string | null)[];
  readonly #written: Uint8Array;
  readonly #dirty: Uint8Array;
  #dirtyItems: Item[] = [];
  #modulesBusy = false;
  readonly #deciding = new Set<Choice>();

  /** A configuration of defaults, or a copy of another. */
  constructor(source: Tree | Config) {
    if (source instanceof Config) {
      source.#settle();
      this.tree = source.tree;
      this.#userTri = source.#userTri.slice();
      this.#userText = source.#userText.slice();
      this.#selected = source.#selected.slice();
      this.#tri = source.#tri.slice();
      this.#visibility = source.#visibility.slice();
      this.#text = source.#text.slice();
      this.#written = source.#written.slice();
      this.#dirty = source.#dirty.slice();
      return;
    }
    const count = source.items.length;
    this.tree = source;
    this.#userTri = new Int8Array(count).fill(UNSET);
    this.#userText = new Array<string | null>(count).fill(null);
    this.#selected = new Array<Sym | null>(count).fill(null);
    this.#tri = new Int8Array(count).fill(UNSET);
    this.#visibility = new Int8Array(count).fill(UNSET);
    this.#text = new Array<string | null>(count).fill(null);
    this.#written = new Uint8Array(count);
    this.#dirty = new Uint8Array(count);
    this.#markAll();
  }

  /** An independent copy, as fast as copying arrays. */
  clone(): Config {
    return new Config(this);
  }

  /** The symbol of a name, or null when no Kconfig file defines it. */
  find(name: string): Sym | null {
    const sym = this.tree.symbols.get(name);
    return sym !== undefined && sym.nodes.length > 0 ? sym : null;
  }

  // What the user set

  /** The value that the user set (n, m, y as text), in force or not; null when there is none. */
  userValue(sym: Sym): string | null {
    const tri = this.#userTri[sym.id];
    return tri >= 0 ? TRI_TEXT[tri] : this.#userText[sym.id];
  }

  /** The mode that the user set for a choice. */
  userMode(choice: Choice): Tri | null {
    const tri = this.#userTri[choice.id];
    return tri >= 0 ? (tri as Tri) : null;
  }

  /** The member that the user picked last. */
  userSelection(choice: Choice): Sym | null {
    return this.#selected[choice.id];
  }

  /** Sets a user value. Only the type is checked here: a value may be set while it has no effect yet. */
  set(sym: Sym, value: string): SetResult {
    const problem = typeProblem(sym, value);
    if (problem !== null) return { ok: false, reason: problem };
    const tri = isLogical(sym.type) ? triOf(value) : null;
    if (sym.choice === null && this.userValue(sym) === value) return DONE;
    if (tri === null) this.#userText[sym.id] = value;
    else this.#userTri[sym.id] = tri;
    if (sym.choice !== null && tri === 2) {
      this.#selected[sym.choice.id] = sym;
      this.#mark(sym.choice);
    }
    this.#mark(sym);
    return DONE;
  }

  /** Removes a user value. The pick of a choice stays, as it belongs to the choice. */
  unset(sym: Sym): void {
    if (this.userValue(sym) === null) return;
    this.#userTri[sym.id] = UNSET;
    this.#userText[sym.id] = null;
    this.#mark(sym);
  }

  /** Sets the mode of a choice: y picks one member, m lets tristate members be m, n (if optional) switches it off. */
  setMode(choice: Choice, mode: Tri): SetResult {
    if (this.#userTri[choice.id] === mode) return DONE;
    if (!(choice.type === 'bool' && mode !== 1) && choice.type !== 'tristate') {
      return { ok: false, reason: `a ${choice.type} choice cannot be ${TRI_TEXT[mode]}` };
    }
    this.#userTri[choice.id] = mode;
    this.#mark(choice);
    return DONE;
  }

  /** Forgets mode and pick of a choice. */
  unsetChoice(choice: Choice): void {
    if (this.#userTri[choice.id] === UNSET && this.#selected[choice.id] === null) return;
    this.#userTri[choice.id] = UNSET;
    this.#selected[choice.id] = null;
    this.#mark(choice);
  }

  /** Forgets everything. */
  reset(): void {
    for (const sym of this.tree.defined) this.unset(sym);
    for (const choice of this.tree.choices) this.unsetChoice(choice);
  }

  /** All user values. */
  snapshot(): Snapshot {
    return takeSnapshot(this);
  }

  /** Goes back to a snapshot of the same tree; only what differs is evaluated again. */
  restore({ values, choices }: Snapshot): void {
    for (const sym of this.tree.defined) {
      const value = values.get(sym) ?? null;
      if (value === this.userValue(sym)) continue;
      const tri = value !== null && isLogical(sym.type) ? triOf(value) : null;
      this.#userTri[sym.id] = tri ?? UNSET;
      this.#userText[sym.id] = tri === null ? value : null;
      this.#mark(sym);
    }
    for (const choice of this.tree.choices) {
      const state = choices.get(choice);
      const mode = state?.mode ?? UNSET;
      const selection = state?.selection ?? null;
      if (mode === this.#userTri[choice.id] && selection === this.#selected[choice.id]) continue;
      this.#userTri[choice.id] = mode;
      this.#selected[choice.id] = selection;
      this.#mark(choice);
    }
  }

  // What follows

  /** The value as text: n, m, y for the logical types. An undefined symbol has its own name as its value. */
  value(sym: Sym): string {
    this.#settle();
    return this.#value(sym);
  }

  /** The value as n, m, y; n for symbols of other types. */
  tri(item: Item): Tri {
    this.#settle();
    return item.kind === 'choice' ? this.#mode(item) : this.#triOf(item);
  }

  /** The type in force: a tristate acts as a bool without MODULES and inside a choice in y mode. */
  type(item: Item): SymbolType {
    this.#settle();
    return this.#typeOf(item);
  }

  /** The upper limit for user values: 0 means that the prompt is not shown. */
  visibility(item: Item): Tri {
    this.#settle();
    return this.#visibilityOf(item);
  }

  /** True when the symbol appears in a written `.config`. */
  isWritten(sym: Sym): boolean {
    this.#settle();
    this.#value(sym);
    return this.#written[sym.id] === 1;
  }

  /** The member in force of a choice in y mode. */
  selection(choice: Choice): Sym | null {
    this.#settle();
    return this.#selection(choice);
  }

  /** The member that a choice would have without the user's pick. */
  defaultSelection(choice: Choice): Sym | null {
    this.#settle();
    return this.#defaultSelection(choice);
  }

  /** The value of a condition. */
  evaluate(expr: Expr): Tri {
    this.#settle();
    return this.#eval(expr);
  }

  /** The values that a user can give now; empty for other types than bool and tristate, and while hidden. */
  assignable(item: Item): readonly Tri[] {
    this.#settle();
    return assignableValues(this, item);
  }

  /** The range in force of an int or hex symbol. */
  activeRange(sym: Sym): ActiveRange | null {
    this.#settle();
    return this.#rangeOf(sym);
  }

  // Invalidation

  #markAll(): void {
    for (const item of this.tree.defined) this.#markOne(item);
    for (const item of this.tree.choices) this.#markOne(item);
  }

  #markOne(item: Item): boolean {
    if (this.#dirty[item.id] === 1) return false;
    this.#dirty[item.id] = 1;
    this.#tri[item.id] = UNSET;
    this.#visibility[item.id] = UNSET;
    this.#text[item.id] = null;
    this.#dirtyItems.push(item);
    return true;
  }

  #mark(start: Item): void {
    const stack: Item[] = [start];
    for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
      if (!this.#markOne(item)) continue;
      if (item === this.tree.modules) this.#markAll();
      for (const dependent of this.tree.dependents[item.id]) {
        if (this.#dirty[dependent.id] === 0) stack.push(dependent);
      }
    }
  }

  #settle(): void {
    if (this.#dirtyItems.length === 0) return;
    const { rank, modules } = this.tree;
    const items = this.#dirtyItems;
    this.#dirtyItems = [];
    items.sort((a, b) => rank[a.id] - rank[b.id]);
    this.#triOf(modules);
    for (const item of items) {
      this.#dirty[item.id] = 0;
      if (item.kind === 'symbol') this.#value(item);
      else this.#visibilityOf(item);
    }
  }

  // Evaluation

  #eval(expr: Expr): Tri {
    switch (expr.kind) {
      case 'symbol':
        return this.#triOf(expr);
      case 'choice':
        return this.#mode(expr);
      case 'and': {
        let least: Tri = 2;
        for (const arg of expr.args) {
          const value = this.#eval(arg);
          if (value === 0) return 0;
          if (value < least) least = value;
        }
        return least;
      }
      case 'or': {
        let most: Tri = 0;
        for (const arg of expr.args) {
          const value = this.#eval(arg);
          if (value === 2) return 2;
          if (value > most) most = value;
        }
        return most;
      }
      case 'not':
        return (2 - this.#eval(expr.arg)) as Tri;
      case 'relation':
        return relationHolds(expr.op, this.#compare(expr.left, expr.right)) ? 2 : 0;
    }
  }

  /** Numbers if both operands are, else text; two string symbols always compare as text. */
  #compare(left: Sym, right: Sym): number {
    if (left.type !== 'string' || right.type !== 'string') {
      const a = this.#number(left);
      const b = a === null ? null : this.#number(right);
      if (a !== null && b !== null) return a < b ? -1 : a > b ? 1 : 0;
    }
    return compareText(this.#value(left), this.#value(right));
  }

  #number(sym: Sym): bigint | null {
    if (isLogical(sym.type)) return BigInt(this.#triOf(sym));
    return parseInteger(this.#value(sym), sym.type === 'int' ? 10 : sym.type === 'hex' ? 16 : 0);
  }

  #modulesTri(): Tri {
    // MODULES itself cannot ask for its own value while it is computed; it counts as n then.
    if (this.#modulesBusy) return 0;
    this.#modulesBusy = true;
    const value = this.#triOf(this.tree.modules);
    this.#modulesBusy = false;
    return value;
  }

  #typeOf(item: Item): SymbolType {
    if (item.type !== 'tristate') return item.type;
    const yMode = item.kind === 'symbol' && item.choice !== null && this.#mode(item.choice) === 2;
    return yMode || this.#modulesTri() === 0 ? 'bool' : 'tristate';
  }

  #visibilityOf(item: Item): Tri {
    const cached = this.#visibility[item.id];
    if (cached >= 0) return cached as Tri;
    const visibility = this.#computeVisibility(item);
    this.#visibility[item.id] = visibility;
    return visibility;
  }

  #computeVisibility(item: Item): Tri {
    let visibility: Tri = 0;
    for (const { prompt } of item.nodes) {
      if (prompt === null) continue;
      const value = this.#eval(prompt.cond);
      if (value > visibility) visibility = value;
    }
    if (item.kind === 'symbol' && item.choice !== null) {
      const { choice } = item;
      if (choice.type === 'tristate' && item.type !== 'tristate' && this.#mode(choice) !== 2) return 0;
      if (item.type === 'tristate' && visibility === 1 && this.#mode(choice) === 2) return 0;
    }
    return visibility === 1 && this.#typeOf(item) !== 'tristate' ? 2 : visibility;
  }

  #triOf(sym: Sym): Tri {
    const cached = this.#tri[sym.id];
    if (cached >= 0) return cached as Tri;
    const value = isLogical(sym.type) ? (sym.constant ? (triOf(sym.name) ?? 0) : this.#computeTri(sym)) : 0;
    this.#tri[sym.id] = value;
    return value;
  }

  #computeTri(sym: Sym): Tri {
    const visibility = this.#visibilityOf(sym);
    const user = this.#userTri[sym.id];
    this.#written[sym.id] = visibility > 0 ? 1 : 0;
    if (sym.choice !== null) {
      if (visibility === 2) return this.#selection(sym.choice) === sym ? 2 : 0;
      return visibility > 0 && user > 0 ? 1 : 0;
    }
    let value: Tri = 0;
    if (visibility > 0 && user >= 0) value = Math.min(user, visibility) as Tri;
    else {
      for (const prop of sym.defaults) {
        const cond = this.#eval(prop.cond);
        if (cond === 0) continue;
        value = Math.min(this.#eval(prop.value), cond) as Tri;
        if (value > 0) this.#written[sym.id] = 1;
        break;
      }
      const implied = this.#eval(sym.weakRevDep);
      if (implied > 0 && this.#eval(sym.directDep) > 0) {
        value = Math.max(implied, value) as Tri;
        this.#written[sym.id] = 1;
      }
    }
    const selected = this.#eval(sym.revDep);
    if (selected > 0) {
      value = Math.max(selected, value) as Tri;
      this.#written[sym.id] = 1;
    }
    if (value === 1 && (this.#typeOf(sym) === 'bool' || this.#eval(sym.weakRevDep) === 2)) return 2;
    return value;
  }

  #value(sym: Sym): string {
    if (sym.type === 'unknown') return sym.name;
    if (isLogical(sym.type)) return TRI_TEXT[this.#triOf(sym)];
    const cached = this.#text[sym.id];
    if (cached !== null) return cached;
    this.#written[sym.id] = this.#visibilityOf(sym) > 0 ? 1 : 0;
    const value = sym.type === 'string' ? this.#stringValue(sym) : this.#numberValue(sym, sym.type);
    if (sym.envVar !== null || sym === this.tree.defconfigList) this.#written[sym.id] = 0;
    this.#text[sym.id] = value;
    return value;
  }

  #stringValue(sym: Sym): string {
    const user = this.#userText[sym.id];
    if (user !== null && this.#visibilityOf(sym) > 0) return user;
    return this.#defaultText(sym) ?? '';
  }

  /** The first default in force; it makes the symbol appear in written files. */
  #defaultText(sym: Sym): string | null {
    for (const prop of sym.defaults) {
      if (this.#eval(prop.cond) === 0) continue;
      this.#written[sym.id] = 1;
      return prop.value.kind === 'symbol' ? this.#value(prop.value) : '';
    }
    return null;
  }

  #numberValue(sym: Sym, type: 'int' | 'hex'): string {
    const base: Base = type === 'int' ? 10 : 16;
    const range = this.#rangeOf(sym);
    const user = this.#userText[sym.id];
    if (user !== null && this.#visibilityOf(sym) > 0) {
      const number = parseInteger(user, base) ?? 0n;
      if (range === null || (range.low <= number && number <= range.high)) return user;
    }
    const text = this.#defaultText(sym) ?? '';
    if (range === null) return text;
    const number = parseInteger(text, base) ?? 0n;
    const clamped = number < range.low ? range.low : number > range.high ? range.high : null;
    if (clamped === null) return text;
    return type === 'int' ? String(clamped) : hexText(clamped);
  }

  #rangeOf(sym: Sym): ActiveRange | null {
    if (sym.type !== 'int' && sym.type !== 'hex') return null;
    const base: Base = sym.type === 'int' ? 10 : 16;
    for (const { low, high, cond } of sym.ranges) {
      if (this.#eval(cond) === 0) continue;
      return {
        low: parseInteger(this.#value(low), base) ?? 0n,
        high: parseInteger(this.#value(high), base) ?? 0n,
      };
    }
    return null;
  }

  #mode(choice: Choice): Tri {
    const cached = this.#tri[choice.id];
    if (cached >= 0) return cached as Tri;
    const wanted = Math.max(choice.optional ? 0 : 1, this.#userTri[choice.id]);
    const mode = Math.min(wanted, this.#visibilityOf(choice)) as Tri;
    const value = mode === 1 && this.#typeOf(choice) === 'bool' ? 2 : mode;
    this.#tri[choice.id] = value;
    return value;
  }

  #selection(choice: Choice): Sym | null {
    if (this.#mode(choice) !== 2) return null;
    const picked = this.#selected[choice.id];
    if (picked !== null && this.#visibilityOf(picked) > 0) return picked;
    return this.#defaultSelection(choice);
  }

  #defaultSelection(choice: Choice): Sym | null {
    // A default that is not a member may depend on one: the choice is undecided while it is being decided.
    if (this.#deciding.has(choice)) return null;
    this.#deciding.add(choice);
    const active = choice.defaults.find(
      ({ value, cond }) => value.kind === 'symbol' && this.#eval(cond) > 0 && this.#visibilityOf(value) > 0,
    )?.value;
    const first = (): Sym | null => choice.members.find((sym) => this.#visibilityOf(sym) > 0) ?? null;
    const picked = active?.kind === 'symbol' ? active : first();
    this.#deciding.delete(choice);
    return picked;
  }
}
