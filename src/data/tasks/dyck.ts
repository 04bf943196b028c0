import type { Task } from './task';

const OPEN = ['(', '[', '{'];
const CLOSE = [')', ']', '}'];
const SYMBOLS = ['.', ...OPEN, ...CLOSE];

/** Balanced brackets of three kinds; only closing brackets are counted: each is determined by what is open. */
export const dyckTask: Task = {
  id: 'dyck',
  title: 'Dyck language',
  about: 'A stack: every closing bracket must match the last open one.',
  symbols: SYMBOLS,
  metric: 'closing brackets',
  example(random, length) {
    const size = 2 * (1 + random(Math.max(1, Math.floor(length / 2))));
    const tokens: number[] = [];
    const stack: number[] = [];
    while (tokens.length < size) {
      const room = size - tokens.length;
      const open = stack.length === 0 || (stack.length < room && random(2) === 0);
      if (open) {
        const kind = random(OPEN.length);
        stack.push(kind);
        tokens.push(1 + kind);
      } else tokens.push(1 + OPEN.length + stack.pop()!);
    }
    return { tokens, answer: tokens.map((t) => t > OPEN.length) };
  },
};
