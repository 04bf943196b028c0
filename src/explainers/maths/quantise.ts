/** Integer and e4m3 formats in f64. Source: attention-and-kv 8.1; workflow-and-explainers 5 (fp8 toy). */

/** Halves go away from zero. */
export const roundHalfAway = (v: number): number => Math.sign(v) * Math.floor(Math.abs(v) + 0.5);

const clamp = (v: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, v));

/** Nearest f16 value (ties to even) of a finite v; overflow becomes infinity. */
export function toF16(v: number): number {
  if (v === 0) return v;
  const a = Math.abs(v);
  const quantum = 2 ** (Math.max(-14, Math.floor(Math.log2(a))) - 10);
  const steps = a / quantum;
  let whole = Math.floor(steps);
  const part = steps - whole;
  if (part > 0.5 || (part === 0.5 && whole % 2 === 1)) whole++;
  const out = whole * quantum;
  return Math.sign(v) * (out > 65504 ? Infinity : out);
}

/** Largest magnitude of a group, held to `cap` times the mean of the smaller ones; cap 0 turns that off. */
function groupMax(x: readonly number[], cap: number): number {
  const max = x.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const below = x.map(Math.abs).filter((v) => v < max);
  if (cap === 0 || below.length === 0) return max;
  const mean = below.reduce((a, b) => a + b, 0) / below.length;
  // A group with one non-zero value keeps it: capping at zero would erase it.
  return mean > 0 ? Math.min(max, cap * mean) : max;
}

/** One group through symmetric INT4: f16 scale max/7, codes -8..7. */
export function int4Symmetric(x: readonly number[], cap = 10): number[] {
  const scale = toF16(groupMax(x, cap) / 7);
  return scale === 0 ? x.map(() => 0) : x.map((v) => clamp(roundHalfAway(v / scale), -8, 7) * scale);
}

/** One group through asymmetric INT4: f16 scale (max-min)/15 and f16 zero, codes 0..15. */
export function int4Asymmetric(x: readonly number[]): number[] {
  const [lo, hi] = [Math.min(...x), Math.max(...x)];
  const scale = toF16((hi - lo) / 15);
  const zero = toF16(lo);
  return scale === 0 ? x.map(() => zero) : x.map((v) => clamp(roundHalfAway((v - zero) / scale), 0, 15) * scale + zero);
}

/** Symmetric n-bit fake quantisation with an exact scale. */
export function fakeQuantise(x: readonly number[], bits: number): number[] {
  const top = 2 ** (bits - 1) - 1;
  const scale = x.reduce((m, v) => Math.max(m, Math.abs(v)), 0) / top;
  return scale === 0 ? x.map(() => 0) : x.map((v) => clamp(roundHalfAway(v / scale), -top - 1, top) * scale);
}

/** Bits an element of an n-bit format with groups of g: one f16 scale, and an f16 zero when asymmetric. */
export const bitsPerElement = (bits: number, group: number, asymmetric: boolean): number =>
  bits + (asymmetric ? 32 : 16) / group;

/** Spacing of e4m3 values about v (normal range, |v| >= 2^-6). */
export const e4m3Step = (v: number): number => 2 ** Math.floor(Math.log2(Math.abs(v))) / 8;

/** Bytes moved for one cached element: fused reads the codes; unfused also writes and reads an f16 copy. */
export function bytesMoved(bits: number, group: number, fused: boolean): number {
  const codes = bitsPerElement(bits, group, false) / 8;
  return fused ? codes : codes + 2 + 2;
}
