/** One drawing for each kind of own measurement. Filled marks are local; lines are fits made here. */
import type { ReactNode } from 'react';
import { fitAffine, fitHill, hill } from '../maths/fits';
import { Plot, type Axis, type Series } from '../plot/Plot';
import { label } from '../plot/ticks';
import { sequences, Stats } from '../widget/controls';
import type { OwnKind, OwnOf } from './record';

interface Of<K extends OwnKind> {
  readonly of: OwnOf<K>;
}

const SEQUENCES: Readonly<Record<string, readonly [name: string, color: number]>> = {
  train: ['kernels of the training step', 1],
  update: ['kernels of the optimizer', 3],
  decode: ['kernels of decode', 2],
};

/** The measured roof in GFLOP/s, with the kernels that compute; an own plot, since the reported roofs are datasheet peaks. */
export function RooflineView({ of: { roof, ops } }: Of<'roofline'>): ReactNode {
  const ridge = roof.fmaGflops / roof.bandwidthGBs;
  const dots = ops.filter((o) => o.intensity > 0 && o.gflops > 0);
  const xs = [ridge, ...dots.map((o) => o.intensity)];
  const domain = [Math.min(...xs) / 2, Math.max(...xs) * 2] as const;
  const decode = ops.filter((o) => o.sequence === 'decode');
  const best = Math.max(...decode.map((o) => o.gbs));
  return (
    <>
      <Plot
        title="Measured roof of this adapter, and its kernels"
        x={{ title: 'arithmetic intensity (FLOP/byte)', log: true, domain }}
        y={{ title: 'measured rate (GFLOP/s)', log: true }}
        series={[
          {
            name: 'measured roof',
            mark: 'line' as const,
            color: 0,
            points: [domain[0], ridge, domain[1]].map((x) => ({
              x,
              y: Math.min(roof.fmaGflops, roof.bandwidthGBs * x),
            })),
          },
          ...Object.entries(SEQUENCES).map(([sequence, [name, color]]) => ({
            name,
            color,
            mark: 'dots' as const,
            filled: true,
            points: dots
              .filter((o) => o.sequence === sequence)
              .map((o) => ({ x: o.intensity, y: o.gflops, name: `${o.family} ${o.variant}`, source: 'measured here' })),
          })),
        ].filter((s) => s.points.length > 0)}
        caveats={['A dot over the roof read its data from a cache.']}
      />
      <Stats
        items={[
          ['stream copy', `${label(roof.bandwidthGBs)} GB/s`],
          ['FMA chains', `${label(roof.fmaGflops)} GFLOP/s`],
          ['ridge', `${label(ridge)} FLOP/B`],
          ...(decode.length > 0 ? [['fastest decode kernel', `${label(best)} GB/s`] as const] : []),
        ]}
      />
    </>
  );
}

export function SaturationView({ of: { points } }: Of<'saturation'>): ReactNode {
  const [xs, ys] = [points.map((p) => p.batch), points.map((p) => p.tokensPerSecond)];
  const fit = new Set(xs).size > 3 ? fitHill(xs, ys) : null;
  // A half-saturation far beyond the measured batches is no finding.
  const found = fit !== null && fit.bHalf < 10 * Math.max(...xs) ? fit : null;
  const line: Series[] =
    found === null ? [] : [{ name: 'Hill fit made here', mark: 'line', color: 2, points: grid(xs).map((x) => ({ x, y: hill(found, x) })) }]; // prettier-ignore
  return (
    <>
      <Plot
        title="Your decode rate against batch"
        x={{ title: 'batch (sequences)', log: true, ticks: [...new Set(xs)] }}
        y={{ title: 'throughput (tok/s)' }}
        series={[measured(points.map((p) => ({ x: p.batch, y: p.tokensPerSecond }))), ...line]}
      />
      <Stats
        items={[
          ['context', `${points[0].context.toLocaleString('en-US')} tokens`],
          ['S_max', found ? `${label(found.sMax)} tok/s` : 'beyond these batches'],
          ['B_half', found ? label(found.bHalf) : 'beyond these batches'],
        ]}
      />
    </>
  );
}

export function ContextView({ of: { points } }: Of<'context'>): ReactNode {
  const xs = points.map((p) => p.context);
  const fit = new Set(xs).size > 2 ? fitAffine(xs, points.map((p) => p.medianMs)) : null; // prettier-ignore
  const last = Math.max(...xs);
  const line: Series[] =
    fit === null ? [] : [{ name: 'affine fit made here', mark: 'line', color: 2, points: [0, last].map((x) => ({ x, y: fit.a + fit.b * x })) }]; // prettier-ignore
  return (
    <>
      <Plot
        title="Your time of one token against context"
        x={{ title: 'context (tokens)' }}
        y={{ title: 'time (ms)' }}
        series={[measured(points.map((p) => ({ x: p.context, y: p.medianMs }))), ...line]}
      />
      <Stats
        items={[
          ['batch', sequences(points[0].batch)],
          ['without context', fit ? `${label(fit.a)} ms` : 'too few points'],
          ['each cached token', fit ? `${label(1000 * fit.b)} µs (R² ${fit.r2.toFixed(3)})` : 'too few points'],
        ]}
      />
    </>
  );
}

export function FusionView({ of: { rows, shape } }: Of<'fusion'>): ReactNode {
  return (
    <Plot
      title={`Your attention kernels, ${sequences(shape.batch)} of ${shape.context} tokens`}
      x={named(
        'how K and V are stored',
        rows.map((r) => r.name.replaceAll('_', ' ').replace(' first', '')),
      )}
      y={{ title: 'time (ms)', domain: [0, 1.1 * Math.max(...rows.map((r) => r.ms))] }}
      series={[
        {
          name: 'measured here',
          mark: 'bars',
          color: 1,
          filled: true,
          points: rows.map((r, x) => ({
            x,
            y: r.ms,
            name: r.name.replaceAll('_', ' '),
            source: `${label(r.speed_up_over_f32)}× f32, ${label(r.cache_bytes)} B of cache allocated`,
          })),
        },
      ]}
    />
  );
}

export function AsymmetryView({ of: { rows, tokens } }: Of<'asymmetry'>): ReactNode {
  const changes = rows.map((r) => r.delta_perplexity_pct);
  const [low, high] = [Math.min(0, ...changes), Math.max(0, ...changes)];
  const air = 0.08 * (high - low || 1);
  return (
    <Plot
      title="Your model's perplexity by precision of keys (K) and values (V)"
      x={named(
        'stored keys / values',
        rows.map((r) => `${r.k} ${r.v}`),
      )}
      y={{ title: 'perplexity change (%)', domain: [low < 0 ? low - air : 0, high + air] }}
      series={[
        {
          name: 'measured here',
          mark: 'bars',
          color: 1,
          filled: true,
          points: rows.map((r, x) => ({
            x,
            y: r.delta_perplexity_pct,
            name: `K ${r.k}, V ${r.v}`,
            source: `perplexity ${label(r.perplexity)} on ${tokens} held-out tokens`,
          })),
        },
      ]}
      caveats={['A small model of a short training: not the 7B models above.']}
    />
  );
}

export function PruningView({ of: runs }: { readonly of: readonly OwnOf<'pruning'>[] }): ReactNode {
  const [newest] = runs;
  return (
    <div className="plots">
      <Plot
        title="Your pruned runs"
        x={{ title: 'sparsity (%)' }}
        y={{ title: 'validation perplexity' }}
        series={[
          measured(
            runs.map((r) => ({
              x: 100 * r.sparsity,
              y: r.perplexity,
              name: `${r.preset}, ${r.iterations} iterations`,
              source: `${r.adapter}${r.software ? ' (software)' : ''}`,
            })),
          ),
        ]}
        caveats={['Runs of other lengths or models differ by more than the criterion.']}
      />
      <Plot
        title="Pruned set of the newest run against magnitude"
        x={{ title: 'step' }}
        y={{ title: 'overlap (Jaccard)', domain: [0, 1] }}
        series={[measured(newest.overlap.map(([x, y]) => ({ x, y })))]}
      />
    </div>
  );
}

export function FisherView({ of: { trace, uniform } }: Of<'fisher'>): ReactNode {
  return (
    <Plot
      title="Fisher trace of your model by layer"
      x={named(
        'layer',
        trace.map((_, i) => String(i)),
      )}
      y={{ title: 'trace, mean over heads (no unit)', domain: [0, 1.05 * Math.max(uniform, ...trace)] }}
      series={[
        measured(trace.map((y, x) => ({ x, y, name: `layer ${x}` }))),
        {
          name: 'uniform attention, the most it can be',
          mark: 'line',
          color: 0,
          dashed: true,
          points: [-0.6, trace.length - 0.4].map((x) => ({ x, y: uniform })),
        },
      ]}
    />
  );
}

/** Log-log with the line of equality: where v times the batch equals F, dots lie on it. */
export function SecondMomentView({ of: { pooled, points, sequences } }: Of<'second-moment'>): ReactNode {
  const dots = points.filter(([v, f]) => v > 0 && f > 0);
  const xs = dots.map(([v]) => v);
  return (
    <>
      <Plot
        title="Second moment and Fisher diagonal of your model"
        x={{ title: 'v · batch', log: true }}
        y={{ title: 'F, empirical', log: true }}
        empty="No element has both above zero"
        series={[
          measured(dots.map(([x, y]) => ({ x, y }))),
          {
            name: 'equal',
            mark: 'line',
            color: 0,
            dashed: true,
            points: dots.length > 0 ? [Math.min(...xs), Math.max(...xs)].map((x) => ({ x, y: x })) : [],
          },
        ]}
        caveats={[
          'v follows clipped gradients of moving weights, F is taken of weights at rest: they approach each other near convergence only.',
        ]}
      />
      <Stats
        items={[
          ['Spearman ρ', pooled.spearman.toFixed(3)],
          ['Pearson r of logarithms', pooled.logPearson.toFixed(3)],
          ['batch · Σv / ΣF', label(pooled.ratio)],
          ['elements, sequences', `${pooled.n}, ${sequences}`],
        ]}
      />
    </>
  );
}

const measured = (points: Series['points']): Series => ({
  name: 'measured here',
  mark: 'dots',
  color: 1,
  filled: true,
  points: points.map((p) => ({ source: 'measured here', ...p })),
});

const named = (title: string, names: readonly string[]): Axis => ({
  title,
  domain: [-0.6, names.length - 0.4],
  ticks: names.map((_, i) => i),
  format: (i) => names[i] ?? '',
});

const grid = (xs: readonly number[]): number[] => {
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  return Array.from({ length: 41 }, (_, i) => low * (high / low) ** (i / 40));
};
