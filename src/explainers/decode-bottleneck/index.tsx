/** What an autoregressive loop reads again at each step. */
import { useState, type ReactNode } from 'react';
import { trafficSplit } from '../data/reported';
import { bandwidthDemand, totalReads } from '../maths/kv-cache';
import { OwnPanel } from '../own/OwnPanel';
import type { OwnSource } from '../own/source';
import { Plot } from '../plot/Plot';
import { label } from '../plot/ticks';
import { number, type Values } from '../widget/attributes';
import { Slider, Stats, Stops } from '../widget/controls';
import { defineWidget } from '../widget/define';

const attributes = {
  history: number(128, 32768, 4096),
  added: number(0, 2048, 256),
  generated: number(1, 512, 128),
  rate: number(10, 500, 50),
  bytes: number(1024, 524288, 57344),
};
const doublings = (from: number, to: number): number[] =>
  Array.from({ length: Math.log2(to / from) + 1 }, (_, i) => from * 2 ** i);
const HISTORIES = doublings(128, 32768);
/** With GPT-2 124M and Qwen2.5-7B, f16. */
const BYTES = [...doublings(1024, 524288), 36864, 57344].sort((a, b) => a - b);

function Bottleneck({
  initial,
  own,
}: {
  readonly initial: Values<typeof attributes>;
  readonly own: OwnSource;
}): ReactNode {
  const [s, set] = useState(initial);
  const start = s.history + s.added;
  const contexts = Array.from({ length: 33 }, (_, i) => 128 * 2 ** (i / 4));
  const { rows } = trafficSplit;
  return (
    <>
      <div className="controls">
        <Stops
          label="History"
          show={(v) => `${v.toLocaleString('en-US')} tokens`}
          stops={HISTORIES}
          value={s.history}
          onChange={(history) => set({ ...s, history })}
        />
        <Slider
          label="Added prompt"
          unit="tokens"
          min={0}
          max={2048}
          step={16}
          value={s.added}
          onChange={(added) => set({ ...s, added })}
        />
        <Slider
          label="Generated"
          unit="tokens"
          min={1}
          max={512}
          value={s.generated}
          onChange={(generated) => set({ ...s, generated })}
        />
        <Slider
          label="Rate of one sequence"
          unit="tok/s"
          min={10}
          max={500}
          step={10}
          value={s.rate}
          onChange={(rate) => set({ ...s, rate })}
        />
        <Stops
          label="Cache"
          show={(v) => `${v.toLocaleString('en-US')} B/token`}
          stops={BYTES}
          value={s.bytes}
          onChange={(bytes) => set({ ...s, bytes })}
        />
      </div>
      <Stats
        items={[
          ['context before decoding', `${start.toLocaleString('en-US')} tokens`],
          ['positions read in all', totalReads(start, s.generated).toLocaleString('en-US')],
          ['reads of each old position', String(s.generated)],
          ['bandwidth at the end', `${label(bandwidthDemand(start + s.generated - 1, s.bytes, s.rate))} GB/s`],
        ]}
      />
      <div className="plots">
        <Plot
          title="Positions read at each step"
          x={{ title: 'step (tokens generated)' }}
          y={{ title: 'positions read', domain: [0, (start + s.generated) * 1.08] }}
          series={[
            {
              name: 'whole context',
              mark: 'line',
              color: 1,
              points: [1, s.generated + 0.001].map((g) => ({ x: g, y: start + g - 1 })),
            },
            {
              name: 'old positions alone',
              mark: 'line',
              color: 0,
              dashed: true,
              points: [1, s.generated + 0.001].map((g) => ({ x: g, y: start })),
            },
          ]}
        />
        <Plot
          title="Bandwidth that the cache needs, one sequence"
          x={{ title: 'context (tokens)', log: true }}
          y={{ title: 'bandwidth (GB/s)', log: true }}
          series={[
            { name: 'full heads', factor: 1, color: 1 },
            { name: 'GQA 4:1', factor: 0.25, color: 2 },
            { name: 'MLA, 0.10 of full', factor: 0.1, color: 3 },
          ].map(({ name, factor, color }) => ({
            name,
            color,
            mark: 'line' as const,
            points: contexts.map((x) => ({ x, y: bandwidthDemand(x, s.bytes * factor, s.rate) })),
          }))}
          caveats={['Ratios of GQA and MLA are examples; the calculator widget computes them for a model.']}
        />
        <Plot
          title="Cache share of decode traffic"
          x={{
            title: 'case',
            domain: [-0.6, rows.length - 0.4],
            ticks: rows.map((_, i) => i),
            format: (i) => (rows[i] ? `${rows[i].model.replace(/-.*/, '')} ${rows[i].context_ktok}K` : ''),
          }}
          y={{ title: 'cache share (% of bytes)', domain: [0, 10] }}
          series={[
            {
              name: 'reported',
              mark: 'bars',
              color: 4,
              points: rows.map((r, i) => ({
                x: i,
                y: r.kv_traffic_pct,
                name: `${r.model}, ${r.context_ktok} K tokens`,
                source: r.source,
              })),
            },
          ]}
          caveats={trafficSplit.caveats}
        />
      </div>
      <OwnPanel own={own} kind="context" />
    </>
  );
}

export const widget = defineWidget({
  tag: 'wb-decode-bottleneck',
  title: 'The decode bottleneck',
  summary:
    'Each new token reads all the cache once more. Whether that is the bottleneck depends on context and batch: at short contexts the weights are.',
  attributes,
  component: Bottleneck,
});
