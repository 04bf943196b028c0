/**
 * The shape of a tree after parsing: symbols, choices, menu nodes, and expressions over them. Everything here is fixed once
 * the tree is built; what a user sets and what follows from it lives in `Config`.
 */
import type { Location, KconfigWarning } from './errors';
import type { RealSpec } from './real';

/** A tristate value: n, m, y. */
export type Tri = 0 | 1 | 2;

/** The declared type of a symbol; `unknown` for a name that is used but never given a type. */
export type SymbolType = 'unknown' | 'bool' | 'tristate' | 'int' | 'hex' | 'string';

export type RelationOp = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** A condition. Symbols and choices are expressions themselves, so identity comparisons are meaningful. */
export type Expr =
  | Sym
  | Choice
  | { readonly kind: 'and'; readonly args: readonly Expr[] }
  | { readonly kind: 'or'; readonly args: readonly Expr[] }
  | { readonly kind: 'not'; readonly arg: Expr }
  | { readonly kind: 'relation'; readonly op: RelationOp; readonly left: Sym; readonly right: Sym };

/** `own` is the condition as written; `cond` adds what the enclosing blocks demand. */
interface Conditional {
  readonly cond: Expr;
  readonly own: Expr;
}

export interface Prompt extends Conditional {
  readonly text: string;
}

export interface DefaultProp extends Conditional {
  readonly value: Expr;
  readonly location: Location;
}

export interface SelectProp extends Conditional {
  readonly target: Sym;
}

export interface RangeProp extends Conditional {
  readonly low: Sym;
  readonly high: Sym;
}

/** A configuration symbol, a constant, or an undefined name (then `nodes` is empty). */
export interface Sym {
  readonly kind: 'symbol';
  readonly id: number;
  readonly name: string;
  readonly constant: boolean;
  type: SymbolType;
  /** Definition places in source order. */
  readonly nodes: SymbolNode[];
  readonly defaults: DefaultProp[];
  readonly ranges: RangeProp[];
  readonly selects: SelectProp[];
  readonly implies: SelectProp[];
  /** OR of the dependencies of all definitions. */
  directDep: Expr;
  /** Conditions under which another symbol selects (or implies) this one. */
  revDep: Expr;
  weakRevDep: Expr;
  choice: Choice | null;
  /** Set by `option env=`: the value comes from the environment and is never written. */
  envVar: string | null;
  allnoconfigY: boolean;
  /** The checked range of a real-valued symbol (a `string` with a `@real` line in its help). */
  real: RealSpec | null;
}

/** A choice; a named one may have several definition places. */
export interface Choice {
  readonly kind: 'choice';
  readonly id: number;
  readonly name: string | null;
  type: SymbolType;
  optional: boolean;
  readonly nodes: ChoiceNode[];
  readonly defaults: DefaultProp[];
  readonly members: Sym[];
  directDep: Expr;
}

export type Item = Sym | Choice;

interface NodeBase {
  readonly location: Location;
  parent: MenuNode | null;
  children: MenuNode[];
  prompt: Prompt | null;
  /** What must hold for this node, with the enclosing blocks. */
  dep: Expr;
  /** `depends on` (or the `if` condition) as written here. */
  ownDep: Expr;
  help: string | null;
  isMenuconfig: boolean;
  defaults: DefaultProp[];
  ranges: RangeProp[];
  selects: SelectProp[];
  implies: SelectProp[];
}

export interface SymbolNode extends NodeBase {
  readonly kind: 'symbol';
  readonly item: Sym;
}
export interface ChoiceNode extends NodeBase {
  readonly kind: 'choice';
  readonly item: Choice;
}
export interface MenuBlock extends NodeBase {
  readonly kind: 'menu';
  /** `visible if`. */
  visibleIf: Expr;
}
export interface CommentNode extends NodeBase {
  readonly kind: 'comment';
}
/** Only while parsing: the finished tree has none. */
export interface IfNode extends NodeBase {
  readonly kind: 'if';
}
export type MenuNode = SymbolNode | ChoiceNode | MenuBlock | CommentNode | IfNode;

/** A preprocessor variable, kept for lint and for an about page. */
export interface MacroInfo {
  readonly name: string;
  readonly value: string;
  readonly recursive: boolean;
}

/** A parsed, finalised tree. */
export interface Tree {
  readonly root: MenuBlock;
  /** Names that appear without quotes, defined or not. */
  readonly symbols: ReadonlyMap<string, Sym>;
  /** Defined symbols in order of their first definition. */
  readonly defined: readonly Sym[];
  readonly choices: readonly Choice[];
  readonly namedChoices: ReadonlyMap<string, Choice>;
  readonly menus: readonly MenuBlock[];
  readonly comments: readonly CommentNode[];
  /** All symbols (with constants and undefined names) and choices by id. */
  readonly items: readonly Item[];
  /** For each id the items whose value may change with it. */
  readonly dependents: readonly (readonly Item[])[];
  /** For each id its place in an order in which everything comes after what it depends on. */
  readonly rank: Int32Array;
  readonly no: Sym;
  readonly mod: Sym;
  readonly yes: Sym;
  readonly modules: Sym;
  readonly defconfigList: Sym | null;
  /** `CONFIG_` unless the environment says otherwise. */
  readonly prefix: string;
  /** Text at the top of written files. */
  readonly header: string;
  readonly files: readonly string[];
  readonly macros: ReadonlyMap<string, MacroInfo>;
  /** Environment variables that macros read, with the value seen. */
  readonly envUsed: ReadonlyMap<string, string>;
  /** Every name that was looked up as `$(NAME)`, with the first place. */
  readonly macroUses: ReadonlyMap<string, Location>;
  readonly warnings: readonly KconfigWarning[];
}

/** True for the two logical types. */
export function isLogical(type: SymbolType): type is 'bool' | 'tristate' {
  return type === 'bool' || type === 'tristate';
}

export const TRI_TEXT = ['n', 'm', 'y'] as const;

/** `n`, `m`, `y` as numbers; null for anything else. */
export function triOf(text: string): Tri | null {
  return text === 'n' ? 0 : text === 'm' ? 1 : text === 'y' ? 2 : null;
}
