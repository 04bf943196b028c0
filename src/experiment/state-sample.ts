/** The same elements of weights, gradient and optimizer state, few enough to be read back at every evaluation. */
import type { ArenaEntry } from '@/engine/storage';
import type { StateSlot } from '@/optim/kinds';

export interface StateSample {
  readonly w: ArrayLike<number>;
  /** Of the first micro-batch of the step that comes next, before clipping. */
  readonly g: ArrayLike<number>;
  readonly slots: ReadonlyMap<StateSlot, ArrayLike<number>>;
}

/** Read-backs an arena. */
const BLOCKS = 16;

/** [first element, elements] of at most BLOCKS evenly spaced blocks, together at most `limit` of `elements`; all where they fit. */
export function sampleBlocks(elements: number, limit: number): readonly (readonly [number, number])[] {
  if (elements <= limit) return [[0, elements]];
  const size = Math.floor(limit / BLOCKS);
  const stride = (elements - size) / (BLOCKS - 1);
  return Array.from({ length: BLOCKS }, (_, i) => [Math.floor(i * stride), size] as const);
}

/** The part of a block that belongs to parameters: arenas are padded between tensors. */
export function withoutPadding(
  block: Float32Array,
  at: number,
  entries: readonly Pick<ArenaEntry, 'offset' | 'size'>[],
): Float32Array[] {
  return entries.flatMap(({ offset, size }) => {
    const from = Math.max(at, offset);
    const to = Math.min(at + block.length, offset + size);
    return from < to ? [block.subarray(from - at, to - at)] : [];
  });
}

/** End to end. */
export function joined(parts: readonly ArrayLike<number>[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
