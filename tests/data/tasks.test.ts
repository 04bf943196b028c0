import { describe, expect, it } from 'vitest';
import { DataError } from '@/data/errors';
import { TASKS, TASK_METRICS, type Task, type TaskName, taskExample, taskRows, taskSettings } from '@/data/tasks';
import { IGNORE_BIT, TOKEN_MASK, isTarget } from '@/data/targets';

const NAMES = Object.keys(TASKS) as TaskName[];
const shape = { rows: 200, rowTokens: 65 };

/** Question and answer of each example of a row, as the characters that a reader sees. */
function readExamples(name: TaskName, given: Record<string, number> = {}, split: 'train' | 'val' = 'train', seed = 1) {
  const task = TASKS[name];
  const settings = taskSettings(task, given, shape.rowTokens);
  const symbols = task.symbols(settings);
  const rows = taskRows(task, settings, shape, seed, split);
  const examples: { text: string; question: string; answer: string }[] = [];
  for (let row = 0; row < shape.rows; row++) {
    const tokens = [...rows.subarray(row * shape.rowTokens, (row + 1) * shape.rowTokens)];
    const text = tokens.map((t) => symbols[t & TOKEN_MASK]!);
    const parts = text.join('').replace(/·*$/, '').split(';');
    expect(parts.pop()).toBe(''); // every example ends with ';'
    let at = 0;
    for (const part of parts) {
      const own = tokens.slice(at, at + part.length);
      const pick = (wanted: boolean): string => [...part].filter((_, i) => isTarget(own[i]!) === wanted).join('');
      examples.push({ text: part, question: pick(false), answer: pick(true) });
      at += part.length;
      expect(isTarget(tokens[at]!)).toBe(false);
      at++;
    }
    expect(tokens.slice(at).every((t) => t >>> 0 === IGNORE_BIT)).toBe(true); // padding
  }
  return { examples, rows, settings };
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof DataError) return error.code;
    throw error;
  }
  return 'none';
};

describe('answers are right', () => {
  const sequences = { copy: (s: string) => s, reverse: (s: string) => [...s].reverse().join(''), sort: (s: string) => [...s].sort().join('') };
  for (const [name, transform] of Object.entries(sequences))
    it(name, () => {
      const { examples } = readExamples(name as TaskName, { length: 5, letters: 7 });
      expect(examples).toHaveLength(200 * 5); // 12 tokens each in rows of 65
      for (const { question, answer } of examples) {
        expect(question).toMatch(/^[a-g]{5}>$/);
        expect(answer).toBe(transform(question.slice(0, -1)));
      }
    });

  it('addition', () => {
    for (const reversed of [0, 1]) {
      const { examples } = readExamples('addition', { digits: 2, reversed });
      for (const { question, answer } of examples) {
        const [, a, b] = /^(\d\d)\+(\d\d)=$/.exec(question)!;
        const written = reversed ? [...answer].reverse().join('') : answer;
        expect(written).toBe(String(Number(a) + Number(b)).padStart(3, '0'));
      }
    }
  });

  it('recall', () => {
    for (const { question, answer } of readExamples('recall', { pairs: 4, keys: 6 }).examples) {
      const [, pairs, asked] = /^((?:[a-f]\d){4})\?([a-f])$/.exec(question)!;
      const table = new Map(pairs!.match(/../g)!.map((pair) => [pair[0]!, pair[1]!]));
      expect(table.size).toBe(4);
      expect(answer).toBe(table.get(asked!));
    }
  });

  it('dyck', () => {
    const settings = taskSettings(TASKS.dyck, { pairs: 12, depth: 3 }, 65);
    const symbols = TASKS.dyck.symbols(settings);
    const depths = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const { tokens, answer } = taskExample(TASKS.dyck, settings, 1, 'train', i);
      let text = tokens.map((t) => symbols[t]!).join('');
      expect(text).toHaveLength(24);
      expect([...text].map((c) => ')]}'.includes(c))).toEqual(answer);
      let [depth, deepest] = [0, 0];
      for (const closes of answer) deepest = Math.max(deepest, (depth += closes ? -1 : 1));
      depths.add(deepest);
      for (let before = ''; before !== text; ) [before, text] = [text, text.replace(/\(\)|\[\]|\{\}/g, '')];
      expect(text).toBe(''); // reduces to nothing: balanced
    }
    expect(Math.max(...depths)).toBe(3);
  });
}); // prettier-ignore

describe.each(NAMES)('%s', (name) => {
  it('is a function of the seed', () => {
    expect(readExamples(name).rows).toEqual(readExamples(name).rows);
    expect(readExamples(name, {}, 'train', 2).rows).not.toEqual(readExamples(name).rows);
  });

  it('never trains on a held-out example', () => {
    const small = { [TASKS[name].size]: name === 'dyck' ? 5 : 2 }; // few enough that splits would collide by chance
    const train = new Set(readExamples(name, small).examples.map((e) => e.text));
    const val = readExamples(name, small, 'val').examples.map((e) => e.text);
    expect(val.filter((e) => train.has(e))).toEqual([]);
  });

  it('shrinks to a short block, and says which block it needs', () => {
    const task = TASKS[name];
    const smallest = Object.fromEntries([[task.size, task.settings[task.size]!.min]]);
    const needed = task.exampleLength(taskSettings(task, smallest, 1000)) + 1;
    expect(taskSettings(task, {}, needed)[task.size]).toBe(task.settings[task.size]!.min);
    expect(() => taskSettings(task, {}, needed - 1)).toThrow(`set GPT2_BLOCK_SIZE to ${needed - 1} or more`);
  });

  it('scores its own answers as right, and one wrong token as wrong', () => {
    const { rows } = readExamples(name);
    const metric = TASK_METRICS[TASKS[name].metric];
    const predicted = [...rows].filter((_, i) => i % 65 > 0).map((t) => t & TOKEN_MASK);
    const right = metric.score(rows, predicted, 65);
    const targets = [...rows].filter((t, i) => i % 65 > 0 && isTarget(t)).length;
    expect(right.correct).toBe(right.total);
    expect(right.total).toBe(name === 'dyck' ? targets : readExamples(name).examples.length);
    const firstTarget = rows.findIndex((t, i) => i > 0 && isTarget(t));
    predicted[firstTarget - 1] = (predicted[firstTarget - 1]! + 1) % 8;
    expect(metric.score(rows, predicted, 65)).toEqual({ correct: right.total - 1, total: right.total });
  });
});

it('counts whole answers, also at the end of a row', () => {
  const ignored = IGNORE_BIT;
  const rows = Uint32Array.from([ignored, 1, 2, ignored, 3, /* row 2 */ ignored, ignored, ignored, 4, 5]);
  // Row 1: answers [1, 2] (second token wrong) and [3] (right, at the end); row 2: [4, 5] right.
  const predicted = [1, 9, 9, 3, 9, 9, 4, 5];
  expect(TASK_METRICS.exact_answer.score(rows, predicted, 5)).toEqual({ correct: 2, total: 3 });
  expect(TASK_METRICS.closing_bracket.score(rows, predicted, 5)).toEqual({ correct: 4, total: 5 });
  expect(() => TASK_METRICS.exact_answer.score(rows, [1], 5)).toThrow(RangeError);
});

it('refuses settings that make no task', () => {
  const refused = (given: Record<string, number>): string => codeOf(() => taskSettings(TASKS.copy, given, 65));
  expect(refused({ length: 8 })).toBe('none');
  for (const given of [{ length: 1 }, { length: 2.5 }, { letters: 27 }, { width: 3 }, { toString: 3 }, { length: 40 }])
    expect(refused(given as Record<string, number>)).toBe('bad-task');
});

it('says so when there are too few examples to hold some out', () => {
  const single: Task = {
    ...TASKS.copy,
    example: () => ({ tokens: [3, 3, 2, 3, 3], answer: [false, false, false, true, true] }),
  };
  const settings = taskSettings(TASKS.copy, { length: 2 }, 65);
  const codes = (['train', 'val'] as const).map((split) => codeOf(() => taskRows(single, settings, shape, 1, split)));
  expect(codes.sort()).toEqual(['bad-task', 'none']); // the one example is on one side
});
