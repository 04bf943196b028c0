/** What the crosshair reads off, and its drawing on a layer above the data. */
import type { Layout } from './layout';
import { colourOf } from './render';
import { nearest } from './series';
import type { PlotSpec } from './spec';
import type { Palette, Surface } from './surface';

export interface Reading {
  readonly id: string;
  readonly label: string;
  readonly x: number;
  readonly y: number;
}

/** The nearest point of every series to `x`, or the last point when `x` is null. */
export function readAt(spec: PlotSpec, x: number | null): Reading[] {
  const readings: Reading[] = [];
  // What is smoothed says more than the raw value: faint series come last.
  for (const { id, label, points } of [...spec.series].sort(
    (a, b) => Number(a.faint ?? false) - Number(b.faint ?? false),
  )) {
    const at = x === null ? points.length - 1 : nearest(points, x);
    if (at >= 0) readings.push({ id, label, x: points.xs[at], y: points.ys[at] });
  }
  return readings;
}

/** Snaps to the densest series, so that the line stands on a step that exists. */
export function snap(spec: PlotSpec, x: number): number {
  const densest = spec.series.reduce<PlotSpec['series'][number] | null>(
    (best, s) => (s.points.length > (best?.points.length ?? 0) ? s : best),
    null,
  );
  if (!densest) return x;
  return densest.points.xs[nearest(densest.points, x)];
}

export function drawCrosshair(
  surface: Surface,
  spec: PlotSpec,
  layout: Layout,
  palette: Palette,
  at: number | null,
  brush: readonly [number, number] | null,
): void {
  const { left, top, right, bottom } = layout.box;
  if (brush) {
    for (const edge of brush) {
      const x = Math.min(right, Math.max(left, layout.x.map(edge)));
      surface.line(x, top, x, bottom, { colour: palette.text, width: 1 });
    }
    const [a, b] = brush.map((v) => Math.min(right, Math.max(left, layout.x.map(v))));
    surface.line(a, bottom, b, bottom, { colour: palette.text, width: 3 });
  }
  if (at === null) return;
  const x = layout.x.map(at);
  if (x < left - 0.5 || x > right + 0.5) return;
  surface.line(Math.round(x) + 0.5, top, Math.round(x) + 0.5, bottom, { colour: palette.muted, width: 1 });
  for (const series of spec.series) {
    if (series.faint) continue;
    const i = nearest(series.points, at);
    if (i < 0) continue;
    const y = layout.y.map(series.points.ys[i]);
    if (!(y >= top - 1 && y <= bottom + 1)) continue;
    surface.circle(layout.x.map(series.points.xs[i]), y, 4, palette.background, {
      colour: colourOf(series, palette),
      width: 2,
    });
  }
}
