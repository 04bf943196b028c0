/** Draws a state as lines of a terminal, each exactly as wide as asked. */
import { isChangeable, rowText, rangeText, realRangeText, unitOf } from '@/kconfig';
import type { MenuNode, Sym } from '@/kconfig';
import { frameOf, rowsOf, type Mode, type State } from './core';
import { cells, fit, wrap } from './wrap';

/** Lines that are not the list: title, path, two rules, details, message, two lines of keys. */
export const CHROME = 8;

const style =
  (on: string, off: string) =>
  (text: string): string =>
    `\x1b[${on}m${text}\x1b[${off}m`;
const inverse = style('7', '27');
const bold = style('1', '22');
const dim = style('2', '22');
const red = style('31', '39');
const yellow = style('33', '39');

const KEYS: Readonly<Record<Mode['kind'], readonly [string, string]>> = {
  menu: [
    ' Enter open/edit   Space toggle   y/n/m set   Esc back   u/U undo/redo   s save',
    ' / search   ? help   w why blocked   z show all   arrows or jk move   q quit',
  ],
  edit: [' Enter take the value   Esc leave it as it was', ' Ctrl-U clears   Home/End   arrows move'],
  search: [' Type words or patterns: all must match   up/down choose', ' Enter jump   Esc back'],
  page: [' up/down or jk scroll   PgUp/PgDn   Esc back', ''],
  quit: [' y save and quit   n quit without saving   Esc stay', ''],
};

/** The lines of the screen. */
export function render(state: State, width: number, height: number): string[] {
  if (width < 24 || height < CHROME + 1)
    return Array.from({ length: height }, (_, i) => fit(i === 0 ? 'terminal too small' : '', width));
  const { mode } = state;
  const room = height - CHROME;
  const list = body(state, width, room);
  const lines = [
    title(state, width),
    heading(state, width),
    dim('─'.repeat(width)),
    ...list.lines,
    dim(rule(list, room, width)),
    dim(fit(details(state), width)),
    note(state, width),
    dim(fit(KEYS[mode.kind][0], width)),
    dim(fit(KEYS[mode.kind][1], width)),
  ];
  return mode.kind === 'edit' || mode.kind === 'quit' ? withBox(lines, box(state, mode, width), width, room) : lines;
}

function title({ config, file, dirty, saved }: State, width: number): string {
  const left = ` ${config.tree.root.prompt?.text ?? 'Configuration'}`;
  const right = `${file}${saved === null ? ' (new)' : dirty ? ' (changed)' : ''} `;
  const gap = width - cells(left) - cells(right);
  return inverse(fit(gap > 0 ? left + ' '.repeat(gap) + right : left, width));
}

function heading({ mode, frames, showAll }: State, width: number): string {
  if (mode.kind === 'search') {
    const { text, at } = mode.field;
    const head = ' Search: ';
    const seen = windowed(text, at, width - cells(head) - 1);
    return bold(head) + withCursor(seen.text, seen.at, width - cells(head));
  }
  if (mode.kind === 'page') return bold(fit(` ${mode.title}`, width));
  const names = frames.map(({ node }, i) => (i === 0 ? 'Main menu' : (node.prompt?.text ?? '?')));
  const path = ` ${names.join(' > ')}${showAll ? '  (showing all)' : ''}`;
  return bold(fit(cells(path) > width && names.length > 1 ? ` … > ${names.at(-1) ?? ''}` : path, width));
}

interface Body {
  readonly lines: readonly string[];
  readonly top: number;
  readonly count: number;
}

function body(state: State, width: number, room: number): Body {
  const { mode } = state;
  if (mode.kind === 'page') {
    const text = wrap(mode.lines, width - 4);
    const top = Math.min(mode.top, Math.max(0, text.length - room));
    return padded(
      text.slice(top, top + room).map((line) => fit(`  ${line}`, width)),
      top,
      text.length,
      { width, room },
    );
  }
  if (mode.kind === 'search') {
    const top = Math.max(0, mode.cursor - room + 1);
    const lines = mode.hits.slice(top, top + room).map((hit, i) => {
      const text = hit.name === null ? `${hit.node.kind}: ${hit.prompt ?? ''}` : `${hit.name}  ${hit.prompt ?? ''}`;
      const value = hit.node.kind === 'symbol' ? `  (${state.config.value(hit.node.item)})` : '';
      const line = fit(`  ${text}${value}`, width);
      return top + i === mode.cursor ? inverse(line) : line;
    });
    if (lines.length === 0) lines.push(mode.problem === null ? fit('  nothing matches', width) : '');
    if (mode.problem !== null) lines[0] = red(fit(`  ${mode.problem}`, width));
    return padded(lines, top, mode.total, { width, room });
  }
  const { cursor, top } = frameOf(state);
  const rows = rowsOf(state);
  const lines = rows.slice(top, top + room).map((row, i) => {
    const text = rowText(state.config, row, { showAll: state.showAll });
    const line = fit(`  ${text}`, width);
    if (top + i === cursor) return inverse(line);
    return row.visible && row.node.kind !== 'comment' ? line : dim(line);
  });
  if (lines.length === 0) lines.push(dim(fit('  nothing here: z shows hidden options', width)));
  return padded(lines, top, rows.length, { width, room });
}

function padded(lines: string[], top: number, count: number, size: { width: number; room: number }): Body {
  while (lines.length < size.room) lines.push(' '.repeat(size.width));
  return { lines, top, count };
}

function rule({ top, count }: Body, room: number, width: number): string {
  if (count <= room) return '─'.repeat(width);
  const text = ` ${top + 1}-${Math.min(count, top + room)} of ${count} `;
  return `${'─'.repeat(Math.max(0, width - text.length - 2))}${text}──`;
}

/** One line on the chosen row. */
function details(state: State): string {
  const { mode } = state;
  if (mode.kind === 'page' || mode.kind === 'quit') return '';
  const node: MenuNode | undefined =
    mode.kind === 'search' ? mode.hits[mode.cursor]?.node : rowsOf(state)[frameOf(state).cursor]?.node;
  if (node === undefined) return '';
  if (node.kind !== 'symbol') return ` ${(node.help ?? '').trim().split('\n')[0] ?? ''}`;
  const parts = [node.item.name, typeText(state, node.item), limits(state, node.item)];
  if (!isChangeable(state.config, node)) parts.push('cannot be changed now');
  return ` ${parts.filter((part) => part !== '').join('  ')}`;
}

/** The type as a reader thinks of it: a string with a real range is a real. */
function typeText({ config }: State, sym: Sym): string {
  return sym.real === null ? config.type(sym) : 'real';
}

function limits({ config }: State, sym: Sym): string {
  const range = sym.real === null ? rangeText(config, sym) : realRangeText(sym.real);
  const unit = unitOf(sym);
  return [range ?? '', unit ?? ''].filter((part) => part !== '').join(' ');
}

function note({ message, problem }: State, width: number): string {
  if (message !== '') return yellow(fit(` ${message}`, width));
  return problem === null ? ' '.repeat(width) : red(fit(` ! ${problem}`, width));
}

/** The part of a text around its cursor that fits. */
function windowed(text: string, at: number, width: number): { text: string; at: number } {
  const from = Math.max(0, at - width + 1);
  return {
    text: [...text]
      .slice(from, from + width)
      .map((char) => fit(char, cells(char)))
      .join(''),
    at: at - from,
  };
}

/** A text with its cursor as an inverse cell, padded to a width. */
function withCursor(text: string, at: number, width: number): string {
  const chars = [...text];
  const after = chars.slice(at + 1).join('');
  const before = chars.slice(0, at).join('');
  const here = chars[at] ?? ' ';
  const rest = width - cells(before) - cells(here) - cells(after);
  return `${before}${inverse(here)}${after}${' '.repeat(Math.max(0, rest))}`;
}

function box(state: State, mode: Mode & { kind: 'edit' | 'quit' }, width: number): string[] {
  const inner = Math.min(60, width - 6);
  const frame = (caption: string, lines: readonly string[]): string[] => {
    const head = fit(caption, Math.min(cells(caption), inner - 3)).trimEnd();
    return [
      `┌─ ${bold(head)} ${'─'.repeat(inner - cells(head) - 1)}┐`,
      ...lines.map((line) => `│ ${line} │`),
      `└${'─'.repeat(inner + 2)}┘`,
    ];
  };
  if (mode.kind === 'quit')
    return frame('Quit', [
      fit(`Save the configuration to ${state.file}?`, inner),
      fit('', inner),
      fit('y save   n discard   Esc stay', inner),
    ]);
  const { symbol, field, problem } = mode;
  const seen = windowed(field.text, field.at, inner - 1);
  const prompt = symbol.nodes.find((node) => node.prompt !== null)?.prompt?.text ?? symbol.name;
  const range = limits(state, symbol);
  return frame(prompt, [
    withCursor(seen.text, seen.at, inner),
    dim(fit(`${typeText(state, symbol)}${range === '' ? '' : `  ${range}`}`, inner)),
    problem === null ? fit('', inner) : red(fit(problem, inner)),
  ]);
}

/** Puts a box over the middle of the list. */
function withBox(lines: readonly string[], boxed: readonly string[], width: number, room: number): string[] {
  const out = [...lines];
  const inner = Math.min(60, width - 6) + 4;
  const left = (width - inner) >> 1;
  const first = 3 + Math.max(0, (room - boxed.length) >> 1);
  for (const [i, line] of boxed.entries()) {
    if (first + i >= 3 + room) break;
    out[first + i] = ' '.repeat(left) + line + ' '.repeat(width - inner - left);
  }
  return out;
}

/** A line without its styles: what a reader sees. */
export function plain(line: string): string {
  return line.replace(/\x1b\[[\d;]*m/g, '');
}
