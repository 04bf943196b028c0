/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), the
 * same in TypeScript and in shaders/random/philox.wgsl. Key = (seed, purpose); counter = (index, step, stream, 0). Nothing
 * is stored, so initialisation, batches and dropout resume exactly.
 */
export const PURPOSE = { INIT: 1, BATCH: 2, DROPOUT: 3, SAMPLE: 4, TASK: 5 } as const;

export type Words = readonly [number, number, number, number];

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers. */
export function mulhi(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const low = Math.imul(al, bl) >>> 0;
  const mid1 = ah * bl + (low >>> 16); // below 2^32
  const mid2 = al * bh + (mid1 % 65536);
  return (ah * bh + Math.floor(mid1 / 65536) + Math.floor(mid2 / 65536)) >>> 0;
}

export function philox4x32(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const h0 = mulhi(0xd2511f53, c0 >>> 0);
    const l0 = Math.imul(0xd2511f53, c0) >>> 0;
    const h1 = mulhi(0xcd9e8d57, c2 >>> 0);
    const l1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Uniform in (0, 1), exact in f32: (word >> 8 + 0.5) * 2^-24. */
export const uniform = (word: number): number => ((word >>> 8) + 0.5) * 2 ** -24;
