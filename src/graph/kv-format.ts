/**
 * How a row of a cache is stored. Spec: attention-and-kv 8.1.
 *
 * A row of W numbers is W bits/32 words of codes, then one f16 scale a group (two a word), or scale and zero (one word a
 * group) when asymmetric. Codes run from the low bits up: channel 0 in the lowest nibble, byte or half.
 *   symmetric   s = f16(a / (2^(n-1) - 1)), q = clamp(round(x / s), -2^(n-1), 2^(n-1) - 1), stored as q + 2^(n-1)
 *               a = max|x|, at most `cap` times the mean of the |x| strictly below it (0: no cap)
 *   asymmetric  s = f16((max - min) / (2^n - 1)), z = f16(min), q = clamp(round((x - z) / s), 0, 2^n - 1)
 * Halves round away from zero.
 */
import type { RefArray } from './types';

export type KvDtype = 'f32' | 'f16' | 'int8' | 'int4';

export interface KvFormat {
  readonly dtype: KvDtype;
  /** Neighbouring channels that share a scale; a multiple of 8. Ignored for floats. */
  readonly group: number;
  /** Outlier cap of symmetric formats; 0: off. */
  readonly cap: number;
  readonly asymmetric: boolean;
}

export const F32_FORMAT: KvFormat = { dtype: 'f32', group: 32, cap: 10, asymmetric: false };

export const kvBits: Readonly<Record<KvDtype, number>> = { f32: 32, f16: 16, int8: 8, int4: 4 };

const isInteger = ({ dtype }: KvFormat): boolean => dtype === 'int8' || dtype === 'int4';

/** Words of codes in a row of `width`, and of the whole row. */
export function packedWords(format: KvFormat, width: number): { readonly codes: number; readonly total: number } {
  const codes = (width * kvBits[format.dtype]) / 32;
  const groups = width / format.group;
  const scales = !isInteger(format) ? 0 : format.asymmetric ? groups : Math.ceil(groups / 2);
  return { codes, total: codes + scales };
}

/** Largest group of at most `format.group` channels that divides a head. Throws RangeError where there is none. */
export function fitGroup(format: KvFormat, headDim: number): KvFormat {
  if (format.dtype === 'f32') return format;
  for (const group of [32, 16, 8]) if (group <= format.group && headDim % group === 0) return { ...format, group };
  throw new RangeError(`a head of ${headDim} columns is no multiple of 8, as a cache of ${format.dtype} needs`);
}

const round = (v: number): number => Math.sign(v) * Math.floor(Math.abs(v) + 0.5);
const clamp = (v: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, v));

/** Bits of the nearest f16, ties to even. */
export function f16Bits(v: number): number {
  const sign = v < 0 || Object.is(v, -0) ? 0x8000 : 0;
  const a = Math.abs(v);
  if (a === 0) return sign;
  if (!Number.isFinite(a)) return sign | (Number.isNaN(a) ? 0x7e00 : 0x7c00);
  const exponent = Math.max(-14, Math.floor(Math.log2(a)));
  const steps = a / 2 ** (exponent - 10);
  const floor = Math.floor(steps);
  const up = steps - floor > 0.5 || (steps - floor === 0.5 && floor % 2 === 1) ? 1 : 0;
  // Steps of a normal number are 1024..2047; a carry moves into the exponent by itself.
  const bits = (exponent + 14) * 1024 + floor + up;
  return sign | Math.min(bits, 0x7c00);
}

export function f16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
}

interface GroupScale {
  readonly scale: number;
  readonly zero: number;
}

function groupScale(x: ArrayLike<number>, at: number, { dtype, group, cap, asymmetric }: KvFormat): GroupScale {
  const bits = kvBits[dtype];
  const values = Array.from({ length: group }, (_, i) => x[at + i]!);
  if (asymmetric) {
    const [lo, hi] = [Math.min(...values), Math.max(...values)];
    return { scale: f16Bits((hi - lo) / (2 ** bits - 1)), zero: f16Bits(lo) };
  }
  const sizes = values.map(Math.abs);
  const top = Math.max(...sizes);
  const below = sizes.filter((v) => v < top);
  const mean = below.length > 0 ? below.reduce((a, b) => a + b, 0) / below.length : 0;
  const held = cap > 0 && mean > 0 ? Math.min(top, cap * mean) : top;
  return { scale: f16Bits(held / (2 ** (bits - 1) - 1)), zero: 0 };
}

/** Packs x[from .. from + width) into words[at ..]. */
export function packRow(
  x: RefArray,
  from: number,
  width: number,
  format: KvFormat,
  words: Uint32Array,
  at: number,
): void {
  const { codes, total } = packedWords(format, width);
  words.fill(0, at, at + total);
  const bits = kvBits[format.dtype];
  const put = (column: number, code: number): void => {
    const bit = column * bits;
    words[at + (bit >>> 5)]! |= code << (bit & 31);
  };
  if (!isInteger(format)) {
    for (let c = 0; c < width; c++) put(c, f16Bits(x[from + c]!));
    return;
  }
  const half = format.asymmetric ? 0 : 2 ** (bits - 1);
  for (let g = 0; g * format.group < width; g++) {
    const { scale, zero } = groupScale(x, from + g * format.group, format);
    if (format.asymmetric) words[at + codes + g] = scale | (zero << 16);
    else words[at + codes + (g >>> 1)]! |= scale << (16 * (g & 1));
    const [s, z] = [f16Value(scale), f16Value(zero)];
    for (let c = g * format.group; c < (g + 1) * format.group; c++) {
      const q = s === 0 ? 0 : clamp(round((x[from + c]! - z) / s), -half, 2 ** bits - 1 - half);
      put(c, q + half);
    }
  }
}

/** The numbers that a packed row stands for, into out[to .. to + width). */
export function unpackRow(
  words: ArrayLike<number>,
  at: number,
  width: number,
  format: KvFormat,
  out: RefArray,
  to: number,
): void {
  const { codes } = packedWords(format, width);
  const bits = kvBits[format.dtype];
  const half = format.asymmetric ? 0 : 2 ** (bits - 1);
  for (let c = 0; c < width; c++) {
    const bit = c * bits;
    const code = (words[at + (bit >>> 5)]! >>> (bit & 31)) & (2 ** bits - 1);
    if (!isInteger(format)) {
      out[to + c] = f16Value(code);
      continue;
    }
    const g = Math.floor(c / format.group);
    const word = words[at + codes + (format.asymmetric ? g : g >>> 1)]!;
    const scale = f16Value(format.asymmetric ? word & 0xffff : (word >>> (16 * (g & 1))) & 0xffff);
    out[to + c] = (code - half) * scale + (format.asymmetric ? f16Value(word >>> 16) : 0);
  }
}
