/** A small SVG plot: titled axes, marks, legend, tooltip, and the table of its points with their sources. */
import { useId, useState, type ReactNode } from 'react';
import { label, linearTicks, logTicks, tickLabels } from './ticks';
import { useWidth } from './use-width';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Where a reported figure comes from; absent for computed ones. */
  readonly source?: string;
  readonly name?: string;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  readonly mark: 'line' | 'dots' | 'bars';
  /** Index into the Okabe-Ito series; 0 is the neutral baseline. */
  readonly color: number;
  readonly dashed?: boolean;
  /** A second pattern, where more lines than colours stand in one plot. */
  readonly dotted?: boolean;
  /** Filled dots are computed or local; hollow ones are reported by others. */
  readonly filled?: boolean;
}

export interface Axis {
  readonly title: string;
  readonly log?: boolean;
  readonly domain?: readonly [number, number];
  readonly ticks?: readonly number[];
  readonly format?: (v: number) => string;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly px: (x: number) => number;
  readonly py: (y: number) => number;
  readonly invert: (px: number, py: number) => readonly [number, number];
}

export interface PlotProps {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly caveats?: readonly string[];
  readonly height?: number;
  readonly empty?: string;
  readonly marks?: (frame: Frame) => ReactNode;
}

/** Mean width of a character of the tick labels, in pixels. */
const CHARACTER = 6.2;
const MARGIN = { left: 58, right: 14, top: 10, bottom: 42 };

export function Plot(props: PlotProps): ReactNode {
  const { title, x, y, series, height = 280, caveats = [], marks } = props;
  const [holder, width] = useWidth(640);
  const [hover, setHover] = useState<{ readonly p: Point; readonly s: Series } | null>(null);
  const id = useId();
  const all = series.flatMap((s) => s.points).filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y));
  const frame = makeFrame(
    width,
    height,
    x.domain ??
      extent(
        all.map((p) => p.x),
        x.log,
      ),
    y.domain ??
      extent(
        all.map((p) => p.y),
        y.log,
      ),
    x,
    y,
  );
  const pick = (event: React.PointerEvent<SVGSVGElement>): void => {
    const box = event.currentTarget.getBoundingClientRect();
    setHover(nearest(series, frame, event.clientX - box.left, event.clientY - box.top));
  };
  return (
    <figure className="plot" aria-labelledby={id}>
      <figcaption id={id}>{title}</figcaption>
      <Legend series={series} />
      <div className="plot-hold" ref={holder}>
        <svg
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label={`${title}. ${y.title} against ${x.title}.`}
          onPointerMove={pick}
          onPointerLeave={() => setHover(null)}
        >
          <Axes frame={frame} x={x} y={y} />
          {series.map((s) => (
            <Marks key={s.name} series={s} frame={frame} />
          ))}
          {hover && <circle className="ring" cx={frame.px(hover.p.x)} cy={frame.py(hover.p.y)} r={7} />}
          {all.length === 0 && !marks && (
            <text className="empty" x={width / 2} y={height / 2}>
              {props.empty ?? 'No points'}
            </text>
          )}
        </svg>
        {marks && (
          <svg className="overlay" width={width} height={height} role="group" aria-label="Points">
            {marks(frame)}
          </svg>
        )}
      </div>
      <p className="readout" aria-hidden={hover === null}>
        {hover
          ? `${hover.s.name}${hover.p.name ? ` · ${hover.p.name}` : ''}: ${label(hover.p.x)} → ${label(hover.p.y)}${hover.p.source ? ` · ${hover.p.source}` : ''}`
          : ' '}
      </p>
      {caveats.map((c) => (
        <p className="caveat" key={c}>
          {c}
        </p>
      ))}
      <PointTable series={series} x={x} y={y} />
    </figure>
  );
}

function Axes({ frame, x, y }: { readonly frame: AnyFrame; readonly x: Axis; readonly y: Axis }): ReactNode {
  const { width, height } = frame;
  const bottom = height - MARGIN.bottom;
  const xt = x.ticks ?? (x.log ? logTicks : linearTicks)(frame.dx, Math.max(3, Math.floor((width - MARGIN.left) / 75)));
  const yt = y.ticks ?? (y.log ? logTicks : linearTicks)(frame.dy, 5);
  const xLabels = x.format ? xt.map(x.format) : tickLabels(xt);
  const yLabels = y.format ? yt.map(y.format) : tickLabels(yt);
  const room = xt.length > 1 ? Math.abs(frame.px(xt[1]) - frame.px(xt[0])) : width;
  return (
    <g className="axes">
      {yt.map((t, i) => (
        <g key={t}>
          <line className="grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={frame.py(t)} y2={frame.py(t)} />
          <text x={MARGIN.left - 6} y={frame.py(t)} dy="0.32em" textAnchor="end">
            {yLabels[i]}
          </text>
        </g>
      ))}
      {xt.map((t, i) => (
        <g key={t}>
          <line className="tick" x1={frame.px(t)} x2={frame.px(t)} y1={bottom} y2={bottom + 4} />
          <TickLabel x={frame.px(t)} y={bottom} room={room} limit={width} text={xLabels[i]!} />
        </g>
      ))}
      <path className="frame" d={`M${MARGIN.left},${MARGIN.top}V${bottom}H${width - MARGIN.right}`} />
      <text className="axis" x={(MARGIN.left + width - MARGIN.right) / 2} y={height - 4} textAnchor="middle">
        {x.title}
      </text>
      <text className="axis" transform={`translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)`} textAnchor="middle">
        {y.title}
      </text>
    </g>
  );
}

/** On one line, or its words (or what a slash joins) on two where the neighbours are near. */
function TickLabel(props: {
  readonly x: number;
  readonly y: number;
  readonly room: number;
  /** Right edge of the drawing: a label there moves in. */
  readonly limit: number;
  readonly text: string;
}): ReactNode {
  const words = props.text.split(/ |(?<=\/)/);
  const wide = props.text.length * CHARACTER > props.room - 4 && words.length > 1;
  const lines = wide ? [words[0], words.slice(1).join(' ')] : [props.text];
  return lines.map((line, i) => (
    <text
      key={i}
      x={Math.min(props.x, props.limit - (line.length * CHARACTER) / 2)}
      y={props.y + 14 + i * 11}
      textAnchor="middle"
    >
      {line}
    </text>
  ));
}

function Marks({ series: s, frame }: { readonly series: Series; readonly frame: AnyFrame }): ReactNode {
  const points = s.points.filter((p) => Number.isFinite(frame.px(p.x)) && Number.isFinite(frame.py(p.y)));
  const inside = (p: Point): boolean =>
    p.x >= frame.dx[0] && p.x <= frame.dx[1] && p.y >= frame.dy[0] && p.y <= frame.dy[1];
  const bottom = frame.height - MARGIN.bottom;
  switch (s.mark) {
    case 'line': {
      const d = points.map(
        (p, i) =>
          `${i ? 'L' : 'M'}${frame.px(p.x).toFixed(1)},${Math.max(MARGIN.top, Math.min(bottom, frame.py(p.y))).toFixed(1)}`,
      );
      return <path className={lineClass(s)} d={d.join('')} />;
    }
    case 'dots':
      return points
        .filter(inside)
        .map((p, i) => (
          <circle
            key={i}
            className={`dot c${s.color}${s.filled ? ' filled' : ''}`}
            cx={frame.px(p.x)}
            cy={frame.py(p.y)}
            r={4}
          />
        ));
    case 'bars': {
      // Bars stand at whole numbers.
      const width = Math.min(40, 0.7 * Math.abs(frame.px(1) - frame.px(0)));
      return points.map((p, i) => {
        const top = frame.py(p.y);
        const zero = frame.dy[0] <= 0 && !frame.logY ? frame.py(0) : bottom;
        return (
          <rect
            key={i}
            className={`bar c${s.color}${s.filled ? ' filled' : ''}`}
            x={frame.px(p.x) - width / 2}
            width={width}
            y={Math.min(top, zero)}
            height={Math.max(1, Math.abs(zero - top))}
          />
        );
      });
    }
  }
}

const lineClass = (s: Series): string => `line c${s.color}${s.dotted ? ' dotted' : s.dashed ? ' dashed' : ''}`;

function Legend({ series }: { readonly series: readonly Series[] }): ReactNode {
  if (series.length === 0) return null;
  return (
    <ul className="legend">
      {series.map((s) => (
        <li key={s.name}>
          <svg width={18} height={10} aria-hidden="true">
            {s.mark === 'line' ? (
              <path className={lineClass(s)} d="M0,5H18" />
            ) : s.mark === 'dots' ? (
              <circle className={`dot c${s.color}${s.filled ? ' filled' : ''}`} cx={9} cy={5} r={4} />
            ) : (
              <rect className={`bar c${s.color}${s.filled ? ' filled' : ''}`} x={3} y={1} width={12} height={8} />
            )}
          </svg>
          {s.name}
        </li>
      ))}
    </ul>
  );
}

function PointTable({
  series,
  x,
  y,
}: {
  readonly series: readonly Series[];
  readonly x: Axis;
  readonly y: Axis;
}): ReactNode {
  const rows = series.filter((s) => s.mark !== 'line').flatMap((s) => s.points.map((p) => ({ s, p })));
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>Points and sources ({rows.length})</summary>
      <div className="scroll" tabIndex={0} role="region" aria-label="Points and sources">
        <table>
          <thead>
            <tr>
              <th>Series</th>
              <th>{x.title}</th>
              <th>{y.title}</th>
              <th>Source</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ s, p }, i) => (
              <tr key={i}>
                <td>{p.name ?? s.name}</td>
                <td className="num">{x.format ? x.format(p.x) : String(p.x)}</td>
                <td className="num">{String(Number(p.y.toPrecision(6)))}</td>
                <td>{p.source ?? 'computed here'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

interface AnyFrame extends Frame {
  readonly dx: readonly [number, number];
  readonly dy: readonly [number, number];
  readonly logY: boolean;
}

function makeFrame(
  width: number,
  height: number,
  dx: readonly [number, number],
  dy: readonly [number, number],
  x: Axis,
  y: Axis,
): AnyFrame {
  const to = (log: boolean | undefined, v: number): number => (log ? Math.log10(v) : v);
  const scale = (
    d: readonly [number, number],
    log: boolean | undefined,
    from: number,
    until: number,
  ): { map: (v: number) => number; back: (p: number) => number } => {
    const [lo, hi] = [to(log, d[0]), to(log, d[1])];
    const back = (p: number): number => lo + ((p - from) / (until - from)) * (hi - lo);
    return {
      map: (v) => from + ((to(log, v) - lo) / (hi - lo)) * (until - from),
      back: (p) => (log ? 10 ** back(p) : back(p)),
    };
  };
  const sx = scale(dx, x.log, MARGIN.left, width - MARGIN.right);
  const sy = scale(dy, y.log, height - MARGIN.bottom, MARGIN.top);
  return {
    width,
    height,
    dx,
    dy,
    logY: y.log ?? false,
    px: sx.map,
    py: sy.map,
    invert: (p, q) => [sx.back(p), sy.back(q)],
  };
}

function extent(values: readonly number[], log = false): readonly [number, number] {
  const usable = values.filter((v) => !log || v > 0);
  if (usable.length === 0) return log ? [1, 10] : [0, 1];
  const [lo, hi] = [Math.min(...usable), Math.max(...usable)];
  if (log) return hi > lo ? [lo / (hi / lo) ** 0.05, hi * (hi / lo) ** 0.05] : [lo / 2, hi * 2];
  const air = hi > lo ? (hi - lo) * 0.06 : Math.abs(hi) * 0.5 || 1;
  return [lo >= 0 && lo < (hi - lo) * 0.5 ? 0 : lo - air, hi + air];
}

function nearest(series: readonly Series[], frame: Frame, px: number, py: number): { p: Point; s: Series } | null {
  let best: { p: Point; s: Series } | null = null;
  let limit = 24 ** 2;
  for (const s of series) {
    for (const p of s.points) {
      const d = (frame.px(p.x) - px) ** 2 + (frame.py(p.y) - py) ** 2;
      if (d < limit) [best, limit] = [{ p, s }, d];
    }
  }
  return best;
}
