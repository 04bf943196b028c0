/**
 * Real-valued symbols. Kconfig has no type for 0.1 or 3e-4, so such options are `string` symbols; a line in the help text makes
 * them checked numbers while the tree stays plain Kconfig for every other tool:
 *
 *     config LEARNING_RATE
 *         string "Peak learning rate"
 *         default "3e-4"
 *         help
 *           Step size after warm-up.
 *           @real (0, 1] 1/step
 *
 * `@real [low, high] unit`: brackets include a bound, parentheses exclude it; a bound may be `-inf` or `inf`; the unit is
 * optional. `@real low..high unit` is the same with both bounds included. `@unit tokens` gives an int or hex symbol a unit.
 * A `@real` line that cannot be read is reported as a warning of the tree.
 */
import type { Sym } from './model';

/** The checked range of a real-valued symbol. */
export interface RealSpec {
  readonly low: number;
  readonly high: number;
  readonly lowOpen: boolean;
  readonly highOpen: boolean;
  readonly unit: string | null;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Reads a finite decimal number, or null. */
export function parseReal(text: string): number | null {
  if (text.length > 64 || !NUMBER.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

function parseBound(text: string): number | null {
  if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return parseReal(text);
}

const TAG = /^[ \t]*@real\b[ \t]*(.*)$/m;
const INTERVAL = /^([[(])\s*([^\s,]+)\s*,\s*([^\s,\])]+)\s*([\])])[ \t]*(.*)$/;
const DOTS = /^(\S+?)\.\.(\S+)[ \t]*(.*)$/;

/** The annotation in a help text: a range, null when there is none, or the text of an unreadable one. */
export function parseRealTag(help: string): RealSpec | null | { readonly bad: string } {
  if (!help.includes('@real')) return null;
  const tag = TAG.exec(help);
  if (tag === null) return null;
  const body = tag[1].trim();
  const interval = INTERVAL.exec(body);
  const dots = interval === null ? DOTS.exec(body) : null;
  const low = parseBound(interval?.[2] ?? dots?.[1] ?? '');
  const high = parseBound(interval?.[3] ?? dots?.[2] ?? '');
  const unit = (interval?.[5] ?? dots?.[3] ?? '').trim();
  if (low === null || high === null || low > high) return { bad: body };
  return {
    low,
    high,
    lowOpen: interval?.[1] === '(',
    highOpen: interval?.[4] === ')',
    unit: unit === '' ? null : unit,
  };
}

/** The help text without the machine-readable lines. */
export function plainHelp(help: string): string {
  return help
    .split('\n')
    .filter((line) => !/^[ \t]*@(?:real|unit)\b/.test(line))
    .join('\n')
    .trimEnd();
}

/** The range as mathematics writes it: `(0, 1]`. */
export function realRangeText(spec: RealSpec): string {
  const bound = (value: number): string => (Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf');
  return `${spec.lowOpen ? '(' : '['}${bound(spec.low)}, ${bound(spec.high)}${spec.highOpen ? ')' : ']'}`;
}

/** Why a text is no value for this range, or null when it is one. */
export function realProblem(spec: RealSpec, text: string): string | null {
  const value = parseReal(text);
  if (value === null) return `'${text}' is not a number`;
  const low = spec.lowOpen ? value > spec.low : value >= spec.low;
  const high = spec.highOpen ? value < spec.high : value <= spec.high;
  return low && high ? null : `${text} is outside the range ${realRangeText(spec)}`;
}

/** The unit of a symbol, from `@real`, from `@unit`, or from a parenthesis at the end of its prompt. */
export function unitOf(sym: Sym): string | null {
  if (sym.real?.unit) return sym.real.unit;
  for (const node of sym.nodes) {
    const tag = node.help === null ? null : /^[ \t]*@unit[ \t]+(\S.*)$/m.exec(node.help);
    if (tag !== null) return tag[1].trim();
  }
  for (const node of sym.nodes) {
    const paren = node.prompt === null ? null : /\(([^()]+)\)$/.exec(node.prompt.text);
    if (paren !== null && (sym.type === 'int' || sym.type === 'hex' || sym.real !== null)) return paren[1];
  }
  return null;
}
