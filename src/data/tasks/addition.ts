import type { Task } from './task';

const SYMBOLS = ['.', '+', '=', ...'0123456789'];
const digits = (value: number): number[] => [...String(value)].map((d) => 3 + Number(d));

/** a+b= followed by the sum, least significant digit first, so that carries flow in writing order. */
export const additionTask: Task = {
  id: 'addition',
  title: 'Addition',
  about: 'An algorithm with carries; the answer is written least significant digit first.',
  symbols: SYMBOLS,
  metric: 'exact answers',
  example(random, length) {
    const places = Math.max(1, Math.min(6, Math.floor((length - 3) / 3)));
    const limit = 10 ** (1 + random(places));
    const a = random(limit);
    const b = random(limit);
    const question = [...digits(a), 1, ...digits(b), 2];
    const sum = digits(a + b).reverse();
    return { tokens: [...question, ...sum], answer: [...question.map(() => false), ...sum.map(() => true)] };
  },
};
