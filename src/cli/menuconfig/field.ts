/** A line of text being typed, with its cursor counted in code points. */
import { isTyped, type Key } from './keys';

export interface Field {
  readonly text: string;
  readonly at: number;
}

/** A field with the cursor after its text. */
export function fieldOf(text: string): Field {
  return { text, at: [...text].length };
}

/** The field after a key; the same object when the key is no editing key. */
export function typeKey(field: Field, key: Key): Field {
  const chars = [...field.text];
  const { at } = field;
  const cut = (from: number, to: number, insert = ''): Field => ({
    text: [...chars.slice(0, from), insert, ...chars.slice(to)].join(''),
    at: from + [...insert].length,
  });
  if (isTyped(key)) return cut(at, at, key);
  switch (key) {
    case 'backspace':
      return at > 0 ? cut(at - 1, at) : field;
    case 'delete':
      return at < chars.length ? cut(at, at + 1) : field;
    case 'ctrl-u':
      return cut(0, at);
    case 'left':
      return { ...field, at: Math.max(0, at - 1) };
    case 'right':
      return { ...field, at: Math.min(chars.length, at + 1) };
    case 'home':
      return { ...field, at: 0 };
    case 'end':
      return { ...field, at: chars.length };
    default:
      return field;
  }
}
