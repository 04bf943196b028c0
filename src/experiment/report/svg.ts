/** SVG as text: elements, escaped names, axes with ticks and titles. Pixels; y grows downwards. */

/** Okabe and Ito's palette: told apart with every common colour blindness, and in grey by the dashes that go with them. */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'] as const;
const DASHES = ['', '6 3', '2 2', '8 3 2 3', '1 3'] as const;

export const colourOf = (index: number): string => COLOURS[index % COLOURS.length]!;
/** A second look beside the colour: differs again when the colours repeat. */
export const dashOf = (index: number): string => DASHES[(Math.floor(index / COLOURS.length) + index) % DASHES.length]!;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text and attribute values: names come from files of other people. Control characters are no XML. */
export const escapeXml = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '').replace(/[&<>"']/g, (c) => ENTITIES[c]!);

export type Attributes = Readonly<Record<string, string | number>>;

const number = (value: string | number): string =>
  typeof value === 'number' ? String(Math.round(100 * value) / 100) : escapeXml(value);

/** `children` are elements already. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${number(value)}"`);
  return children.length === 0
    ? `<${name}${written.join('')}/>`
    : `<${name}${written.join('')}>${children.join('')}</${name}>`;
}

export const textAt = (x: number, y: number, text: string, attributes: Attributes = {}): string =>
  element('text', { x, y, ...attributes }, [escapeXml(text)]);

export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Value -> pixel. */
  readonly map: (value: number) => number;
  readonly ticks: readonly number[];
}

/** About `count` round numbers from `low` to `high`: steps of 1, 2 or 5 times a power of ten. */
export function roundTicks(low: number, high: number, count = 5): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A linear scale with a margin of `pad` of the range; one value gets a range of its own. */
export function linearScale(values: readonly number[], from: number, to: number, pad = 0.04): Scale {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (!Number.isFinite(low)) [low, high] = [0, 1];
  const margin = high > low ? pad * (high - low) : Math.max(Math.abs(high) * 0.1, 1e-9);
  [low, high] = [low - margin, high + margin];
  return {
    low,
    high,
    map: (value) => from + ((value - low) / (high - low)) * (to - from),
    ticks: roundTicks(low, high),
  };
}

export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export const tickText = (value: number): string =>
  Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(6)));

const MUTED = '#555';
export const GRID = '#ddd';

/** The x axis below the frame, with a title that carries the unit. */
export function xAxis(frame: Frame, scale: Scale, title: string): string[] {
  const bottom = frame.top + frame.height;
  return [
    ...scale.ticks.flatMap((tick) => [
      element('line', { x1: scale.map(tick), x2: scale.map(tick), y1: frame.top, y2: bottom, stroke: GRID }),
      textAt(scale.map(tick), bottom + 16, tickText(tick), { 'text-anchor': 'middle', fill: MUTED }),
    ]),
    element('line', { x1: frame.left, x2: frame.left + frame.width, y1: bottom, y2: bottom, stroke: MUTED }),
    textAt(frame.left + frame.width / 2, bottom + 34, title, { 'text-anchor': 'middle' }),
  ];
}

export function yAxis(frame: Frame, scale: Scale, title: string): string[] {
  const middle = frame.top + frame.height / 2;
  const x = frame.left - 50;
  return [
    ...scale.ticks.flatMap((tick) => [
      element('line', { x1: frame.left, x2: frame.left + frame.width, y1: scale.map(tick), y2: scale.map(tick), stroke: GRID }), // prettier-ignore
      textAt(frame.left - 6, scale.map(tick) + 4, tickText(tick), { 'text-anchor': 'end', fill: MUTED }),
    ]),
    textAt(x, middle, title, { 'text-anchor': 'middle', transform: `rotate(-90 ${x} ${middle})` }),
  ];
}

/** A standalone document on white, with a title for screen readers. */
export function document(width: number, height: number, title: string, children: readonly string[]): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img',
    'font-family': 'system-ui, sans-serif', 'font-size': 12, fill: '#111',
  }; // prettier-ignore
  const background = element('rect', { width, height, fill: '#fff' });
  return `${element('svg', attributes, [element('title', {}, [escapeXml(title)]), background, ...children])}\n`;
}
