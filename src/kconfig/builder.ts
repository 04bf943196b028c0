/** Creates symbols, choices and menu nodes while a tree is parsed, and keeps the tables that they end up in. */
import type { KconfigWarning, Location, WarningCode } from './errors';
import type {
  Choice,
  ChoiceNode,
  CommentNode,
  Expr,
  IfNode,
  Item,
  MenuBlock,
  Sym,
  SymbolNode,
  SymbolType,
} from './model';

/** The growing tree. */
export class Builder {
  readonly items: Item[] = [];
  readonly symbols = new Map<string, Sym>();
  readonly constants = new Map<string, Sym>();
  readonly namedChoices = new Map<string, Choice>();
  readonly choices = new Set<Choice>();
  readonly defined = new Set<Sym>();
  readonly menus: MenuBlock[] = [];
  readonly comments: CommentNode[] = [];
  readonly warnings: KconfigWarning[] = [];
  readonly no: Sym;
  readonly mod: Sym;
  readonly yes: Sym;
  readonly modules: Sym;
  readonly root: MenuBlock;
  defconfigList: Sym | null = null;

  /** @param location the first line of the top file */
  constructor(location: Location) {
    this.no = this.constant('n');
    this.mod = this.constant('m');
    this.yes = this.constant('y');
    for (const sym of [this.no, this.mod, this.yes]) {
      sym.type = 'tristate';
      sym.directDep = sym.revDep = sym.weakRevDep = this.no;
    }
    this.modules = this.symbol('MODULES');
    this.root = this.menu(location, 'Main menu');
    this.menus.pop();
  }

  /** The symbol of an unquoted name; n, m and y are constants. */
  symbol(name: string): Sym {
    if (name === 'n' || name === 'm' || name === 'y') return this.constant(name);
    return this.#lookup(this.symbols, name, false);
  }

  /** The constant symbol of a quoted text. */
  constant(name: string): Sym {
    return this.#lookup(this.constants, name, true);
  }

  /** A choice; a name that is known gives the same choice again. */
  choice(name: string | null): Choice {
    const known = name === null ? undefined : this.namedChoices.get(name);
    if (known !== undefined) return known;
    const choice: Choice = {
      kind: 'choice',
      id: this.items.length,
      name,
      type: 'unknown',
      optional: false,
      nodes: [],
      defaults: [],
      members: [],
      directDep: this.no,
    };
    this.items.push(choice);
    this.choices.add(choice);
    if (name !== null) this.namedChoices.set(name, choice);
    return choice;
  }

  symbolNode(item: Sym, location: Location, isMenuconfig: boolean): SymbolNode {
    const node: SymbolNode = { kind: 'symbol', item, ...this.#base(location), isMenuconfig };
    item.nodes.push(node);
    this.defined.add(item);
    return node;
  }

  choiceNode(item: Choice, location: Location): ChoiceNode {
    const node: ChoiceNode = { kind: 'choice', item, ...this.#base(location), isMenuconfig: true };
    item.nodes.push(node);
    return node;
  }

  menu(location: Location, title: string): MenuBlock {
    const node: MenuBlock = {
      kind: 'menu',
      ...this.#base(location),
      prompt: { text: title, cond: this.yes, own: this.yes },
      isMenuconfig: true,
      visibleIf: this.yes,
    };
    this.menus.push(node);
    return node;
  }

  comment(location: Location, text: string): CommentNode {
    const prompt = { text, cond: this.yes, own: this.yes };
    const node: CommentNode = { kind: 'comment', ...this.#base(location), prompt };
    this.comments.push(node);
    return node;
  }

  ifNode(location: Location, dep: Expr): IfNode {
    return { kind: 'if', ...this.#base(location), dep, ownDep: dep };
  }

  warn(code: WarningCode, message: string, location: Location): void {
    this.warnings.push({ code, message, location });
  }

  /** Gives a symbol or choice its type; a second, different type wins with a warning. */
  setType(item: Item, type: SymbolType, location: Location): void {
    if (item.type !== 'unknown' && item.type !== type) {
      this.warn('type', `${itemName(item)} defined with multiple types, ${type} will be used`, location);
    }
    item.type = type;
  }

  #lookup(table: Map<string, Sym>, name: string, constant: boolean): Sym {
    const known = table.get(name);
    if (known !== undefined) return known;
    const sym: Sym = {
      kind: 'symbol',
      id: this.items.length,
      name,
      constant,
      type: 'unknown',
      nodes: [],
      defaults: [],
      ranges: [],
      selects: [],
      implies: [],
      directDep: this.no,
      revDep: this.no,
      weakRevDep: this.no,
      choice: null,
      envVar: null,
      allnoconfigY: false,
      real: null,
    };
    this.items.push(sym);
    table.set(name, sym);
    return sym;
  }

  #base(location: Location) {
    return {
      location,
      parent: null,
      children: [],
      prompt: null,
      dep: this.yes,
      ownDep: this.yes,
      help: null,
      isMenuconfig: false,
      defaults: [],
      ranges: [],
      selects: [],
      implies: [],
    };
  }
}

/** A symbol's or choice's name for messages. */
export function itemName(item: Item): string {
  if (item.kind === 'symbol') return item.name;
  return item.name === null ? 'choice' : `choice ${item.name}`;
}
