/**
 * Terminal input as keys. A key is one printable code point, or a name of several letters: `up`, `down`, `left`, `right`,
 * `enter`, `escape`, `backspace`, `delete`, `home`, `end`, `pageup`, `pagedown`, `tab`, `ctrl-c`, `ctrl-u`.
 */
export type Key = string;

const SEQUENCES: Readonly<Record<string, Key>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '3~': 'delete',
  '4~': 'end',
  '5~': 'pageup',
  '6~': 'pagedown',
  '7~': 'home',
  '8~': 'end',
};

const CONTROLS: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x03': 'ctrl-c',
  '\x04': 'pagedown',
  '\x08': 'backspace',
  '\x15': 'ctrl-u',
  '\x7f': 'backspace',
};

/** Keys read so far, and the start of a sequence that needs more input. */
export interface ParsedKeys {
  readonly keys: readonly Key[];
  readonly rest: string;
}

// CSI or SS3, parameters, final byte.
const SEQUENCE = /^\x1b(?:\[([\d;]*)([A-Za-z~])|O([A-Za-z]))/;
const UNFINISHED = /^\x1b(?:\[[\d;]*|O)?$/;

/** Splits input into keys. A lone escape stays in `rest`: the caller decides by a timeout (see `flushKeys`). */
export function parseKeys(input: string): ParsedKeys {
  const keys: Key[] = [];
  let text = input;
  while (text !== '') {
    if (text[0] === '\x1b') {
      const match = SEQUENCE.exec(text);
      if (match) {
        const [all, parameters = '', final, single] = match;
        const name = final === '~' ? `${parameters.split(';')[0] ?? ''}~` : (final ?? single ?? '');
        const key = SEQUENCES[name];
        if (key !== undefined) keys.push(key);
        text = text.slice(all.length);
        continue;
      }
      if (UNFINISHED.test(text)) return { keys, rest: text };
      keys.push('escape');
      text = text.slice(1);
      continue;
    }
    const char = String.fromCodePoint(text.codePointAt(0) ?? 0);
    text = text.slice(char.length);
    const control = CONTROLS[char];
    if (control !== undefined) keys.push(control);
    else if (char >= ' ') keys.push(char);
  }
  return { keys, rest: '' };
}

/** What an unfinished sequence means when nothing follows: the escape key. */
export function flushKeys(rest: string): readonly Key[] {
  if (rest === '') return [];
  return ['escape', ...parseKeys(rest.slice(1)).keys];
}

/** True for a key that types itself into a text field. */
export function isTyped(key: Key): boolean {
  return [...key].length === 1;
}
