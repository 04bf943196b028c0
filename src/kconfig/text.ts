/**
 * Text rules shared by the lexer, the evaluator and the `.config` reader: what counts as a blank, how numbers are
 * read in each base, how strings are ordered and quoted. They follow the reference implementation exactly, which is why
 * a few of them look fussy (underscores in numbers, the digit limit, tab stops).
 */

/** Blanks above ASCII: those of Unicode, with the separators of old and without the byte-order mark. */
const WIDE_BLANK = /^[\s\x85]$/;

/** True for the code of a character that separates tokens. */
function isSpaceCode(code: number): boolean {
  if (code === 0x20) return true;
  if (code < 0x80) return (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  return code !== 0xfeff && WIDE_BLANK.test(String.fromCharCode(code));
}

/** True for a non-empty string of blanks only. */
export function isBlank(text: string): boolean {
  return text.length > 0 && blanksFrom(text, 0) === text.length;
}

/** The index of the first character at or after `from` that is no blank. */
export function blanksFrom(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpaceCode(text.charCodeAt(at))) at++;
  return at;
}

/** Removes blanks at the end. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isSpaceCode(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Removes blanks at the start. */
export function trimStart(text: string): string {
  return text.slice(blanksFrom(text, 0));
}

/** Removes blanks on both sides. */
export function trim(text: string): string {
  return trimStart(trimEnd(text));
}

/** Orders strings by code point, as `strcmp` on UTF-8 does; JavaScript's own order differs above U+FFFF. */
export function compareText(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xHigh = x >= 0xd800 && x <= 0xdfff;
    const yHigh = y >= 0xd800 && y <= 0xdfff;
    if (xHigh !== yHigh) return xHigh ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

/** A base: 0 means that a prefix (`0x`, `0o`, `0b`) decides, as for operands of comparisons. */
export type Base = 0 | 10 | 16;

const DECIMAL = /^\d+(?:_\d+)*$/;
const HEX = /^(?:0[xX]_?)?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*$/;
const ANY = /^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?\d)*|0(?:_?0)*)$/;
/** Decimal numbers longer than this are not numbers: the reference refuses them, and reading them is quadratic. */
const MAX_DECIMAL_DIGITS = 4300;

/** Reads an integer of any size, or null when the text is not one in this base. */
export function parseInteger(text: string, base: Base): bigint | null {
  let body = trim(text);
  const negative = body.startsWith('-');
  if (negative || body.startsWith('+')) body = body.slice(1);
  const pattern = base === 10 ? DECIMAL : base === 16 ? HEX : ANY;
  if (!pattern.test(body)) return null;
  let digits = body.includes('_') ? body.replaceAll('_', '') : body;
  const prefixed = /^0[xXoObB]/.test(digits) && (base === 0 || (base === 16 && /^0[xX]/.test(digits)));
  if (base === 16 && !prefixed) digits = `0x${digits}`;
  if (base !== 16 && !prefixed && digits.length > MAX_DECIMAL_DIGITS) return null;
  const value = BigInt(digits);
  return negative ? -value : value;
}

/** A number as hexadecimal text with its prefix. */
export function hexText(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** Replaces tabs by blanks up to the next multiple of eight columns. */
export function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  // Lines have no newline inside; columns count code points.
  const [first, ...rest] = line.split('\t');
  let out = first;
  let column = columns(first);
  for (const part of rest) {
    const width = 8 - (column % 8);
    out += ' '.repeat(width) + part;
    column += width + columns(part);
  }
  return out;
}

function columns(text: string): number {
  return /^[\x00-\x7f]*$/.test(text) ? text.length : [...text].length;
}

/** Escapes a value for a double-quoted string. */
export function escapeString(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}

/** Undoes the escapes of a double-quoted string. */
export function unescapeString(text: string): string {
  return text.replace(/\\([^\n])/g, '$1');
}

/** Splits text into lines that keep their newline; `\r\n` and `\r` count as newlines, a byte-order mark is dropped. */
export function splitLines(text: string): string[] {
  const clean = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const unix = clean.includes('\r') ? clean.replace(/\r\n?/g, '\n') : clean;
  const lines: string[] = [];
  let start = 0;
  while (start < unix.length) {
    const newline = unix.indexOf('\n', start);
    const end = newline < 0 ? unix.length : newline + 1;
    lines.push(unix.slice(start, end));
    start = end;
  }
  return lines;
}
