/** Latent widths against cache size, and the reported results with their baselines. */
import { useState, type ReactNode } from 'react';
import { kvspliceHeadTraces, kvspliceResults } from '../data/reported';
import { FORMATS, kvBytesPerToken } from '../maths/kv-cache';
import { OwnPanel } from '../own/OwnPanel';
import type { OwnSource } from '../own/source';
import { Plot } from '../plot/Plot';
import { number, type Values } from '../widget/attributes';
import { Slider, Stats } from '../widget/controls';
import { defineWidget } from '../widget/define';

const attributes = { layers: number(0, 12, 4), latent: number(64, 512, 256), spliced: number(16, 512, 128) };
const GPT2 = { layers: 12, queryHeads: 12, kvHeads: 12, headDim: 64 };
const F16 = FORMATS[1];

function KvSplice({
  initial,
  own,
}: {
  readonly initial: Values<typeof attributes>;
  readonly own: OwnSource;
}): ReactNode {
  const [s, set] = useState(initial);
  const spliced = Math.min(s.spliced, s.latent);
  const mib = (n: number): number =>
    (kvBytesPerToken(GPT2, { kind: 'kvsplice', latent: s.latent, spliced, splicedLayers: n }, F16) * 1024) / 2 ** 20;
  const rows = kvspliceResults.rows.filter((r) => r.val_perplexity !== null);
  const archs = [...new Set(kvspliceHeadTraces.rows.map((r) => r.architecture))];
  return (
    <>
      <div className="controls">
        <Slider
          label="Spliced layers"
          unit="of 12"
          min={0}
          max={12}
          value={s.layers}
          onChange={(layers) => set({ ...s, layers })}
        />
        <Slider
          label="Latent width"
          min={64}
          max={512}
          step={32}
          value={s.latent}
          onChange={(latent) => set({ ...s, latent })}
        />
        <Slider
          label="Spliced width"
          min={16}
          max={512}
          step={16}
          value={spliced}
          onChange={(v) => set({ ...s, spliced: v })}
        />
      </div>
      <Stats
        items={[
          ['cache at 1,024 tokens, f16', `${mib(s.layers).toFixed(2)} MiB`],
          ['full heads', '36 MiB'],
          ['ratio', `${(36 / mib(s.layers)).toFixed(1)}×`],
        ]}
      />
      <div className="plots">
        <Plot
          title="Cache of GPT-2 124M at 1,024 tokens"
          x={{ title: 'spliced layers' }}
          y={{ title: 'cache (MiB)' }}
          series={[
            {
              name: 'computed',
              mark: 'line',
              color: 1,
              points: Array.from({ length: 13 }, (_, n) => ({ x: n, y: mib(n) })),
            },
            { name: 'chosen', mark: 'dots', filled: true, color: 1, points: [{ x: s.layers, y: mib(s.layers) }] },
          ]}
        />
        <Plot
          title="Reported perplexity against compression"
          x={{ title: 'compression over full heads (×)' }}
          y={{ title: 'validation perplexity' }}
          series={rows.map((r, i) => ({
            name: r.architecture,
            color: i + 1,
            mark: 'dots' as const,
            points: [{ x: r.compression_x, y: r.val_perplexity!, source: r.source, name: r.architecture }],
          }))}
          caveats={[
            ...kvspliceResults.caveats,
            'A 150M model trained from scratch lost 1.6 to 2.7 % perplexity instead.',
          ]}
        />
        <Plot
          title="Fisher trace by layer, all heads"
          x={{ title: 'layer', domain: [-0.9, 11.9], ticks: [0, 6, 11] }}
          y={{ title: 'trace (no unit)' }}
          series={archs.map((a, i) => ({
            name: TRACED[a] ?? a,
            color: i + 1,
            mark: 'dots' as const,
            points: kvspliceHeadTraces.rows
              .filter((r) => r.architecture === a)
              .map((r) => ({
                // Side by side: the two arms have the same layers.
                x: r.layer_index + (i === 0 ? -0.15 : 0.15),
                y: r.fim_trace_1,
                name: `${a}, layer ${r.layer_index}, head ${r.head_index}`,
                source: r.source,
              })),
          }))}
          caveats={kvspliceHeadTraces.caveats}
        />
      </div>
      <OwnPanel own={own} kind="fisher" />
    </>
  );
}

/** Words for the arms of the trace table. */
const TRACED: Readonly<Record<string, string>> = {
  mla_6x: 'MLA, 6× smaller',
  mla_kvsplice_fim_7p2x: 'MLA and four spliced layers, 7.2× smaller',
};

export const widget = defineWidget({
  tag: 'wb-kvsplice',
  title: 'KVSplice',
  summary:
    'MLA caches one latent a token; KVSplice narrows that latent further in some layers. Sizes follow from the widths, quality does not.',
  attributes,
  component: KvSplice,
});
