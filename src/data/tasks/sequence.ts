/** What copy, reverse and sort share: letters, '>', then the same letters in another order. */
import { COMMON_SYMBOLS, LETTERS, type Task } from './task';

const ARROW = COMMON_SYMBOLS.length;
const FIRST = ARROW + 1;

export function sequenceTask(
  text: Pick<Task, 'id' | 'title' | 'about'>,
  transform: (letters: readonly number[]) => readonly number[],
): Task<'length' | 'letters'> {
  return {
    ...text,
    metric: 'exact_answer',
    size: 'length',
    settings: {
      length: { label: 'Letters in a string', value: 8, min: 2, max: 256 },
      letters: { label: 'Different letters', value: 16, min: 2, max: LETTERS.length },
    },
    symbols: ({ letters }) => [...COMMON_SYMBOLS, '>', ...LETTERS.slice(0, letters)],
    exampleLength: ({ length }) => 2 * length + 1,
    example(random, { length, letters }) {
      const question = Array.from({ length }, () => FIRST + random.int(letters));
      const tokens = [...question, ARROW, ...transform(question)];
      return { tokens, answer: tokens.map((_, i) => i > length) };
    },
  };
}
