/** Accuracies of a task, from a model's most likely tokens. Counts rather than rates, so that batches add up. */
import { TOKEN_MASK, isTarget } from '../targets';

export type TaskMetricId = 'exact_answer' | 'closing_bracket';

export interface TaskScore {
  readonly correct: number;
  readonly total: number;
}

export interface TaskMetric {
  readonly id: TaskMetricId;
  readonly name: string;
  /**
   * Scores rows of `rowTokens` = T + 1 corpus tokens, end to end, against `predicted`: T token ids a row, of which number t is
   * the most likely token after tokens 0 .. t of the row.
   */
  score(rows: Uint32Array, predicted: ArrayLike<number>, rowTokens: number): TaskScore;
}

/** Calls `visit` for each run of consecutive targets of a row: how many tokens it has and how many are predicted. */
function eachRun(
  rows: Uint32Array,
  predicted: ArrayLike<number>,
  rowTokens: number,
  visit: (length: number, right: number) => void,
): void {
  const count = rows.length / rowTokens;
  if (!Number.isInteger(count) || predicted.length !== count * (rowTokens - 1))
    throw new RangeError(
      `${rows.length} tokens in rows of ${rowTokens} do not go with ${predicted.length} predicted tokens`,
    );
  for (let row = 0; row < count; row++) {
    let [length, right] = [0, 0];
    for (let t = 1; t <= rowTokens; t++) {
      const token = rows[row * rowTokens + t]!;
      if (t < rowTokens && isTarget(token)) {
        length++;
        if (predicted[row * (rowTokens - 1) + t - 1] === (token & TOKEN_MASK)) right++;
      } else if (length > 0) {
        visit(length, right);
        [length, right] = [0, 0];
      }
    }
  }
}

export const TASK_METRICS: Readonly<Record<TaskMetricId, TaskMetric>> = {
  exact_answer: {
    id: 'exact_answer',
    name: 'exact answers',
    score(rows, predicted, rowTokens) {
      let [correct, total] = [0, 0];
      eachRun(rows, predicted, rowTokens, (length, right) => {
        total++;
        if (right === length) correct++;
      });
      return { correct, total };
    },
  },
  closing_bracket: {
    id: 'closing_bracket',
    name: 'closing brackets',
    score(rows, predicted, rowTokens) {
      let [correct, total] = [0, 0];
      eachRun(rows, predicted, rowTokens, (length, right) => {
        total += length;
        correct += right;
      });
      return { correct, total };
    },
  },
};
