/** The accuracy of a task on an evaluation batch, from the batch's logits. */
import type { Corpus } from '@/data/corpus';
import type { TaskScore } from '@/data/tasks';
import { type BatchShape, STREAM, batchStart } from './batches';

/** The most likely token of each row of `logits` [rows, vocabSize]; padding beyond `limit` is left out. Ties: the smaller id. */
export function argmaxRows(logits: ArrayLike<number>, vocabSize: number, limit: number): Uint32Array {
  const out = new Uint32Array(logits.length / vocabSize);
  for (let r = 0; r < out.length; r++) {
    let best = 0;
    for (let j = 1; j < limit; j++) if (logits[r * vocabSize + j]! > logits[r * vocabSize + best]!) best = j;
    out[r] = best;
  }
  return out;
}

/** Scores evaluation batch `step`; null for corpora without a metric. */
export function scoreBatch(
  corpus: Corpus,
  shape: BatchShape,
  seed: number,
  step: number,
  logits: ArrayLike<number>,
): TaskScore | null {
  if (!corpus.metric) return null;
  const width = shape.seq + 1;
  const rows = new Uint32Array(shape.rows * width);
  for (let r = 0; r < shape.rows; r++) {
    const start = batchStart(corpus.val, shape, seed, STREAM.EVAL, step, r);
    rows.set(corpus.val.subarray(start, start + width), r * width);
  }
  return corpus.metric.score(rows, argmaxRows(logits, corpus.vocabSize, corpus.tokenizer.vocabSize), width);
}

/** The rate over several batches, as an evaluation reports it. */
export function metricOf(
  corpus: Corpus,
  scores: readonly (TaskScore | null)[],
): { metric?: { name: string; value: number } } {
  if (!corpus.metric) return {};
  const total = scores.reduce((sum, s) => sum + (s?.total ?? 0), 0);
  const correct = scores.reduce((sum, s) => sum + (s?.correct ?? 0), 0);
  return { metric: { name: corpus.metric.name, value: total > 0 ? correct / total : 0 } };
}
