import type { Task } from './task';

const KEYS = [...'abcdefghijklmnop'];
const VALUES = [...'0123456789'];
const SYMBOLS = ['.', '?', ...KEYS, ...VALUES];

/** Distinct keys with values, then "? key": answer its value. */
export const recallTask: Task = {
  id: 'recall',
  title: 'Associative recall',
  about: 'A lookup in the context: the canonical test of attention against recurrences.',
  symbols: SYMBOLS,
  metric: 'exact answers',
  example(random, length) {
    const pairs = Math.max(1, Math.min(KEYS.length, 2 + random(Math.max(1, Math.floor((length - 3) / 2) - 2))));
    const keys = KEYS.map((_, i) => i);
    for (let i = keys.length - 1; i > 0; i--) {
      const j = random(i + 1);
      [keys[i], keys[j]] = [keys[j]!, keys[i]!];
    }
    const chosen = keys
      .slice(0, pairs)
      .map((key) => ({ key: 2 + key, value: 2 + KEYS.length + random(VALUES.length) }));
    const asked = chosen[random(pairs)]!;
    const tokens = [...chosen.flatMap(({ key, value }) => [key, value]), 1, asked.key, asked.value];
    return { tokens, answer: tokens.map((_, i) => i === tokens.length - 1) };
  },
};
