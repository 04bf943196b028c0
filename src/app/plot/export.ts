/** PNG, SVG and CSV of a plot. */
import { CanvasSurface } from './canvas-surface';
import { renderPlot } from './render';
import { isEmpty, yTitle, type PlotSpec } from './spec';
import { PAPER } from './surface';
import { SvgSurface } from './svg-surface';

export function plotSvg(spec: PlotSpec, width: number, height: number): string {
  const surface = new SvgSurface(width, height, describe(spec));
  renderPlot(surface, spec, PAPER);
  return surface.toString();
}

export async function plotPng(spec: PlotSpec, width: number, height: number, scale = 2): Promise<Blob> {
  const canvas = new OffscreenCanvas(width * scale, height * scale);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser gave no 2-D canvas to draw the PNG on. Save as SVG.');
  context.scale(scale, scale);
  renderPlot(new CanvasSurface(context, width, height), spec, PAPER);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** A standalone SVG as PNG. Rejects where the browser cannot draw it. */
export async function svgPng(svg: string, scale = 2): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth * scale, image.naturalHeight * scale);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser gave no 2-D canvas to draw the PNG on: save as SVG');
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: 'image/png' });
}

/** One row per x that any series has, one column per series; every point, not the decimated ones. */
export function plotCsv(spec: PlotSpec): string {
  const header = [spec.x.title.toLowerCase(), ...spec.series.map((s) => columnName(s.label, s.faint ?? false))];
  const rows = new Map<number, (number | undefined)[]>();
  spec.series.forEach(({ points }, column) => {
    for (let i = 0; i < points.length; i++) {
      const x = points.xs[i];
      let row = rows.get(x);
      if (!row) rows.set(x, (row = new Array<number | undefined>(spec.series.length)));
      row[column] = points.ys[i];
    }
  });
  const lines = [...rows.entries()]
    .sort(([a], [b]) => a - b)
    .map(([x, values]) => [x, ...Array.from(values, (v) => v ?? '')].join(','));
  return [`# ${yTitle(spec)}`, header.map(quote).join(','), ...lines, ''].join('\n');
}

/** One sentence for those who do not see the plot. */
export function describe(spec: PlotSpec): string {
  if (isEmpty(spec)) return `${spec.title}: no points yet. ${spec.empty}`;
  const ends = spec.series
    .filter((s) => !s.faint && s.points.length > 0)
    .map(({ label, points }) => {
      const last = points.length - 1;
      return `${label} ${short(points.ys[last])} at ${spec.x.title.toLowerCase()} ${points.xs[last]}`;
    });
  const references = spec.references.map(({ label, value }) => `${label} ${short(value)}`);
  return `${yTitle(spec)}: ${[...ends, ...references].join('; ')}.`;
}

const short = (v: number): string => Number(v.toPrecision(4)).toString();
const columnName = (label: string, raw: boolean): string => (raw ? `${label} raw` : label);
const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Hands a file to the browser's own download. */
export function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
