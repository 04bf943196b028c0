/** Invariants 28 and 30 of the attention specification, and the packed rows against the arithmetic of the explainers. */
import { describe, expect, it } from 'vitest';
import { fakeQuantise, int4Asymmetric, int4Symmetric, toF16 } from '@/explainers/maths/quantise';
import { type KvFormat, f16Bits, f16Value, packRow, packedWords, unpackRow } from '@/graph';
import { noise } from '../support/gpu';

const format = (o: Partial<KvFormat>): KvFormat => ({ dtype: 'int4', group: 32, cap: 10, asymmetric: false, ...o });

function through(x: readonly number[], f: KvFormat): { words: Uint32Array; back: Float64Array } {
  const words = new Uint32Array(packedWords(f, x.length).total);
  packRow(Float64Array.from(x), 0, x.length, f, words, 0);
  const back = new Float64Array(x.length);
  unpackRow(words, 0, x.length, f, back, 0);
  return { words, back: back.map((v) => v + 0) }; // no -0
}

describe('f16', () => {
  it('all 65,536 patterns survive, and values round as the explainers round them', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const v = f16Value(bits);
      if (!Number.isNaN(v)) expect(f16Bits(v)).toBe(bits);
    }
    for (const v of noise([500], 3, 100))
      for (const s of [1, 1e-3, 1e-6, 1e-8]) expect(f16Value(f16Bits(v * s))).toBe(toF16(v * s));
  });
});

describe('packed rows', () => {
  const x = Array.from(noise([64], 7, 3));
  x[5] = 200; // an outlier for the cap

  it('28: all 256 byte values survive packing', () => {
    const values = Array.from({ length: 256 }, (_, i) => i - 128);
    // One group of scale 1: the largest magnitude within the codes is 127.
    const back = through(
      values.map((v) => (v === -128 ? -127 : v)),
      format({ dtype: 'int8', group: 256, cap: 0 }),
    ).back;
    values.slice(1).forEach((v, i) => expect(back[i + 1]).toBe(v));
    const { words } = through(
      Array.from({ length: 32 }, (_, i) => (i % 15) - 7),
      format({ cap: 0 }),
    );
    expect(words[0]).toBe(0x87654321); // channel 0 in the lowest nibble: -7 is stored as 1
  });

  it('equal the explainers: int4 with and without cap, asymmetric, and int8 with an exact scale', () => {
    const groups = [x.slice(0, 32), x.slice(32)];
    const flat = (q: (g: number[]) => number[]): number[] => groups.flatMap(q).map((v) => v + 0);
    expect(Array.from(through(x, format({})).back)).toEqual(flat((g) => int4Symmetric(g)));
    expect(Array.from(through(x, format({ cap: 0 })).back)).toEqual(flat((g) => int4Symmetric(g, 0)));
    expect(Array.from(through(x, format({ asymmetric: true })).back)).toEqual(flat(int4Asymmetric));
    const exact = [...x.slice(32).map((v) => v / 4), ...Array<number>(31).fill(0.5), 127 / 64];
    const int8 = through(exact.slice(32), format({ dtype: 'int8', cap: 0 })).back;
    expect(Array.from(int8)).toEqual(fakeQuantise(exact.slice(32), 8));
  });

  it('28: zeros stay zeros; the error is at most half a step; fewer bits, more error', () => {
    expect(through(Array<number>(64).fill(0), format({})).back.every((v) => v === 0)).toBe(true);
    const y = Array.from(noise([64], 9, 2));
    const worst = (f: KvFormat): number => through(y, f).back.reduce((m, v, i) => Math.max(m, Math.abs(v - y[i]!)), 0);
    const top = Math.max(...y.map(Math.abs));
    // Half a step, and what rounding the scale to f16 adds at the largest code.
    const bound = (levels: number): number => (top / levels) * 0.5 + top * 2 ** -11;
    expect(worst(format({ cap: 0 }))).toBeLessThanOrEqual(bound(7));
    expect(worst(format({ dtype: 'int8', cap: 0 }))).toBeLessThanOrEqual(bound(127));
    expect(worst(format({ dtype: 'f16' }))).toBeLessThanOrEqual(top * 2 ** -11);
    const squares = (f: KvFormat): number => through(y, f).back.reduce((s, v, i) => s + (v - y[i]!) ** 2, 0);
    expect(squares(format({ dtype: 'f16' }))).toBeLessThan(squares(format({ dtype: 'int8' })));
    expect(squares(format({ dtype: 'int8' }))).toBeLessThan(squares(format({})));
  });

  it('30: 4.5 and 5 bits an element at groups of 32; 8.5 for int8; 16 for halves', () => {
    const bits = (f: KvFormat): number => (32 * packedWords(f, 128).total) / 128;
    expect(bits(format({}))).toBe(4.5);
    expect(bits(format({ asymmetric: true }))).toBe(5);
    expect(bits(format({ dtype: 'int8' }))).toBe(8.5);
    expect(bits(format({ dtype: 'f16' }))).toBe(16);
  });
});
