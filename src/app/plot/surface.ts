/** The few drawing operations a plot needs. Screen and SVG export implement them, so both run the same drawing code. */

export interface Stroke {
  readonly colour: string;
  readonly width: number;
  readonly opacity?: number;
  readonly dash?: readonly number[];
}

export interface TextStyle {
  readonly colour: string;
  readonly align?: 'start' | 'middle' | 'end';
  /** Vertical anchor: the middle of the line or its baseline. */
  readonly anchor?: 'middle' | 'baseline';
  readonly mono?: boolean;
  readonly bold?: boolean;
  /** Painted behind the glyphs so that labels stay readable on top of lines. */
  readonly halo?: string;
  readonly size?: number;
}

export interface Surface {
  readonly width: number;
  readonly height: number;
  fill(x: number, y: number, width: number, height: number, colour: string): void;
  /** Everything drawn inside `draw` is cut to the rectangle. */
  clip(x: number, y: number, width: number, height: number, draw: () => void): void;
  /** Interleaved x, y; a NaN starts a new piece. */
  path(xy: Float64Array, count: number, stroke: Stroke): void;
  line(x0: number, y0: number, x1: number, y1: number, stroke: Stroke): void;
  circle(x: number, y: number, radius: number, fill: string, stroke: Stroke): void;
  text(x: number, y: number, content: string, style: TextStyle): void;
  measure(content: string, style: Pick<TextStyle, 'mono' | 'bold' | 'size'>): number;
}

export const FONT_SIZE = 11;
export const SANS = 'system-ui, sans-serif';
export const MONO = 'ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** Colours of one theme, as the renderer needs them. */
export interface Palette {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly hairline: string;
  readonly grid: string;
  readonly danger: string;
  readonly baseline: string;
  readonly series: readonly string[];
}

/** Okabe and Ito's colours in the order in which runs take them. Yellow comes last: it is faint on white. */
export const OKABE_ITO = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#f0e442'] as const;

/** Exports are for papers and issues: light, whatever the screen shows. */
export const PAPER: Palette = {
  background: '#ffffff',
  text: '#16191d',
  muted: '#545c66',
  hairline: '#c4cad1',
  grid: '#eceef1',
  danger: '#b3261e',
  baseline: '#767e88',
  series: OKABE_ITO,
};
