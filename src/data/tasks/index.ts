import { additionTask } from './addition';
import { dyckTask } from './dyck';
import { recallTask } from './recall';
import { copyTask, reverseTask, sortTask } from './sequences';
import { type Task, taskRandom } from './task';

export type { Task } from './task';

export const TASKS = {
  copy: copyTask,
  reverse: reverseTask,
  sort: sortTask,
  addition: additionTask,
  recall: recallTask,
  dyck: dyckTask,
} as const satisfies Record<string, Task>;

export type TaskName = keyof typeof TASKS;

/** Bit 31 of a corpus token: not counted as a target. */
export const IGNORE_BIT = 0x80000000;

/** `count` rows of seq + 1 tokens starting at example number `first`; everything but answers carries IGNORE_BIT. */
export function taskRows(task: Task, seq: number, seed: number, first: number, count: number): Uint32Array {
  const width = seq + 1;
  const out = new Uint32Array(count * width).fill(IGNORE_BIT); // symbol 0 pads, uncounted
  for (let row = 0; row < count; row++) {
    const { tokens, answer } = task.example(taskRandom(seed, first + row), width);
    tokens.slice(0, width).forEach((token, i) => {
      out[row * width + i] = (answer[i] ? token : token | IGNORE_BIT) >>> 0;
    });
  }
  return out;
}
