/** Reported decode measurements of one B200 with fits made here. */
import { useMemo, useState, type ReactNode } from 'react';
import { gpuDecodeSummary, kvBatchScaling, kvContextScaling, kvExtremeContext, kvNaiveInt4 } from '../data/reported';
import { fitAffine, fitHill, hill } from '../maths/fits';
import { OwnPanel } from '../own/OwnPanel';
import type { OwnSource } from '../own/source';
import { Plot } from '../plot/Plot';
import { label } from '../plot/ticks';
import { choice, type Values } from '../widget/attributes';
import { Parts, Stats } from '../widget/controls';
import { defineWidget } from '../widget/define';

const TABS = ['batch', 'context', 'gpu', 'extreme', 'quantisation'] as const;
/** The own measurement that belongs beside each tab. */
const OWN = {
  batch: 'saturation',
  context: 'context',
  gpu: 'roofline',
  extreme: 'context',
  quantisation: 'asymmetry',
} as const;
const NAMES: Readonly<Record<(typeof TABS)[number], string>> = {
  batch: 'Batch',
  context: 'Context',
  gpu: 'GPU',
  extreme: 'Long context',
  quantisation: 'Quantisation',
};
const attributes = { tab: choice(TABS, 'batch') };

function KvBandwidth({
  initial,
  own,
}: {
  readonly initial: Values<typeof attributes>;
  readonly own: OwnSource;
}): ReactNode {
  const [tab, setTab] = useState(initial.tab);
  return (
    <>
      <Parts label="Measurement" parts={NAMES} value={tab} onChange={setTab} />
      {tab === 'batch' && <Batch />}
      {tab === 'context' && <Context />}
      {tab === 'gpu' && <Gpus />}
      {tab === 'extreme' && <Extreme />}
      {tab === 'quantisation' && <Naive />}
      <OwnPanel own={own} kind={OWN[tab as (typeof TABS)[number]]} />
    </>
  );
}

function Batch(): ReactNode {
  const { rows, caveats } = kvBatchScaling;
  const fit = useMemo(
    () =>
      fitHill(
        rows.map((r) => r.batch_seq),
        rows.map((r) => r.throughput_tok_per_s),
      ),
    [rows],
  );
  const grid = Array.from({ length: 57 }, (_, i) => 2 ** (i / 8));
  return (
    <>
      <Plot
        title="Decode throughput, Qwen2.5-7B on B200"
        x={{ title: 'batch (sequences)', log: true, ticks: rows.map((r) => r.batch_seq) }}
        y={{ title: 'throughput (tok/s)' }}
        series={[
          {
            name: 'reported',
            mark: 'dots',
            color: 1,
            points: rows.map((r) => ({ x: r.batch_seq, y: r.throughput_tok_per_s, source: r.source })),
          },
          { name: 'Hill fit made here', mark: 'line', color: 2, points: grid.map((x) => ({ x, y: hill(fit, x) })) },
        ]}
        caveats={caveats}
      />
      <Stats
        items={[
          ['S_max', `${label(fit.sMax)} tok/s`],
          ['B_half', label(fit.bHalf)],
          ['γ', fit.gamma.toFixed(3)],
          ['R²', fit.r2.toFixed(5)],
        ]}
      />
      <p className="note">S_max and B_half lie beyond most of the measured batches: they are extrapolations.</p>
    </>
  );
}

const BATCHES = [1, 8, 16, 32];

function Context(): ReactNode {
  const { rows, caveats } = kvContextScaling;
  const fits = BATCHES.map((b) => {
    const mine = rows.filter((r) => r.batch_seq === b);
    return {
      b,
      mine,
      fit: fitAffine(
        mine.map((r) => r.context_tok),
        mine.map((r) => r.latency_ms),
      ),
    };
  });
  return (
    <>
      <Plot
        title="Step latency against context"
        x={{ title: 'context (tokens)' }}
        y={{ title: 'latency (ms)' }}
        series={fits.flatMap(({ b, mine, fit }, i) => [
          {
            name: `batch ${b}, reported`,
            mark: 'dots' as const,
            color: i + 1,
            points: mine.map((r) => ({ x: r.context_tok, y: r.latency_ms, source: r.source })),
          },
          {
            name: `batch ${b}, affine fit`,
            mark: 'line' as const,
            color: i + 1,
            points: [0, Math.max(...mine.map((r) => r.context_tok))].map((x) => ({ x, y: fit.a + fit.b * x })),
          },
        ])}
        caveats={caveats}
      />
      <Stats
        items={fits.map(({ b, fit }) => [
          `marginal bandwidth, batch ${b}`,
          `${label((b * 57344) / (fit.b * 1e6))} GB/s (R² ${fit.r2.toFixed(3)})`,
        ])}
      />
    </>
  );
}

function Gpus(): ReactNode {
  const { rows, caveats } = gpuDecodeSummary;
  const axis = {
    title: 'device',
    domain: [-0.6, rows.length - 0.4] as const,
    ticks: rows.map((_, i) => i),
    format: (i: number) => rows[i]?.device ?? '',
  };
  const bars = (name: string, color: number, y: (r: (typeof rows)[number]) => number) => [
    {
      name,
      color,
      mark: 'bars' as const,
      points: rows.map((r, i) => ({ x: i, y: y(r), name: r.device, source: r.source })),
    },
  ];
  return (
    <div className="plots">
      <Plot
        title="End-to-end throughput at batch 8"
        x={axis}
        y={{ title: 'throughput (tok/s)' }}
        series={bars('reported', 1, (r) => r.decode_b8_tok_per_s)}
        caveats={caveats}
      />
      <Plot
        title="Cache bandwidth used"
        x={axis}
        y={{ title: 'cache bandwidth (% of peak)' }}
        series={bars('reported', 2, (r) => (100 * r.measured_kv_bw_gb_per_s) / r.peak_bw_gb_per_s)}
      />
      <Plot
        title="Longest context"
        x={axis}
        y={{ title: 'context (k tokens)' }}
        series={bars('reported', 3, (r) => r.max_context_ktok)}
      />
    </div>
  );
}

function Extreme(): ReactNode {
  const { rows, caveats } = kvExtremeContext;
  return (
    <div className="plots">
      <Plot
        title="Latency at long contexts"
        x={{ title: 'context (k tokens)' }}
        y={{ title: 'latency (ms)' }}
        series={[
          {
            name: 'reported, batch 1',
            mark: 'dots',
            color: 1,
            points: rows.map((r) => ({ x: r.context_ktok, y: r.latency_ms, source: r.source })),
          },
        ]}
        caveats={caveats}
      />
      <Plot
        title="Memory at long contexts"
        x={{ title: 'context (k tokens)' }}
        y={{ title: 'memory (GB)' }}
        series={[
          {
            name: 'reported',
            mark: 'dots',
            color: 2,
            points: rows.map((r) => ({ x: r.context_ktok, y: r.memory_gb, source: r.source })),
          },
          {
            name: '178 GB of the device',
            mark: 'line',
            color: 0,
            dashed: true,
            points: [
              { x: 0, y: 178 },
              { x: 400, y: 178 },
            ],
          },
        ]}
      />
    </div>
  );
}

function Naive(): ReactNode {
  const { rows, caveats } = kvNaiveInt4;
  return (
    <Plot
      title="Perplexity of naive 4-bit pipelines, Qwen2.5-7B"
      x={{
        title: 'pipeline',
        domain: [-0.6, rows.length - 0.4],
        ticks: rows.map((_, i) => i),
        format: (i) =>
          rows[i]?.pipeline.replace(' baseline', '').replace('activation', 'act.').replace('weight', 'wt.') ?? '',
      }}
      y={{ title: 'perplexity', log: true, domain: [1, 1000] }}
      series={[
        {
          name: 'reported',
          mark: 'bars',
          color: 2,
          points: rows.map((r, i) => ({ x: i, y: r.perplexity, name: r.pipeline, source: r.source })),
        },
      ]}
      caveats={caveats}
    />
  );
}

export const widget = defineWidget({
  tag: 'wb-kv-bandwidth',
  title: 'Decode bandwidth',
  summary:
    'Reported token rates and latencies of one 7B model, with the fits that they support and those that they do not.',
  attributes,
  component: KvBandwidth,
});
