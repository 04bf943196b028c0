import { COMMON_SYMBOLS, DIGITS, type Task } from './task';

const PLUS = COMMON_SYMBOLS.length;
const EQUALS = PLUS + 1;
const ZERO = EQUALS + 1;

/** Tokens of the `width` lowest decimal digits of a number, most significant first. */
const written = (value: number, width: number): number[] =>
  Array.from(String(value).padStart(width, '0'), (digit) => ZERO + Number(digit));

/** 57+68=521: numbers of fixed width, the sum (one digit wider) with its lowest digit first, so that carries flow rightwards. */
export const additionTask: Task<'digits' | 'reversed'> = {
  id: 'addition',
  title: 'Addition',
  about: 'An algorithm with a carry; accuracy on held-out sums tells it from a look-up table.',
  metric: 'exact_answer',
  size: 'digits',
  settings: {
    digits: { label: 'Digits of each number', value: 3, min: 1, max: 9 },
    reversed: { label: 'Sum with its lowest digit first (1) or last (0)', value: 1, min: 0, max: 1 },
  },
  symbols: () => [...COMMON_SYMBOLS, '+', '=', ...DIGITS],
  exampleLength: ({ digits }) => 3 * digits + 3,
  example(random, { digits, reversed }) {
    const a = random.int(10 ** digits);
    const b = random.int(10 ** digits);
    const sum = written(a + b, digits + 1);
    const tokens = [...written(a, digits), PLUS, ...written(b, digits), EQUALS, ...(reversed ? sum.reverse() : sum)];
    return { tokens, answer: tokens.map((_, i) => i > 2 * digits + 1) };
  },
};
