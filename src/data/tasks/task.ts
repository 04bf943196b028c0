/**
 * Synthetic tasks. A task makes examples: tokens of which some are the answer. Rows of a corpus hold as many whole examples
 * as fit, each followed by ';'; the rest is padding. Only answers count as targets (see targets.ts).
 */
import { DataError } from '../errors';
import { PURPOSE, RandomStream } from '../random';
import { IGNORE_BIT } from '../targets';
import type { TaskMetricId } from './metric';

/** One number that a task can be set to. */
export interface TaskSetting {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

export type TaskSettings<K extends string = string> = Readonly<Record<K, number>>;

export interface TaskExample {
  readonly tokens: readonly number[];
  /** Whether each token is part of the answer. */
  readonly answer: readonly boolean[];
}

export interface Task<K extends string = string> {
  readonly id: string;
  readonly title: string;
  /** What the task shows about a model. */
  readonly about: string;
  readonly metric: TaskMetricId;
  readonly settings: Readonly<Record<K, TaskSetting>>;
  /** The setting that makes examples longer. Left unset, it shrinks until an example fits the block. */
  readonly size: K;
  /** Display character of each token; 0 pads and 1 ends an example. */
  symbols(settings: TaskSettings<K>): readonly string[];
  /** Tokens of every example, the final ';' not counted. */
  exampleLength(settings: TaskSettings<K>): number;
  example(random: RandomStream, settings: TaskSettings<K>): TaskExample;
}

export const PAD = 0;
export const END = 1;
/** The symbols that all tasks share; a task's own begin at id 2. */
export const COMMON_SYMBOLS = ['·', ';'] as const;

export const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
export const DIGITS = [...'0123456789'];

/**
 * The settings of a task for rows of `rowTokens` = block size + 1 tokens: those given, else the defaults, with the size
 * lowered until an example fits. Throws DataError 'bad-task' for a setting that is unknown or out of range, or a row too short.
 */
export function taskSettings(task: Task, given: TaskSettings, rowTokens: number): TaskSettings {
  const fail = (problem: string, remedy: string): never => {
    throw new DataError('bad-task', `task ${task.id}: ${problem}`, remedy);
  };
  for (const [name, value] of Object.entries(given)) {
    const setting = Object.hasOwn(task.settings, name) ? task.settings[name] : undefined;
    if (!setting) return fail(`no setting "${name}"`, `its settings are ${Object.keys(task.settings).join(', ')}`);
    if (!Number.isInteger(value) || value < setting.min || value > setting.max)
      fail(`${name} = ${value}`, `give an integer from ${setting.min} to ${setting.max}`);
  }
  const settings: Record<string, number> = {};
  for (const [name, { value }] of Object.entries(task.settings)) settings[name] = given[name] ?? value;
  const needed = (): number => task.exampleLength(settings) + 1;
  if (given[task.size] === undefined)
    while (needed() > rowTokens && settings[task.size]! > task.settings[task.size]!.min) settings[task.size]!--;
  if (needed() > rowTokens)
    fail(
      `an example of ${task.size} = ${settings[task.size]!} takes ${needed()} tokens, a row has ${rowTokens}`,
      `set GPT2_BLOCK_SIZE to ${needed() - 1} or more`,
    );
  return settings;
}

export type TaskSplit = 'train' | 'val';

/** One example in this many is held out: decided by its content, so no held-out example is ever trained on. */
const HELD_OUT_ONE_IN = 10;
const MAX_ATTEMPTS = 2000;

/** FNV-1a over tokens, with a final mix so that the low bits depend on all of them. */
function contentHash(tokens: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const token of tokens) hash = Math.imul(hash ^ token, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Example number `index` of a split: a function of (seed, split, index). Throws DataError 'bad-task' where a split is empty. */
export function taskExample(
  task: Task,
  settings: TaskSettings,
  seed: number,
  split: TaskSplit,
  index: number,
): TaskExample {
  const random = new RandomStream(seed, PURPOSE.TASK, index, split === 'train' ? 0 : 1);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const example = task.example(random, settings);
    if ((contentHash(example.tokens) % HELD_OUT_ONE_IN === 0) === (split === 'val')) return example;
  }
  throw new DataError(
    'bad-task',
    `task ${task.id} has too few different examples to hold some out`,
    `raise ${task.size}`,
  );
}

/** `rows` rows of `rowTokens` tokens, end to end; everything but answers carries IGNORE_BIT. */
export function taskRows(
  task: Task,
  settings: TaskSettings,
  shape: { readonly rows: number; readonly rowTokens: number },
  seed: number,
  split: TaskSplit,
): Uint32Array {
  const { rows, rowTokens } = shape;
  const stride = task.exampleLength(settings) + 1;
  const perRow = Math.floor(rowTokens / stride);
  const out = new Uint32Array(rows * rowTokens).fill((PAD | IGNORE_BIT) >>> 0);
  for (let index = 0; index < rows * perRow; index++) {
    const at = Math.floor(index / perRow) * rowTokens + (index % perRow) * stride;
    const { tokens, answer } = taskExample(task, settings, seed, split, index);
    tokens.forEach((token, i) => (out[at + i] = answer[i] ? token : token | IGNORE_BIT));
    out[at + stride - 1] = END | IGNORE_BIT;
  }
  return out;
}
