import { COMMON_SYMBOLS, type Task } from './task';

const BRACKETS = ['()', '[]', '{}', '<>'];
const OPEN = COMMON_SYMBOLS.length;

/**
 * ([]){()}: balanced brackets. Which bracket opens is chance and does not count; which one closes is fixed by the stack, so
 * a model that keeps the stack reaches accuracy 1 and a loss of 0.
 */
export const dyckTask: Task<'pairs' | 'kinds' | 'depth'> = {
  id: 'dyck',
  title: 'Dyck language',
  about: 'A stack: each closing bracket must match the last one still open, however far back.',
  metric: 'closing_bracket',
  size: 'pairs',
  settings: {
    pairs: { label: 'Pairs of brackets', value: 16, min: 2, max: 512 },
    kinds: { label: 'Kinds of brackets', value: 3, min: 1, max: BRACKETS.length },
    depth: { label: 'Brackets open at once, at most', value: 8, min: 1, max: 64 },
  },
  symbols: ({ kinds }) => [...COMMON_SYMBOLS, ...BRACKETS.slice(0, kinds).flatMap((pair) => [...pair])],
  exampleLength: ({ pairs }) => 2 * pairs,
  example(random, { pairs, kinds, depth }) {
    const tokens: number[] = [];
    const answer: boolean[] = [];
    const stack: number[] = [];
    while (tokens.length < 2 * pairs) {
      const mustOpen = stack.length === 0;
      const mayOpen = stack.length < depth && stack.length < 2 * pairs - tokens.length;
      if (mustOpen || (mayOpen && random.int(2) === 0)) {
        stack.push(random.int(kinds));
        tokens.push(OPEN + 2 * stack.at(-1)!);
        answer.push(false);
      } else {
        tokens.push(OPEN + 2 * stack.pop()! + 1);
        answer.push(true);
      }
    }
    return { tokens, answer };
  },
};
