/** Text on a terminal: cells, clipping, wrapping. */

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
// Control characters of a value must not reach the terminal.
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

/** The text with control characters made visible as dots. */
export function printable(text: string): string {
  return text.replace(CONTROL, '·');
}

/** Cells that a text takes. */
export function cells(text: string): number {
  let count = 0;
  for (const char of text) count += WIDE.test(char) ? 2 : 1;
  return count;
}

/** Exactly `width` cells: padded with blanks, or cut with an ellipsis. */
export function fit(text: string, width: number): string {
  const clean = printable(text);
  const size = cells(clean);
  if (size <= width) return clean + ' '.repeat(width - size);
  let out = '';
  let used = 0;
  for (const char of clean) {
    const next = used + cells(char);
    if (next > width - 1) break;
    out += char;
    used = next;
  }
  return width <= 0 ? '' : `${out}…${' '.repeat(Math.max(0, width - 1 - used))}`;
}

/** Lines of at most `width` cells, broken at blanks where possible, continued at the same indent. */
export function wrap(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => wrapLine(printable(line.replaceAll('\t', '    ')), Math.max(8, width)));
}

function wrapLine(line: string, width: number): string[] {
  if (cells(line) <= width) return [line];
  const indent = ' '.repeat(Math.min(/^ */.exec(line)?.[0].length ?? 0, width >> 1));
  const out: string[] = [];
  let at = indent;
  for (const word of line.trim().split(/ (?=\S)/)) {
    let rest = word;
    const joined = at.trim() === '' ? indent + rest : `${at} ${rest}`;
    if (cells(joined) <= width) {
      at = joined;
      continue;
    }
    if (at.trim() !== '') out.push(at);
    while (cells(indent + rest) > width) {
      const head = [...rest].slice(0, Math.max(1, (width - indent.length) >> (WIDE.test(rest) ? 1 : 0))).join('');
      out.push(indent + head);
      rest = rest.slice(head.length);
    }
    at = indent + rest;
  }
  if (at.trim() !== '') out.push(at);
  return out;
}
