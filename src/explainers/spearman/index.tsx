/** Pearson's r and Spearman's rho on points that can be dragged, added and removed. */
import { useMemo, useState, type ReactNode } from 'react';
import { sensitivityCorrelations } from '../data/reported';
import {
  EXACT_LIMIT,
  PEARSON,
  SPEARMAN,
  correlationP,
  fisherInterval,
  mulberry32,
  pearson,
  spearman,
} from '../maths/statistics';
import { Plot, type Frame } from '../plot/Plot';
import { choice, type Values } from '../widget/attributes';
import { Stats } from '../widget/controls';
import { defineWidget } from '../widget/define';
import { PRESETS, fitted, hold, presetDots, type Dot, type Preset } from './model';

const attributes = { preset: choice(PRESETS, 'outlier') };
const HUNDRED = [0, 100] as const;

function Spearman({ initial }: { readonly initial: Values<typeof attributes> }): ReactNode {
  const [dots, setDots] = useState<readonly Dot[]>(() => presetDots(initial.preset as Preset));
  const [held, setHeld] = useState<number | null>(null);
  const [xs, ys] = [dots.map((d) => d.x), dots.map((d) => d.y)];
  const t = dots.length > 2 ? spearman(xs, ys) : null;
  const counted = dots.length <= EXACT_LIMIT ? 'exact' : 'permutation';
  // Thousands of orders are too many for every move of the pointer.
  const counting = held === null && dots.length > 2;
  const p = useMemo(() => (counting ? spearman(xs, ys, { p: counted }).p : null), [dots, counting]); // eslint-disable-line react-hooks/exhaustive-deps
  const move = (i: number, x: number, y: number): void =>
    setDots((all) => all.map((d, j) => (j === i ? { x: hold(x), y: hold(y) } : d)));
  const add = (x: number, y: number): void => setDots((all) => [...all, { x: hold(x), y: hold(y) }]);
  const drop = (i: number): void => setDots((all) => all.filter((_, j) => j !== i));
  const show = (v: number): string => (Number.isFinite(v) ? v.toFixed(3).replace('-', '−') : 'undefined');
  const range = (v: readonly [number, number] | null): string =>
    v ? `${show(v[0])} … ${show(v[1])}` : 'needs n ≥ 4 and |ρ| < 1';
  const handles = (frame: Frame): ReactNode => (
    <g
      onPointerMove={(e) => {
        if (held === null) return;
        const box = (e.currentTarget.ownerSVGElement ?? e.currentTarget).getBoundingClientRect();
        move(held, ...frame.invert(e.clientX - box.left, e.clientY - box.top));
      }}
      onPointerUp={() => setHeld(null)}
      onPointerCancel={() => setHeld(null)}
      onDoubleClick={(e) => {
        const box = (e.currentTarget.ownerSVGElement ?? e.currentTarget).getBoundingClientRect();
        add(...frame.invert(e.clientX - box.left, e.clientY - box.top));
      }}
    >
      <rect width={frame.width} height={frame.height} fill="transparent" />
      {dots.map((d, i) => (
        <circle
          key={i}
          className="handle dot c1 filled"
          tabIndex={0}
          role="button"
          aria-label={`Point ${i + 1}: ${d.x.toFixed(0)}, ${d.y.toFixed(0)}. Arrow keys move it, Delete removes it.`}
          cx={frame.px(d.x)}
          cy={frame.py(d.y)}
          r={7}
          onPointerDown={(e) => {
            e.currentTarget.focus();
            // The point follows the pointer beyond the plot, and is let go wherever the button is.
            e.currentTarget.setPointerCapture(e.pointerId);
            setHeld(i);
          }}
          onContextMenu={(e) => {
            e.preventDefault();
            drop(i);
          }}
          onKeyDown={(e) => {
            const step = e.shiftKey ? 10 : 2;
            const by: Record<string, readonly [number, number]> = {
              ArrowLeft: [-step, 0],
              ArrowRight: [step, 0],
              ArrowUp: [0, step],
              ArrowDown: [0, -step],
            };
            if (e.key === 'Delete' || e.key === 'Backspace') drop(i);
            else if (by[e.key]) move(i, d.x + by[e.key][0], d.y + by[e.key][1]);
            else return;
            e.preventDefault();
          }}
        />
      ))}
    </g>
  );
  const noise = (): void => {
    const random = mulberry32(dots.length + Math.floor(xs.reduce((a, b) => a + b, 0)));
    setDots((all) => [...all, ...Array.from({ length: 5 }, () => ({ x: 100 * random(), y: 100 * random() }))]);
  };
  return (
    <>
      <div className="groups">
        <div className="buttons" role="group" aria-label="Start from">
          {PRESETS.map((name) => (
            <button type="button" key={name} onClick={() => setDots(presetDots(name))}>
              {name[0].toUpperCase() + name.slice(1)}
            </button>
          ))}
        </div>
        <div className="buttons" role="group" aria-label="Points">
          <button type="button" onClick={() => add(50, 50)}>
            Add a point
          </button>
          <button type="button" onClick={noise}>
            Add 5 random points
          </button>
          <button type="button" onClick={() => setDots([])}>
            Clear
          </button>
        </div>
      </div>
      <Plot
        title="Drag a point, or focus it and use the arrow keys; double click adds one, Delete removes one"
        x={{ title: 'x (no unit)', domain: HUNDRED }}
        y={{ title: 'y (no unit)', domain: HUNDRED }}
        series={[
          {
            name: 'least squares line, as r sees the points',
            mark: 'line',
            color: 2,
            dashed: true,
            points: fitted(dots),
          },
        ]}
        marks={handles}
        height={320}
      />
      {t === null ? (
        <p className="note">Add at least three points for a correlation.</p>
      ) : (
        <Stats
          items={[
            ['points, n', String(dots.length)],
            ['Spearman ρ', show(t.rho)],
            ['95 % interval of ρ', range(t.interval)],
            ['p of ρ by t', show(t.p)],
            [counted === 'exact' ? 'p of ρ, all orders' : 'p of ρ, 9,999 orders', p === null ? '…' : show(p)],
            ['Pearson r', show(pearson(xs, ys))],
            ['95 % interval of r', range(fisherInterval(pearson(xs, ys), dots.length, PEARSON))],
            ['p of r by t', show(correlationP(pearson(xs, ys), dots.length))],
          ]}
        />
      )}
      <p className="note">
        Up to {EXACT_LIMIT} points every order of y is counted; beyond that 9,999 random ones with a fixed seed. With
        few points the two p values differ: trust the count.
      </p>
      <Reported />
    </>
  );
}

/** Correlations others reported, with the interval that their n allows. */
function Reported(): ReactNode {
  const rows = sensitivityCorrelations.rows.filter((r) => Math.abs(r.value_1) <= 1 && r.n_models !== null);
  return (
    <details>
      <summary>Reported correlations and what their n allows ({rows.length})</summary>
      <p className="caveat">
        {sensitivityCorrelations.caveats[0]} “Not detected” is not “absent”: the interval says which correlations remain
        possible.
      </p>
      <div className="scroll" tabIndex={0} role="region" aria-label="Reported correlations">
        <table>
          <thead>
            <tr>
              <th>Target</th>
              <th>Predictor</th>
              <th>Statistic</th>
              <th>Value</th>
              <th>n</th>
              <th>p by t</th>
              <th>95 %</th>
              <th>Source</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((r, i) => {
              const correlation = /rho|pearson/.test(r.statistic) && r.n_models! > 2;
              const factor = r.statistic.includes('pearson') ? PEARSON : SPEARMAN;
              const ci = correlation ? fisherInterval(r.value_1, r.n_models!, factor) : null;
              return (
                <tr key={i}>
                  <td>{r.target}</td>
                  <td>{r.predictor}</td>
                  <td>{r.statistic}</td>
                  <td>{r.value_1}</td>
                  <td>{r.n_models}</td>
                  <td>{correlation ? correlationP(r.value_1, r.n_models!).toFixed(3) : '–'}</td>
                  <td>{ci ? `${ci[0].toFixed(2)} … ${ci[1].toFixed(2)}` : '–'}</td>
                  <td>{r.source}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </details>
  );
}

export const widget = defineWidget({
  tag: 'wb-spearman',
  title: 'Rank correlation',
  summary:
    'Pearson measures a straight line, Spearman any rising order. One outlier moves the first far more than the second.',
  attributes,
  component: Spearman,
});
