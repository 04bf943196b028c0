/** Exact selection on the CPU: the twin of the radix selection in shaders/pruning. Spec: optimizers-pruning-fisher 2.6. */

/** Order-preserving key of an f32 score: smaller score, smaller key. Non-finite scores get the largest key, so they are kept. */
export function orderKey(score: number): number {
  WORD.setFloat32(0, score);
  const bits = WORD.getUint32(0);
  if ((bits & 0x7f800000) === 0x7f800000) return 0xffffffff;
  if (bits === 0x80000000) return 0x80000000; // -0 is 0
  return (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
}

/** The score of a key, as far as orderKey keeps it. */
export function keyScore(key: number): number {
  if (key === 0xffffffff) return Infinity;
  WORD.setUint32(0, key & 0x80000000 ? key & 0x7fffffff : ~key);
  return WORD.getFloat32(0);
}
const WORD = new DataView(new ArrayBuffer(4));

/** 0 for the `k` smallest values, 1 for the others; ties go by index, lowest pruned first. NaN counts as largest. */
export const selectSmallest = (values: Uint32Array | Float64Array, k: number): Uint8Array<ArrayBuffer> =>
  selectSorted(values, k > 0 ? values.slice().sort() : values, k);

/** selectSmallest of values whose ascending order is known already. */
export function selectSorted<T extends Uint32Array | Float64Array>(
  values: T,
  sorted: T,
  k: number,
): Uint8Array<ArrayBuffer> {
  const keep = new Uint8Array(values.length).fill(1);
  if (k <= 0) return keep;
  const threshold = sorted[k - 1]!;
  let ties = k;
  for (const value of values) if (value < threshold) ties--;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < threshold || (value === threshold && ties-- > 0)) keep[i] = 0;
  }
  return keep;
}

/** Keep flags -> keep bits, 32 a word, lowest bit first; bits beyond the end are 1. */
export function packMask(keep: ArrayLike<number>): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(keep.length / 32)).fill(0xffffffff);
  for (let i = 0; i < keep.length; i++) if (!keep[i]) words[i >> 5]! &= ~(1 << (i & 31));
  return words;
}

export function unpackMask(words: Uint32Array, n: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: n }, (_, i) => (words[i >> 5]! >>> (i & 31)) & 1);
}
