/** One head's rows as a map: queries down, keys across, the causal half. Arrow keys move over the cells. */
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import type { HeadMap } from '@/worker/protocol';
import { percent } from '../../format';

const CELL = 10;
/** Labels on an axis before some are left out. */
const LABELS = 20;
const LEGEND = [0, 0.05, 0.2, 0.5, 1];

/** Colour goes with the square root: most weights of a long row are small. */
const strength = (p: number): number => Math.round(1000 * Math.sqrt(Math.min(1, p))) / 1000;

/** Start of row i in packed rows. */
const rowStart = (i: number): number => (i * (i + 1)) / 2;

const shown = (token: string): string => token.replace(/\n/g, '\u21b5').replace(/ /g, '\u00b7');

/** The map in words: where the mean row looks. */
export function describeMap({ layer, head, kind, rows }: HeadMap, tokens: number): string {
  const mean = (key: (i: number) => number): string => {
    let sum = 0;
    for (let i = 1; i < tokens; i++) sum += rows[rowStart(i) + key(i)]!;
    return percent(sum / Math.max(1, tokens - 1));
  };
  const head0 = `Layer ${layer}, head ${head}, ${kind} attention over ${tokens} tokens.`;
  if (tokens < 2) return head0;
  return `${head0} Mean weight after the first query: ${mean((i) => i)} on itself, ${mean((i) => i - 1)} on the token before, ${mean(() => 0)} on the first token.`;
}

export function AttentionMap({
  map,
  tokens,
}: {
  readonly map: HeadMap;
  readonly tokens: readonly string[];
}): ReactNode {
  const n = tokens.length;
  const [at, setAt] = useState<readonly [query: number, key: number]>([n - 1, 0]);
  const query = Math.min(at[0], n - 1);
  const key = Math.min(at[1], query);
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const q = Math.max(0, Math.min(n - 1, query + step[0]!));
    setAt([q, Math.max(0, Math.min(q, key + step[1]!))]);
  };
  const every = Math.ceil(n / LABELS);
  const size = n * CELL;
  // The panel is about 270 pixels wide: letters of about 10, whatever the number of tokens.
  const font = size / 25;
  const margin = 2.7 * font;
  const words = describeMap(map, n);
  return (
    <figure className="attention-figure">
      <div
        className="attention-map"
        tabIndex={0}
        role="group"
        aria-label={`${words} Arrow keys move over the cells.`}
        onKeyDown={move}
      >
        <svg viewBox={`${-margin} ${-margin} ${size + margin} ${size + margin}`} fontSize={font} aria-hidden="true">
          {tokens.map((token, i) => (
            <g key={i}>
              <rect className="attention-ground" x={0} y={i * CELL} width={(i + 1) * CELL} height={CELL} />
              {Array.from({ length: i + 1 }, (_, j) => (
                <rect
                  key={j}
                  className="attention-cell"
                  x={j * CELL}
                  y={i * CELL}
                  width={CELL}
                  height={CELL}
                  fillOpacity={strength(map.rows[rowStart(i) + j]!)}
                  onPointerEnter={() => setAt([i, j])}
                />
              ))}
              {i % every === 0 && (
                <>
                  <text className="num" x={-font / 3} y={(i + 0.5) * CELL + font / 3} textAnchor="end">
                    {shown(token).slice(0, 4)}
                  </text>
                  <text
                    className="num"
                    transform={`translate(${(i + 0.5) * CELL + font / 3} ${-font / 3}) rotate(-90)`}
                  >
                    {shown(token).slice(0, 4)}
                  </text>
                </>
              )}
            </g>
          ))}
          <rect className="attention-here" x={key * CELL} y={query * CELL} width={CELL} height={CELL} />
        </svg>
      </div>
      <output className="num">
        query {query} “{shown(tokens[query]!)}”, key {key} “{shown(tokens[key]!)}”:{' '}
        {map.rows[rowStart(query) + key]!.toFixed(4)}
      </output>
      <div className="attention-legend num" role="img" aria-label="Colour of weights from 0 to 1">
        {LEGEND.map((p) => (
          <span key={p}>
            <svg viewBox="0 0 10 10" aria-hidden="true">
              <rect className="attention-ground" width="10" height="10" />
              <rect className="attention-cell" width="10" height="10" fillOpacity={strength(p)} />
            </svg>
            {p}
          </span>
        ))}
      </div>
      <figcaption className="muted">Queries down, keys across. {words}</figcaption>
    </figure>
  );
}
