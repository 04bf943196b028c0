/** Point sets of the correlation playground: shapes on which Pearson and Spearman agree, differ or both fail. */
import { mean, mulberry32 } from '../maths/statistics';

export interface Dot {
  readonly x: number;
  readonly y: number;
}

export const PRESETS = ['linear', 'curved', 'outlier', 'negative', 'arch', 'noise'] as const;
export type Preset = (typeof PRESETS)[number];

/** Twelve dots in [0, 100] squared; the same seed gives the same dots. */
export function presetDots(preset: Preset, seed = 3): Dot[] {
  const random = mulberry32(seed);
  const jitter = (s: number): number => (random() - 0.5) * s;
  return Array.from({ length: 12 }, (_, i) => {
    const x = 6 + i * 8;
    switch (preset) {
      case 'linear':
        return { x, y: hold(x + jitter(12)) };
      case 'curved':
        return { x, y: hold(2 + 94 * (x / 94) ** 4) };
      case 'outlier':
        return i === 11 ? { x, y: 4 } : { x, y: hold(20 + 0.6 * x + jitter(4)) };
      case 'negative':
        return { x, y: hold(100 - x + jitter(16)) };
      case 'arch':
        return { x, y: hold(90 - ((x - 50) / 6.2) ** 2 * 1.5) };
      case 'noise':
        return { x, y: 4 + 92 * random() };
    }
  });
}

export const hold = (v: number): number => Math.min(100, Math.max(0, v));

/** Ends of the least squares line of y on x, inside the plot; none where all x are equal. */
export function fitted(dots: readonly Dot[]): Dot[] {
  if (dots.length < 2) return [];
  const [mx, my] = [mean(dots.map((d) => d.x)), mean(dots.map((d) => d.y))];
  const spread = dots.reduce((s, d) => s + (d.x - mx) ** 2, 0);
  if (spread === 0) return [];
  const slope = dots.reduce((s, d) => s + (d.x - mx) * (d.y - my), 0) / spread;
  const at = (y: number): number => (slope === 0 ? 0 : mx + (y - my) / slope);
  const [low, high] = slope === 0 ? [0, 100] : [at(0), at(100)].sort((a, b) => a - b);
  return [Math.max(0, low), Math.min(100, high)].map((x) => ({ x, y: my + slope * (x - mx) }));
}
