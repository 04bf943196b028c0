/** Turns one joined line into tokens, expanding macros on the way. */
import type { RelationOp } from './model';
import type { Preprocessor } from './preprocess';
import { blanksFrom, isBlank, trim, trimStart } from './text';

const KEYWORDS = {
  '---help---': 'help',
  allnoconfig_y: 'allnoconfig_y',
  bool: 'bool',
  boolean: 'bool',
  choice: 'choice',
  comment: 'comment',
  config: 'config',
  def_bool: 'def_bool',
  def_hex: 'def_hex',
  def_int: 'def_int',
  def_string: 'def_string',
  def_tristate: 'def_tristate',
  default: 'default',
  defconfig_list: 'defconfig_list',
  depends: 'depends',
  endchoice: 'endchoice',
  endif: 'endif',
  endmenu: 'endmenu',
  env: 'env',
  grsource: 'orsource',
  gsource: 'osource',
  help: 'help',
  hex: 'hex',
  if: 'if',
  imply: 'imply',
  int: 'int',
  mainmenu: 'mainmenu',
  menu: 'menu',
  menuconfig: 'menuconfig',
  modules: 'modules',
  on: 'on',
  option: 'option',
  optional: 'optional',
  orsource: 'orsource',
  osource: 'osource',
  prompt: 'prompt',
  range: 'range',
  rsource: 'rsource',
  select: 'select',
  source: 'source',
  string: 'string',
  tristate: 'tristate',
  visible: 'visible',
} as const;

export type Keyword = (typeof KEYWORDS)[keyof typeof KEYWORDS];

/** `text` is a string that is meant as text (a prompt, a file), `name` a symbol, `constant` a quoted symbol. */
export type Token =
  | { readonly kind: 'keyword'; readonly word: Keyword }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'constant'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'op'; readonly op: '&&' | '||' | '!' | '(' | ')' }
  | { readonly kind: 'relation'; readonly op: RelationOp };

/** After these words a quoted (or bare) word is text, not a symbol. */
const TEXT_AFTER: ReadonlySet<Keyword> = new Set<Keyword>([
  'bool',
  'choice',
  'comment',
  'hex',
  'int',
  'mainmenu',
  'menu',
  'orsource',
  'osource',
  'prompt',
  'rsource',
  'source',
  'string',
  'tristate',
]);

const FIRST = /[ \t\n\r\f\v]*([A-Za-z0-9_$-]+)[ \t\n\r\f\v]*/y;
const WORD = /([A-Za-z0-9_$/.-]+)[ \t\n\r\f\v]*/y;
const NAME_END = /\$\(|[^A-Za-z0-9_$/.-]/g;
const STRING_SPECIAL = /\$\(|["'\\]/g;

const KEYWORD_OF: ReadonlyMap<string, Keyword> = new Map(Object.entries(KEYWORDS));

function keyword(word: string): Keyword | null {
  return KEYWORD_OF.get(word) ?? null;
}

/** What a line is: nothing, or a statement. */
export type Line = readonly Token[] | null;

/**
 * Tokens of a line, or null for a blank line, a comment, or an assignment (which is carried out).
 * @param styleWarning called for words that should be quoted
 */
export function tokenize(line: string, macros: Preprocessor, styleWarning: (message: string) => void): Line {
  const fail = (reason: string): never => macros.fail(`couldn't parse '${trim(line)}': ${reason}`);
  FIRST.lastIndex = 0;
  const first = FIRST.exec(line);
  if (first === null) {
    if (isBlank(line) || trimStart(line).startsWith('#')) return null;
    return fail('unknown token at start of line');
  }
  const word = keyword(first[1]);
  if (word === null) {
    if (line.replace(/^[ \t\n-]+|[ \t\n-]+$/g, '') === 'help') return [{ kind: 'keyword', word: 'help' }];
    macros.assignment(line);
    return null;
  }
  const tokens: Token[] = [{ kind: 'keyword', word }];
  const plain = !line.includes('$') && !line.includes('\\');
  let at = FIRST.lastIndex;
  while (at < line.length) {
    const previous = tokens[tokens.length - 1];
    const wantsText = previous.kind === 'keyword' && TEXT_AFTER.has(previous.word);
    WORD.lastIndex = at;
    const match = WORD.exec(line);
    if (match !== null) {
      const next = keyword(match[1]);
      at = WORD.lastIndex;
      if (next !== null) tokens.push({ kind: 'keyword', word: next });
      else if (wantsText) {
        if (previous.word !== 'choice') styleWarning(`quotes recommended around '${match[1]}' in '${trim(line)}'`);
        tokens.push({ kind: 'text', text: match[1] });
      } else if (match[1].includes('$')) {
        const [name, end] = expandName(line, match.index, macros);
        if (trim(name) === '') fail('macro expanded to blank string');
        at = blanksFrom(line, end);
        tokens.push({ kind: 'name', name });
      } else tokens.push({ kind: 'name', name: match[1] });
      continue;
    }
    const char = line[at];
    if (char === '"' || char === "'") {
      const [text, end] = plain ? plainString(line, at) : expandString(line, at, macros);
      if (end < 0) fail('unterminated string');
      tokens.push(wantsText || word === 'option' ? { kind: 'text', text } : { kind: 'constant', name: text });
      at = blanksFrom(line, end);
      continue;
    }
    if (char === '#') break;
    const operator = operatorAt(line, at);
    if (operator === null) return fail('unknown tokens in line');
    tokens.push(operator);
    at = blanksFrom(line, at + operator.op.length);
  }
  return tokens;
}

function operatorAt(line: string, at: number): Extract<Token, { op: string }> | null {
  const two = line.slice(at, at + 2);
  switch (two) {
    case '&&':
    case '||':
      return { kind: 'op', op: two };
    case '!=':
    case '<=':
    case '>=':
      return { kind: 'relation', op: two };
  }
  const one = line[at];
  switch (one) {
    case '=':
    case '<':
    case '>':
      return { kind: 'relation', op: one };
    case '!':
    case '(':
    case ')':
      return { kind: 'op', op: one };
    default:
      return null;
  }
}

/** A name with macros in it; what a macro yields is part of the name as it is. */
function expandName(line: string, from: number, macros: Preprocessor): [name: string, end: number] {
  let name = '';
  let at = from;
  for (;;) {
    NAME_END.lastIndex = at;
    const match = NAME_END.exec(line);
    if (match === null) return [name + line.slice(at), line.length];
    name += line.slice(at, match.index);
    if (match[0] !== '$(') return [name, match.index];
    const [value, next] = macros.macro(line, match.index, []);
    name += value;
    at = next;
  }
}

/** A string on a line without `$` and `\`; `end` is -1 when it does not end. */
function plainString(line: string, from: number): [text: string, end: number] {
  const end = line.indexOf(line[from], from + 1);
  return end < 0 ? ['', -1] : [line.slice(from + 1, end), end + 1];
}

/** A string with escapes and macros; `\$(x)` is not a macro. */
function expandString(line: string, from: number, macros: Preprocessor): [text: string, end: number] {
  const quote = line[from];
  let text = '';
  let at = from + 1;
  let search = at;
  for (;;) {
    STRING_SPECIAL.lastIndex = search;
    const match = STRING_SPECIAL.exec(line);
    if (match === null) return ['', -1];
    const { index } = match;
    if (match[0] === quote) return [macros.environmentIn(text + line.slice(at, index)), index + 1];
    if (match[0] === '\\') {
      text += line.slice(at, index);
      at = index + 1;
      search = index + 2;
    } else if (match[0] === '$(') {
      const [value, next] = macros.macro(line, index, []);
      text += line.slice(at, index) + value;
      at = search = next;
    } else search = index + 1;
  }
}
