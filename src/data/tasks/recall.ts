import { COMMON_SYMBOLS, DIGITS, LETTERS, type Task } from './task';

const ASK = COMMON_SYMBOLS.length;
const KEY = ASK + 1;

/** d3a7f1?a7: distinct keys with their values, then a key; the answer is its value. */
export const recallTask: Task<'pairs' | 'keys'> = {
  id: 'recall',
  title: 'Associative recall',
  about: 'A look-up in the context, the test that separates attention from fixed-size recurrent states.',
  metric: 'exact_answer',
  size: 'pairs',
  settings: {
    pairs: { label: 'Pairs in the context', value: 6, min: 1, max: LETTERS.length },
    keys: { label: 'Different keys', value: LETTERS.length, min: 1, max: LETTERS.length },
  },
  symbols: ({ keys }) => [...COMMON_SYMBOLS, '?', ...LETTERS.slice(0, keys), ...DIGITS],
  exampleLength: ({ pairs, keys }) => 2 * Math.min(pairs, keys) + 3,
  example(random, settings) {
    const pairs = Math.min(settings.pairs, settings.keys);
    const keys = random.shuffle(Array.from({ length: settings.keys }, (_, i) => KEY + i)).slice(0, pairs);
    const values = keys.map(() => KEY + settings.keys + random.int(DIGITS.length));
    const asked = random.int(pairs);
    const tokens = [...keys.flatMap((key, i) => [key, values[i]!]), ASK, keys[asked]!, values[asked]!];
    return { tokens, answer: tokens.map((_, i) => i === tokens.length - 1) };
  },
};
