/** Linear and logarithmic scales from data to pixels. */
import type { Points } from './series';

export interface Scale {
  readonly log: boolean;
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
  map(value: number): number;
  invert(pixel: number): number;
}

export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [d0, d1] = domain;
  const [r0, r1] = range;
  const k = d1 === d0 ? 0 : (r1 - r0) / (d1 - d0);
  return {
    log: false,
    domain,
    range,
    map: (value) => (k === 0 ? (r0 + r1) / 2 : r0 + (value - d0) * k),
    invert: (pixel) => (k === 0 ? d0 : d0 + (pixel - r0) / k),
  };
}

/** Values at or below zero map to NaN, and the renderer leaves a gap. */
export function logScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const inner = linearScale([Math.log10(domain[0]), Math.log10(domain[1])], range);
  return {
    log: true,
    domain,
    range,
    map: (value) => (value > 0 ? inner.map(Math.log10(value)) : Number.NaN),
    invert: (pixel) => 10 ** inner.invert(pixel),
  };
}

/** Extent of finite values among `[from, to)` by the points' own extremes; slow twin: `extent`. */
export function extentOf(points: Points, from: number, to: number, positive = false): [number, number] | null {
  const { ys, extremes } = points;
  if (extremes && to > from) {
    const [lo, hi] = [ys[extremes.low(from, to)], ys[extremes.high(from, to)]];
    if (Number.isFinite(lo) && Number.isFinite(hi) && (!positive || lo > 0)) return [lo, hi];
  }
  return extent(ys, from, to, positive);
}

/** Extent of finite values among `[from, to)`; for log scales only positive ones count. */
export function extent(ys: Float64Array, from: number, to: number, positive = false): [number, number] | null {
  let lo = Infinity;
  let hi = -Infinity;
  for (let i = from; i < to; i++) {
    const y = ys[i];
    if (!(y - y === 0) || (positive && y <= 0)) continue;
    if (y < lo) lo = y;
    if (y > hi) hi = y;
  }
  return lo <= hi ? [lo, hi] : null;
}

/** A domain with air at both ends, or a whole unit interval about a constant. */
export function pad([lo, hi]: readonly [number, number], log: boolean, fraction = 0.06): [number, number] {
  if (log) {
    const ratio = hi / lo > 1.0001 ? (hi / lo) ** fraction : 1.5;
    return [lo / ratio, hi * ratio];
  }
  if (hi === lo) return lo === 0 ? [0, 1] : [lo - Math.abs(lo) * 0.5, hi + Math.abs(hi) * 0.5];
  const air = (hi - lo) * fraction;
  return [lo - air, hi + air];
}
