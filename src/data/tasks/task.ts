/** Synthetic tasks: fixed-length rows of tokens drawn by counters, with the answer's tokens as the only counted targets. */
import { PURPOSE, mulhi, philox4x32 } from '../random';

export interface Task {
  readonly id: string;
  readonly title: string;
  /** What the task shows about a model. */
  readonly about: string;
  readonly symbols: readonly string[];
  readonly metric: string;
  /** One example: tokens, and whether each is part of the answer. At most `length` tokens; padded by the caller. */
  example(random: (n: number) => number, length: number): { readonly tokens: number[]; readonly answer: boolean[] };
}

/** Counter-based integers below n: draw `i` of example `row`. */
export function taskRandom(seed: number, row: number): (n: number) => number {
  let i = 0;
  return (n) => mulhi(philox4x32([i++, row, 0, 0], [seed, PURPOSE.TASK])[0], n);
}
