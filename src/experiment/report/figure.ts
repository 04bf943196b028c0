/**
 * The figure of a report: held-out loss against the step, one line a group (mean over its runs, a band from the lowest to the
 * highest), and below it each group's change against the baseline with its bootstrap interval.
 */
import { mean } from '../stats/summary';
import type { Report, ReportRow } from './report';
import { type Frame, GRID, colourOf, dashOf, document, element, linearScale, textAt, xAxis, yAxis } from './svg';

/** Held-out losses of one run, in nats a token. */
export interface LossCurve {
  readonly group: string;
  readonly points: readonly (readonly [step: number, loss: number])[];
}

const WIDTH = 760;
const LEFT = 70;
const PLOT = 420;
const LEGEND = LEFT + PLOT + 16;
const ROW = 22;
const MAX_LABEL = 36;

/** Long names are cut in the middle: their ends tell groups apart. */
const short = (name: string): string =>
  name.length <= MAX_LABEL ? name : `${name.slice(0, MAX_LABEL / 2 - 1)}…${name.slice(-(MAX_LABEL / 2 - 1))}`;

interface Band {
  readonly step: number;
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

/** Steps that all of the group's curves have. */
function bandOf(curves: readonly LossCurve[]): Band[] {
  const tables = curves.map(({ points }) => new Map(points));
  return [...(tables[0]?.keys() ?? [])]
    .filter((step) => tables.every((table) => table.has(step)))
    .map((step) => {
      const values = tables.map((table) => table.get(step)!);
      return { step, low: Math.min(...values), middle: mean(values), high: Math.max(...values) };
    });
}

function curvesPanel(frame: Frame, rows: readonly ReportRow[], curves: readonly LossCurve[]): string[] {
  const bands = rows.map((row) => bandOf(curves.filter(({ group }) => group === row.group)));
  const all = bands.flat();
  const x = linearScale(all.map(({ step }) => step), frame.left, frame.left + frame.width, 0); // prettier-ignore
  const y = linearScale(all.flatMap(({ low, high }) => [low, high]), frame.top + frame.height, frame.top); // prettier-ignore
  const at = (step: number, value: number): string => `${x.map(step).toFixed(1)},${y.map(value).toFixed(1)}`;
  const lines = bands.flatMap((band, i) => {
    if (band.length === 0) return [];
    const edge = [...band.map((b) => at(b.step, b.high)), ...band.toReversed().map((b) => at(b.step, b.low))];
    const middle = band.map((b) => at(b.step, b.middle));
    const dash = dashOf(i);
    return [
      element('polygon', { points: edge.join(' '), fill: colourOf(i), 'fill-opacity': 0.15 }),
      element('polyline', { points: middle.join(' '), fill: 'none', stroke: colourOf(i), 'stroke-width': 1.8, ...(dash && { 'stroke-dasharray': dash }) }), // prettier-ignore
    ];
  });
  return [...xAxis(frame, x, 'step'), ...yAxis(frame, y, 'held-out loss (nats a token)'), ...lines];
}

function legend(top: number, rows: readonly ReportRow[]): string[] {
  return rows.flatMap((row, i) => {
    const y = top + 10 + i * 18;
    const dash = dashOf(i);
    return [
      element('line', { x1: LEGEND, x2: LEGEND + 24, y1: y - 4, y2: y - 4, stroke: colourOf(i), 'stroke-width': 2.5, ...(dash && { 'stroke-dasharray': dash }) }), // prettier-ignore
      textAt(LEGEND + 30, y, `${short(row.group)} (n ${row.values.length})`),
    ];
  });
}

/** One row a compared group: point, interval, zero line. */
function changePanel(top: number, rows: readonly ReportRow[], report: Report): string[] {
  const compared = rows.flatMap((row, i) => (row.paired ? [{ row, i, paired: row.paired }] : []));
  if (compared.length === 0) return [];
  const frame: Frame = { left: LEFT, top, width: PLOT, height: compared.length * ROW + 8 };
  const ends = compared.flatMap(({ paired: { relative, interval } }) => [
    relative,
    ...(interval ? [interval.low, interval.high] : []),
  ]);
  const x = linearScale([0, ...ends].map((v) => 100 * v), frame.left, frame.left + frame.width, 0.08); // prettier-ignore
  const zero = x.map(0);
  const marks = compared.flatMap(({ row, i, paired }, k) => {
    const y = top + 4 + (k + 0.5) * ROW;
    const { interval } = paired;
    const text = `${short(row.group)}  p ${paired.test.p.toPrecision(2)}, n ${paired.n}`;
    return [
      ...(interval
        ? [element('line', { x1: x.map(100 * interval.low), x2: x.map(100 * interval.high), y1: y, y2: y, stroke: colourOf(i), 'stroke-width': 2 })] // prettier-ignore
        : []),
      element('circle', { cx: x.map(100 * paired.relative), cy: y, r: 4, fill: colourOf(i) }),
      textAt(LEGEND, y + 4, text),
    ];
  });
  const title = `change of ${report.metric} against ${short(report.baseline ?? '')} (%, lower is better)`;
  const line = element('line', { x1: zero, x2: zero, y1: top, y2: top + frame.height, stroke: '#555', 'stroke-dasharray': '4 3' }); // prettier-ignore
  return [...xAxis(frame, x, title), line, ...marks];
}

/** What the parts of the groups' names are, where they do not say it themselves. */
function axisNames(rows: readonly ReportRow[]): string {
  const names = Object.entries(rows[0]?.axes ?? {});
  return names.filter(([name, label]) => name !== 'run' && !label.startsWith(`${name}=`)).map(([name]) => name).join(' '); // prettier-ignore
}

/** A standalone SVG of 760 pixels' width. Groups without a run that ended well are left out. */
export function reportFigure(report: Report, curves: readonly LossCurve[], title: string): string {
  const rows = report.rows.filter(({ values }) => values.length > 0);
  const compared = rows.filter(({ paired }) => paired).length;
  const frame: Frame = { left: LEFT, top: 40, width: PLOT, height: Math.max(240, rows.length * 18) };
  const below = frame.top + frame.height + 60;
  const notes = report.notes.map((note, i) => ({ note, y: below + (compared > 0 ? compared * ROW + 66 : 4) + i * 16 }));
  const height = (notes.at(-1)?.y ?? below + compared * ROW + 50) + 16;
  return document(WIDTH, height, title, [
    textAt(LEFT, 24, title, { 'font-size': 14, 'font-weight': 600 }),
    textAt(LEGEND, 24, axisNames(rows), { fill: '#555' }),
    element('rect', { x: frame.left, y: frame.top, width: frame.width, height: frame.height, fill: 'none', stroke: GRID }), // prettier-ignore
    ...curvesPanel(frame, rows, curves),
    ...legend(frame.top, rows),
    ...changePanel(below, rows, report),
    ...notes.map(({ note, y }) => textAt(LEFT, y, `Note: ${note}`, { 'font-size': 10.5, fill: '#555' })),
  ]);
}
