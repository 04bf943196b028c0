/**
 * Which tokens a step sees, in TypeScript: the twin of the draw_batch kernel, and what `--save-batches` writes.
 * Row `row` of step `step` is drawn by counters, so nothing is stored and resuming is exact.
 */
import { IGNORE_BIT } from '@/data/corpus';
import { PURPOSE, mulhi, philox4x32 } from '@/data/random';

/** Streams keep training and evaluation draws apart. */
export const STREAM = { TRAIN: 0, EVAL: 1 } as const;

export interface BatchShape {
  readonly rows: number;
  readonly seq: number;
  readonly sampling: 'window' | 'rows';
}

/** First token of row `row` (absolute within the step: micro * batch + b). */
export function batchStart(
  corpus: Uint32Array,
  shape: BatchShape,
  seed: number,
  stream: number,
  step: number,
  row: number,
): number {
  const word = philox4x32([row, step, stream, 0], [seed, PURPOSE.BATCH])[0];
  if (shape.sampling === 'window') return mulhi(word, corpus.length - shape.seq);
  return mulhi(word, Math.floor(corpus.length / (shape.seq + 1))) * (shape.seq + 1);
}

export interface Batch {
  readonly ids: Uint32Array;
  /** -1: not counted. */
  readonly targets: Int32Array;
  /** 1 / counted targets, 0 when there are none. */
  readonly lossScale: number;
}

/** Draws rows firstRow .. firstRow + rows - 1 of a step. */
export function drawBatch(
  corpus: Uint32Array,
  shape: BatchShape,
  seed: number,
  stream: number,
  step: number,
  firstRow: number,
): Batch {
  const { rows, seq } = shape;
  const ids = new Uint32Array(rows * seq);
  const targets = new Int32Array(rows * seq);
  let counted = 0;
  for (let r = 0; r < rows; r++) {
    const start = batchStart(corpus, shape, seed, stream, step, firstRow + r);
    for (let t = 0; t < seq; t++) {
      ids[r * seq + t] = (corpus[start + t]! & ~IGNORE_BIT) >>> 0;
      const next = corpus[start + t + 1]!;
      const ignored = (next & IGNORE_BIT) !== 0;
      targets[r * seq + t] = ignored ? -1 : next;
      if (!ignored) counted++;
    }
  }
  return { ids, targets, lossScale: counted > 0 ? Math.fround(1 / counted) : 0 };
}

/** Token rows [rows, seq + 1] of a step without the ignore bits, as `batches.safetensors` holds them. */
export function tokenRows(corpus: Uint32Array, shape: BatchShape, seed: number, step: number): Int32Array {
  const width = shape.seq + 1;
  const out = new Int32Array(shape.rows * width);
  for (let r = 0; r < shape.rows; r++) {
    const start = batchStart(corpus, shape, seed, STREAM.TRAIN, step, r);
    for (let t = 0; t < width; t++) out[r * width + t] = corpus[start + t]! & ~IGNORE_BIT;
  }
  return out;
}
