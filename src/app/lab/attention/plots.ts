/** Attention over training, one line a layer: Fisher trace beside its null, gates, reciprocal branches. */
import { significant } from '../../format';
import type { Series } from '../../plot/series';
import type { SeriesSpec } from '../../plot/spec';
import type { RunStore } from '../../stores/run';
import { type PlotDefinition, line, moments, stepDomain } from '../plot-definition';

/** Colours of the palette; layers beyond take them again, dashed. */
const COLOURS = 7;
/** More heads than this hide the layers' own lines. */
const MAX_HEADS = 32;

/** Series whose path is `prefix` and then `indices` numbers, in the order of the numbers. */
function numbered({ data }: RunStore, prefix: string, indices: number): readonly (readonly [number[], Series])[] {
  const found: [number[], Series][] = [];
  for (const [name, series] of data.methods) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const at = name
      .slice(prefix.length + 1)
      .split('.')
      .map(Number);
    if (at.length === indices && at.every(Number.isInteger)) found.push([at, series]);
  }
  return found.sort(([a], [b]) => a[0]! - b[0]! || (a[1] ?? 0) - (b[1] ?? 0));
}

const last = (series: Series | undefined): number | undefined => series?.ys[series.length - 1];

const ofLayer = (layer: number, spec: SeriesSpec): SeriesSpec => ({
  ...spec,
  colour: layer % COLOURS,
  ...(layer >= COLOURS ? { dash: [5, 3] } : {}),
});

const layerLines = (run: RunStore, field: string): SeriesSpec[] =>
  numbered(run, field, 1).map(([[layer = 0], series]) =>
    ofLayer(layer, line(`layer-${layer}`, `layer ${layer}`, series)),
  );

function headLines(run: RunStore, field: string): SeriesSpec[] {
  const heads = numbered(run, field, 2);
  if (heads.length > MAX_HEADS) return [];
  return heads.map(([[layer = 0, head = 0], series]) =>
    ofLayer(layer, line(`layer-${layer}-head-${head}`, `layer ${layer} head ${head}`, series, true)),
  );
}

interface PerLayer {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Path of one number a layer in the run's events. */
  readonly field: string;
  /** Path of one number a head, drawn faintly behind. */
  readonly heads?: string;
  /** A level to compare with: its value, or the path of it. */
  readonly level?: { readonly label: string; readonly value: number | string };
  readonly zero: boolean;
  readonly fallback: readonly [number, number];
  readonly format: (value: number) => string;
  readonly empty: string;
}

const perLayer = (o: PerLayer): PlotDefinition => ({
  ...o,
  size: 'small',
  log: false,
  smooths: false,
  when: (run) => numbered(run, o.field, 1).length > 0,
  builder:
    () =>
    (run, { log }) => {
      const lines = layerLines(run, o.field);
      // A line that stands alone carries no label of its own.
      const unit = lines.length === 1 ? `${o.unit}, ${lines[0]!.label}` : o.unit;
      const level = typeof o.level?.value === 'string' ? last(run.data.methods.get(o.level.value)) : o.level?.value;
      return {
        id: o.id,
        title: o.title,
        x: { title: 'Step', domain: stepDomain(run) },
        y: { title: o.title, unit, log, zero: o.zero, fallback: o.fallback },
        series: [...(o.heads === undefined ? [] : headLines(run, o.heads)), ...lines],
        references: o.level && level !== undefined ? [{ id: 'level', label: o.level.label, value: level }] : [],
        moments: moments(run),
        empty: o.empty,
      };
    },
});

export const attentionPlots: readonly PlotDefinition[] = [
  perLayer({
    id: 'fisher',
    title: 'Fisher trace',
    unit: '1 \u2212 E|p|\u00b2, thin: heads',
    field: 'fisher.trace',
    heads: 'fisher.heads',
    level: { label: 'uniform attention', value: 'fisher.uniform' },
    zero: false,
    fallback: [0, 1],
    format: (v) => v.toFixed(3),
    empty: 'Attention Fisher trace of each layer over held-out text, at evaluations. High: diffuse attention.',
  }),
  perLayer({
    id: 'gate',
    title: 'Gate mean',
    unit: 'sigmoid(x W + b)',
    field: 'attention.gate_mean',
    zero: false,
    fallback: [0, 1],
    format: (v) => v.toFixed(3),
    empty: 'Mean of each layer\u2019s output gate over held-out text, at evaluations; it starts near one half.',
  }),
  perLayer({
    id: 'gate-entropy',
    title: 'Gate entropy',
    unit: 'nats',
    field: 'attention.gate_entropy',
    level: { label: 'ln 2', value: Math.LN2 },
    zero: false,
    fallback: [0, 0.7],
    format: (v) => v.toFixed(3),
    empty: 'Mean binary entropy of each layer\u2019s gates, at evaluations: ln 2 while undecided, 0 when open or shut.',
  }),
  perLayer({
    id: 'reciprocal-beta',
    title: 'RA weight',
    unit: '\u03b2',
    field: 'attention.beta',
    zero: true,
    fallback: [-0.1, 0.1],
    format: (v) => significant(v, 3),
    empty: 'Weight of each layer\u2019s reciprocal branch, at evaluations; the learned forms start at 0.',
  }),
  perLayer({
    id: 'reciprocal-mixing',
    title: 'RA share',
    unit: 'rms added / rms kept',
    field: 'attention.mixing',
    zero: true,
    fallback: [0, 0.1],
    format: (v) => significant(v, 3),
    empty: 'Size of what the reciprocal branch adds against what it is added to, at evaluations.',
  }),
];
