/** Copy, reverse and sort: read symbols up to a separator, then write them in another order. */
import type { Task } from './task';

const LETTERS = [...'abcdefghijklmnop'];
const SYMBOLS = ['.', '|', ...LETTERS]; // pad, separator, symbols in order

function sequenceTask(id: string, title: string, about: string, transform: (items: number[]) => number[]): Task {
  return {
    id, title, about, symbols: SYMBOLS, metric: 'exact answers',
    example(random, length) {
      const n = 2 + random(Math.max(1, Math.floor((length - 1) / 2) - 1));
      const items = Array.from({ length: n }, () => 2 + random(LETTERS.length));
      const tokens = [...items, 1, ...transform(items)];
      return { tokens, answer: tokens.map((_, i) => i > n) };
    },
  }; // prettier-ignore
}

export const copyTask = sequenceTask('copy', 'Copy', 'Induction: attend to the same place one string back.', (x) => x);
export const reverseTask = sequenceTask(
  'reverse',
  'Reverse',
  'Attention by distance that grows with each token.',
  (x) => [...x].reverse(),
);
export const sortTask = sequenceTask('sort', 'Sort', 'Attention by content: the next larger symbol.', (x) =>
  [...x].sort((a, b) => a - b),
);
