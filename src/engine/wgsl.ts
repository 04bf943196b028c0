/**
 * The WGSL template language of `shaders/`.
 *
 * Register tiles need unrolled code with named accumulators (a runtime component index halves the speed on software
 * adapters), so kernels are real `.wgsl` files with a few directives, each alone on a line:
 *
 *     //#for I in 0..TM     ... //#end        repeats the body with ${I} = 0 .. TM-1 (half open; bounds are expressions)
 *     //#if EXPR ... //#elif EXPR ... //#else ... //#end
 *     //#let NAME = EXPR                      defines a value for the rest of the enclosing block
 *     ${EXPR}                                 replaced by the value of the expression, anywhere in a line
 *
 * EXPR knows integers, names, strings in single quotes, + - * / % (integer division), == != < <= > >=, && || !, ?: and
 * parentheses. It is parsed here and never evaluated as JavaScript: the page's Content-Security-Policy forbids eval.
 */
export type TemplateValue = number | string;
export type TemplateEnv = Readonly<Record<string, TemplateValue>>;

export class TemplateError extends Error {
  override name = 'TemplateError';
}

const TOKEN = /\s*(?:(\d+)|([A-Za-z_][A-Za-z0-9_]*)|'([^']*)'|(==|!=|<=|>=|&&|\|\||[-+*/%<>!?:()]))/y;

type Token = { kind: 'num' | 'name' | 'str' | 'op'; text: string };

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  const end = source.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (!match) throw new TemplateError(`cannot read expression "${source}" at column ${at + 1}`);
    if (match[1] !== undefined) tokens.push({ kind: 'num', text: match[1] });
    else if (match[2] !== undefined) tokens.push({ kind: 'name', text: match[2] });
    else if (match[3] !== undefined) tokens.push({ kind: 'str', text: match[3] });
    else tokens.push({ kind: 'op', text: match[4] ?? '' });
  }
  return tokens;
}

const PRECEDENCE: Record<string, number> = {
  '||': 1, '&&': 2, '==': 3, '!=': 3, '<': 4, '<=': 4, '>': 4, '>=': 4, '+': 5, '-': 5, '*': 6, '/': 6, '%': 6,
}; // prettier-ignore

function apply(op: string, a: TemplateValue, b: TemplateValue): TemplateValue {
  if (op === '==') return a === b ? 1 : 0;
  if (op === '!=') return a === b ? 0 : 1;
  if (op === '+' && (typeof a === 'string' || typeof b === 'string')) return `${a}${b}`;
  const x = Number(a);
  const y = Number(b);
  switch (op) {
    case '+': return x + y;
    case '-': return x - y;
    case '*': return x * y;
    case '/': return Math.trunc(x / y);
    case '%': return x % y;
    case '<': return x < y ? 1 : 0;
    case '<=': return x <= y ? 1 : 0;
    case '>': return x > y ? 1 : 0;
    case '>=': return x >= y ? 1 : 0;
    case '&&': return x && y ? 1 : 0;
    case '||': return x || y ? 1 : 0;
    default: throw new TemplateError(`unknown operator ${op}`);
  }
} // prettier-ignore

/** Evaluates one template expression. Throws TemplateError with the expression on a syntax error or unknown name. */
export function evaluate(source: string, env: TemplateEnv): TemplateValue {
  const tokens = tokenize(source);
  let pos = 0;
  const fail = (what: string): never => {
    throw new TemplateError(`${what} in template expression "${source}"`);
  };
  const eat = (text: string): void => {
    if (tokens[pos]?.text !== text) fail(`expected "${text}"`);
    pos++;
  };
  function primary(): TemplateValue {
    const token = tokens[pos++];
    if (!token) return fail('unexpected end');
    if (token.kind === 'num') return Number(token.text);
    if (token.kind === 'str') return token.text;
    if (token.kind === 'name') {
      const value = env[token.text];
      return value === undefined ? fail(`unknown name ${token.text}`) : value;
    }
    if (token.text === '(') {
      const value = ternary();
      eat(')');
      return value;
    }
    if (token.text === '-') return -Number(primary());
    if (token.text === '!') return Number(primary()) ? 0 : 1;
    return fail(`unexpected "${token.text}"`);
  }
  function binary(min: number): TemplateValue {
    let left = primary();
    for (;;) {
      const token = tokens[pos];
      const precedence = token?.kind === 'op' ? PRECEDENCE[token.text] : undefined;
      if (token === undefined || precedence === undefined || precedence < min) return left;
      pos++;
      left = apply(token.text, left, binary(precedence + 1));
    }
  }
  function ternary(): TemplateValue {
    const condition = binary(1);
    if (tokens[pos]?.text !== '?') return condition;
    pos++;
    const yes = ternary();
    eat(':');
    const no = ternary();
    return Number(condition) ? yes : no;
  }
  const value = ternary();
  if (pos < tokens.length) fail(`unexpected "${tokens[pos]?.text ?? ''}"`);
  return value;
}

type Block =
  | { kind: 'line'; text: string }
  | { kind: 'let'; name: string; expr: string }
  | { kind: 'for'; name: string; from: string; to: string; body: Block[] }
  | { kind: 'if'; arms: { condition: string; body: Block[] }[] };

function parse(source: string): Block[] {
  const lines = source.split('\n');
  let at = 0;
  const fail = (what: string): never => {
    throw new TemplateError(`line ${at}: ${what}`);
  };
  function block(nested: boolean): { body: Block[]; closer: string } {
    const body: Block[] = [];
    while (at < lines.length) {
      const text = lines[at++] ?? '';
      const directive = /^\s*\/\/#(\w+)\s*(.*)$/.exec(text);
      if (!directive) {
        body.push({ kind: 'line', text });
        continue;
      }
      const [, word = '', rest = ''] = directive;
      if (word === 'for') {
        const match = /^(\w+)\s+in\s+(.+?)\.\.(.+)$/.exec(rest) ?? fail('expected "//#for NAME in A..B"');
        const inner = block(true);
        if (inner.closer !== 'end') fail('a //#for block must close with //#end');
        body.push({ kind: 'for', name: match[1] ?? '', from: match[2] ?? '', to: match[3] ?? '', body: inner.body });
      } else if (word === 'if') {
        const arms: { condition: string; body: Block[] }[] = [];
        let condition = rest;
        for (;;) {
          const inner = block(true);
          arms.push({ condition, body: inner.body });
          if (inner.closer === 'end') break;
          condition = inner.closer === 'else' ? '1' : inner.closer.slice('elif '.length);
        }
        body.push({ kind: 'if', arms });
      } else if (word === 'let') {
        const match = /^(\w+)\s*=\s*(.+)$/.exec(rest) ?? fail('expected "//#let NAME = EXPR"');
        body.push({ kind: 'let', name: match[1] ?? '', expr: match[2] ?? '' });
      } else if (word === 'end' || word === 'else' || word === 'elif') {
        if (!nested) fail(`//#${word} without an open block`);
        return { body, closer: word === 'elif' ? `elif ${rest}` : word };
      } else fail(`unknown directive //#${word}`);
    }
    if (nested) fail('missing //#end');
    return { body, closer: '' };
  }
  return block(false).body;
}

function expand(blocks: readonly Block[], env: Record<string, TemplateValue>, out: string[]): void {
  for (const block of blocks) {
    switch (block.kind) {
      case 'line':
        out.push(block.text.replace(/\$\{([^}]*)\}/g, (_, expr: string) => String(evaluate(expr, env))));
        break;
      case 'let':
        env[block.name] = evaluate(block.expr, env);
        break;
      case 'for': {
        const to = Number(evaluate(block.to, env));
        for (let i = Number(evaluate(block.from, env)); i < to; i++)
          expand(block.body, { ...env, [block.name]: i }, out);
        break;
      }
      case 'if': {
        const arm = block.arms.find((candidate) => Number(evaluate(candidate.condition, env)));
        if (arm) expand(arm.body, { ...env }, out);
        break;
      }
    }
  }
}

/** Expands a `.wgsl` template. Throws TemplateError naming the line or the expression that is wrong. */
export function expandTemplate(source: string, env: TemplateEnv): string {
  const out: string[] = [];
  expand(parse(source), { ...env }, out);
  return out.join('\n');
}
