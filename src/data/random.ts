/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), the
 * same bits in TypeScript and in shaders/random/philox.wgsl. Nothing is stored, so initialisation, batches and dropout
 * resume exactly.
 *
 *     key     = (seed, purpose)              words 0 and 1
 *     counter = (index, step, stream, 0)     words 0 to 3
 *
 * | purpose | index                        | step            | stream                      |
 * |---------|------------------------------|-----------------|-----------------------------|
 * | INIT    | pair of elements (i / 2)     | parameter number| 0                           |
 * | BATCH   | row of the batch, absolute   | optimizer step  | 0 training, 1 evaluation    |
 * | DROPOUT | group of 4 elements (i / 4)  | micro-step      | dropout site                |
 * | SAMPLE  | token drawn                  | sequence        | 0                           |
 * | TASK    | block of 4 draws             | example         | 0 training, 1 held out      |
 * | PRUNE   | prunable element             | 0               | 0                           |
 *
 * The batch rule. With x = word 0 of row `row` at `step` and T the block size, a 'window' corpus of n tokens starts the row
 * at mulhi(x, n - T), which covers the T + 1 tokens [start, start + T]; a 'rows' corpus, n / (T + 1) examples of T + 1
 * tokens, starts it at mulhi(x, n / (T + 1)) * (T + 1). shaders/data/draw_batch.wgsl does the same on the GPU.
 */

/** What a draw is for: word 1 of the key, so that purposes never share a stream. Recorded runs depend on these numbers.
 * The engine and pruning import no data: src/engine/kernels/dropout.ts and src/pruning/kernels.ts repeat theirs, and a test compares. */
export const PURPOSE = { INIT: 1, BATCH: 2, DROPOUT: 3, SAMPLE: 4, TASK: 5, PRUNE: 6 } as const;
export type Purpose = (typeof PURPOSE)[keyof typeof PURPOSE];

export type Words = readonly [number, number, number, number];

/**
 * High 32 bits of the 64-bit product of two unsigned 32-bit integers. For a random word `a` it is an integer in [0, b)
 * whose bias is below b / 2^32, without a division.
 */
export function mulhi(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const mid = ah * bl + (Math.imul(al, bl) >>> 16); // at most (2^16-1)^2 + 2^16-1 < 2^32
  const low = al * bh + (mid & 0xffff);
  return (ah * bh + (mid >>> 16) + (low >>> 16)) >>> 0;
}

/** Four independent 32-bit words for a counter and a key; all words are taken modulo 2^32. */
export function philox4x32(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const h0 = mulhi(0xd2511f53, c0);
    const h1 = mulhi(0xcd9e8d57, c2);
    const l0 = Math.imul(0xd2511f53, c0);
    const l1 = Math.imul(0xcd9e8d57, c2);
    c0 = h1 ^ c1 ^ k0;
    c1 = l1;
    c2 = h0 ^ c3 ^ k1;
    c3 = l0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/**
 * Uniform in (0, 1) from the upper 24 bits of a word: ((word >> 8) + 0.5) 2^-24, exact in f64. In f32 the sum rounds to even
 * from 2^23 on and the largest value becomes 1, so a shader may compare it (u >= p) but not take log(1 - u) of it.
 */
export const uniform = (word: number): number => ((word >>> 8) + 0.5) * 2 ** -24;

/** Two independent standard normals from two words (Box and Muller 1958), in f64: the caller rounds. */
export function boxMuller(a: number, b: number): readonly [number, number] {
  const radius = Math.sqrt(-2 * Math.log(uniform(a)));
  const angle = 2 * Math.PI * uniform(b);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

/** Sequential draws for one (seed, purpose, step, stream): draw number `index` is word index % 4 of block index / 4. */
export class RandomStream {
  #index = 0;
  #block: Words = [0, 0, 0, 0];

  constructor(
    readonly seed: number,
    readonly purpose: Purpose,
    readonly step: number,
    readonly stream = 0,
  ) {}

  /** The next 32-bit word. */
  u32(): number {
    const lane = this.#index & 3;
    if (lane === 0) this.#block = philox4x32([this.#index >>> 2, this.step, this.stream, 0], [this.seed, this.purpose]);
    this.#index++;
    return this.#block[lane]!;
  }

  /** An integer in [0, n), 1 <= n <= 2^32 - 1. */
  int(n: number): number {
    return mulhi(this.u32(), n);
  }

  /** In (0, 1). */
  uniform(): number {
    return uniform(this.u32());
  }

  /** One standard normal, from two words. */
  normal(): number {
    const a = this.u32();
    return boxMuller(a, this.u32())[0];
  }

  /** Permutes `items` in place (Fisher and Yates) and returns them. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}
