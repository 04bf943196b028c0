/** Draws a plot on a surface. The screen and every export come through here. */
import { decimate, windowIndices } from './decimate';
import { LABEL_HEIGHT, labelled, layoutPlot, spread, type Layout } from './layout';
import { nearest } from './series';
import { isEmpty, yTitle, type PlotSpec, type SeriesSpec } from './spec';
import type { Palette, Surface } from './surface';

let indices = new Uint32Array(8192);
let pixels = new Float64Array(16384);

export const colourOf = (series: SeriesSpec, palette: Palette): string =>
  series.colour === 'baseline' ? palette.baseline : palette.series[series.colour % palette.series.length];

export function renderPlot(surface: Surface, spec: PlotSpec, palette: Palette): Layout {
  const layout = layoutPlot(spec, surface);
  surface.fill(0, 0, surface.width, surface.height, palette.background);
  drawAxes(surface, spec, layout, palette);
  const { left, top, right, bottom } = layout.box;
  surface.clip(left - 4, top - 4, right - left + 8, bottom - top + 4, () => {
    drawReferenceLines(surface, spec, layout, palette);
    const crowded = isCrowded(spec, layout);
    for (const series of spec.series) drawSeries(surface, series, spec, layout, palette, crowded);
    drawMoments(surface, spec, layout, palette);
  });
  drawReferenceLabels(surface, spec, layout, palette);
  if (layout.legend) drawLegend(surface, spec, layout, palette);
  else drawEndLabels(surface, spec, layout, palette);
  if (isEmpty(spec)) drawEmpty(surface, spec, layout, palette);
  return layout;
}

function drawAxes(surface: Surface, spec: PlotSpec, layout: Layout, palette: Palette): void {
  const { left, top, right, bottom } = layout.box;
  layout.yTicks.forEach((tick, i) => {
    const y = crisp(layout.y.map(tick));
    surface.line(left, y, right, y, { colour: palette.grid, width: 1 });
    surface.text(left - 8, y, layout.yLabels[i], { colour: palette.muted, align: 'end', anchor: 'middle', mono: true });
  });
  layout.xTicks.forEach((tick, i) => {
    const x = crisp(layout.x.map(tick));
    surface.line(x, bottom, x, bottom + 4, { colour: palette.hairline, width: 1 });
    surface.text(x, bottom + 15, layout.xLabels[i], { colour: palette.muted, align: 'middle', mono: true });
  });
  surface.line(left, crisp(bottom), right, crisp(bottom), { colour: palette.hairline, width: 1 });
  surface.text(4, top - 12, `\u2191 ${yTitle(spec)}${spec.y.log ? ', log' : ''}`, { colour: palette.muted });
  surface.text(right, bottom + 29, `${spec.x.title}${spec.x.log ? ', log' : ''} \u2192`, {
    colour: palette.muted,
    align: 'end',
  });
}

function drawReferenceLines(surface: Surface, spec: PlotSpec, layout: Layout, palette: Palette): void {
  const { left, right } = layout.box;
  for (const { value } of spec.references) {
    const y = crisp(layout.y.map(value));
    surface.line(left, y, right, y, { colour: palette.muted, width: 1, dash: [4, 4] });
  }
}

/** Labels sit on their lines, at the end that the data leave free; the right one where both are. */
function drawReferenceLabels(surface: Surface, spec: PlotSpec, layout: Layout, palette: Palette): void {
  const { left, top, right, bottom } = layout.box;
  const wanted = spec.references.map(({ value }) => layout.y.map(value) - 7);
  const placed = spread(wanted, LABEL_HEIGHT, top - 2, bottom - 8);
  spec.references.forEach(({ label, value }, i) => {
    const text = `${label} ${value.toFixed(3)}`;
    const width = surface.measure(text, {}) + 8;
    const atLeft =
      crossings(spec, layout, right - width, right, placed[i]) > crossings(spec, layout, left, left + width, placed[i]);
    surface.text(atLeft ? left + 8 : right - 4, placed[i], text, {
      colour: palette.muted,
      align: atLeft ? 'start' : 'end',
      anchor: 'middle',
      halo: palette.background,
    });
  });
}

/** Of a few places between two pixels, how many have data on the text line at height `y`. */
function crossings(spec: PlotSpec, layout: Layout, from: number, to: number, y: number): number {
  let hits = 0;
  for (const { points } of spec.series) {
    if (points.length === 0) continue;
    const last = layout.x.map(points.xs[points.length - 1]);
    for (let px = from; px <= Math.min(to, last); px += 8) {
      const at = nearest(points, layout.x.invert(px));
      if (Math.abs(layout.y.map(points.ys[at]) - y) < LABEL_HEIGHT) hits++;
    }
  }
  return hits;
}

const columnsOf = ({ box }: Layout): number => Math.max(1, Math.round(box.right - box.left));

/**
 * True where the labelled lines together have more than two points to a pixel column. One pixel's width tells them apart better, and a
 * rasteriser draws a hairline ten to thirty times as fast as a line of 1.5 pixels.
 */
function isCrowded({ series, x }: PlotSpec, layout: Layout): boolean {
  let visible = 0;
  for (const { points, mark, faint } of series) {
    if (mark !== 'line' || faint) continue;
    const [from, to] = windowIndices(points, ...x.domain);
    visible += to - from;
  }
  return visible > 2 * columnsOf(layout);
}

function drawSeries(
  surface: Surface,
  series: SeriesSpec,
  spec: PlotSpec,
  layout: Layout,
  palette: Palette,
  crowded: boolean,
): void {
  const { points } = series;
  if (points.length === 0) return;
  const [x0, x1] = spec.x.domain;
  const [from, to] = windowIndices(points, x0, x1);
  const columns = columnsOf(layout);
  const room = 4 * (columns + 4);
  if (indices.length < room) indices = new Uint32Array(room);
  if (pixels.length < 2 * room) pixels = new Float64Array(2 * room);
  const count = decimate(points, from, to, x0, x1, columns, indices, spec.x.log ?? false);
  for (let i = 0; i < count; i++) {
    pixels[2 * i] = layout.x.map(points.xs[indices[i]]);
    pixels[2 * i + 1] = layout.y.map(points.ys[indices[i]]);
  }
  const colour = colourOf(series, palette);
  if (series.mark === 'line') {
    const dense = to - from > 2 * columns;
    const dashed = series.dash && !series.faint ? series.dash : null;
    // Dashes along a line that fills its pixel columns cost a thousand times their number and cannot be seen: gaps in x can.
    if (dense && dashed) cutGaps(count, dashed);
    const dash = dashed && !dense ? { dash: dashed } : {};
    surface.path(pixels, count, {
      colour,
      width: series.faint || crowded ? 1 : 1.5,
      ...(series.faint ? { opacity: 0.3 } : {}),
      ...dash,
    });
    if (count === 1) surface.circle(pixels[0], pixels[1], 2, colour, { colour, width: 0.5 });
    return;
  }
  surface.path(pixels, count, { colour, width: 1, opacity: 0.5 });
  const reported = series.origin === 'reported';
  for (let i = 0; i < count; i++) {
    const x = pixels[2 * i];
    const y = pixels[2 * i + 1];
    if (y !== y) continue;
    if (reported) surface.circle(x, y, 3, palette.background, { colour, width: 1.5 });
    else surface.circle(x, y, 3.5, colour, { colour: palette.background, width: 1 });
  }
}

/** Takes out of `pixels` what lies in the gaps of a dash pattern along x. */
function cutGaps(count: number, [on, off]: readonly number[]): void {
  const [dash, gap] = [2 * on, 2 * off]; // whole pixel columns: shorter ones would be lost between two of them
  for (let i = 0; i < count; i++) if (pixels[2 * i] % (dash + gap) >= dash) pixels[2 * i + 1] = NaN;
}

function drawMoments(surface: Surface, spec: PlotSpec, layout: Layout, palette: Palette): void {
  const { left, top, right, bottom } = layout.box;
  for (const { x: at, label } of spec.moments) {
    const x = crisp(layout.x.map(at));
    surface.line(x, top, x, bottom, { colour: palette.danger, width: 1 });
    const after = x < (left + right) / 2;
    surface.text(x + (after ? 4 : -4), bottom - 8, label, {
      colour: palette.danger,
      align: after ? 'start' : 'end',
      halo: palette.background,
    });
  }
}

function drawEndLabels(surface: Surface, spec: PlotSpec, layout: Layout, palette: Palette): void {
  const names = labelled(spec);
  if (names.length < 2) return;
  const { top, right, bottom } = layout.box;
  const ends = names.map(({ points }) => {
    const at = nearest(points, spec.x.domain[1]);
    const y = layout.y.map(points.ys[at]);
    return Number.isFinite(y) ? Math.min(bottom, Math.max(top, y)) : bottom;
  });
  const placed = spread(ends, LABEL_HEIGHT, top, bottom);
  names.forEach((series, i) => drawKey(surface, series, right + 4, placed[i], palette));
}

/** The mark itself, then the name: identity does not hang on telling hues apart. */
function drawKey(surface: Surface, series: SeriesSpec, x: number, y: number, palette: Palette): void {
  const colour = colourOf(series, palette);
  if (series.mark === 'line')
    surface.line(x, y, x + 8, y, { colour, width: 2, ...(series.dash ? { dash: series.dash.map((d) => d / 2) } : {}) });
  else if (series.origin === 'reported') surface.circle(x + 4, y, 3, palette.background, { colour, width: 1.5 });
  else surface.circle(x + 4, y, 3, colour, { colour, width: 0.5 });
  surface.text(x + 12, y, series.label, { colour: palette.text, anchor: 'middle' });
}

function drawLegend(surface: Surface, spec: PlotSpec, layout: Layout, palette: Palette): void {
  const names = labelled(spec);
  const width = Math.max(...names.map((s) => surface.measure(s.label, {}))) + 16;
  const x = layout.box.right - width;
  names.forEach((series, i) => drawKey(surface, series, x, layout.box.top + 8 + i * LABEL_HEIGHT, palette));
}

function drawEmpty(surface: Surface, spec: PlotSpec, layout: Layout, palette: Palette): void {
  const { left, top, right, bottom } = layout.box;
  const lines = wrap(spec.empty, right - left - 24, (t) => surface.measure(t, {}));
  lines.forEach((text, i) => {
    surface.text((left + right) / 2, (top + bottom) / 2 + (i - (lines.length - 1) / 2) * 16, text, {
      colour: palette.muted,
      align: 'middle',
      anchor: 'middle',
      halo: palette.background,
    });
  });
}

function wrap(text: string, width: number, measure: (t: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line ? `${line} ${word}` : word;
    if (line && measure(longer) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line ? [...lines, line] : lines;
}

/** Hairlines on half pixels stay one pixel wide. */
const crisp = (v: number): number => Math.round(v - 0.5) + 0.5;
