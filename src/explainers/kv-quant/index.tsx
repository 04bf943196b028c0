/** Speed-up, fusion and the unequal precision needs of keys and values. */
import { useState, type ReactNode } from 'react';
import { fusedInt4Latency, int4ByModel, int4Saturation, k16v8Quality, kvPrecision } from '../data/reported';
import { hill } from '../maths/fits';
import { trafficSpeedup } from '../maths/kv-cache';
import { bitsPerElement, bytesMoved, e4m3Step } from '../maths/quantise';
import { OwnPanel } from '../own/OwnPanel';
import type { OwnSource } from '../own/source';
import { Plot } from '../plot/Plot';
import { label } from '../plot/ticks';
import { choice, number, type Values } from '../widget/attributes';
import { Parts, Select, Slider, Stats, Stops, sequences, upTo } from '../widget/controls';
import { defineWidget } from '../widget/define';

const TABS = ['saturation', 'fusion', 'asymmetry'] as const;
/** The own measurement that belongs beside each tab. */
const OWN = { saturation: 'saturation', fusion: 'fusion', asymmetry: 'asymmetry' } as const;
const NAMES = { saturation: 'Saturation', fusion: 'Fusion', asymmetry: 'Asymmetry' } as const;
const attributes = { tab: choice(TABS, 'saturation'), batch: number(1, 128, 16) };
/** The published fit, B >= 4. */
const PRINTED = { sMax: 3.75, bHalf: 5.1, gamma: 1.32 };

function Quant({ initial, own }: { readonly initial: Values<typeof attributes>; readonly own: OwnSource }): ReactNode {
  const [tab, setTab] = useState(initial.tab);
  return (
    <>
      <Parts label="Part" parts={NAMES} value={tab} onChange={setTab} />
      {tab === 'saturation' && <Saturation start={initial.batch} />}
      {tab === 'fusion' && <Fusion />}
      {tab === 'asymmetry' && <Asymmetry />}
      <OwnPanel own={own} kind={OWN[tab as (typeof TABS)[number]]} />
    </>
  );
}

function Saturation({ start }: { readonly start: number }): ReactNode {
  const [batch, setBatch] = useState(start);
  const s = hill(PRINTED, batch);
  return (
    <>
      <div className="controls">
        <Stops label="Batch" show={sequences} stops={upTo(128)} value={batch} onChange={setBatch} />
      </div>
      <Stats
        items={[
          ['speed-up by the printed curve', `${s.toFixed(2)}×`],
          ['share of its limit', `${Math.round((100 * s) / PRINTED.sMax)} %`],
        ]}
      />
      <Plot
        title="Speed-up of a fused INT4 cache over f16"
        x={{ title: 'batch (sequences)', log: true, domain: [0.9, 140], ticks: [1, 2, 4, 8, 16, 32, 64, 128] }}
        y={{ title: 'speed-up over f16 (×)', domain: [0, 4.2] }}
        series={[
          {
            name: 'reported mean of 14 models',
            mark: 'dots',
            color: 1,
            points: int4Saturation.rows.map((r) => ({ x: r.batch_seq, y: r.plotted_mean_speedup_x, source: r.source })),
          },
          {
            name: 'printed Hill curve',
            mark: 'line',
            color: 2,
            points: Array.from({ length: 57 }, (_, i) => 2 ** (i / 8)).map((x) => ({ x, y: hill(PRINTED, x) })),
          },
          {
            name: 'no gain',
            mark: 'line',
            dashed: true,
            color: 0,
            points: [
              { x: 0.9, y: 1 },
              { x: 140, y: 1 },
            ],
          },
          { name: 'chosen batch', mark: 'dots', filled: true, color: 2, points: [{ x: batch, y: s }] },
        ]}
        caveats={int4Saturation.caveats}
      />
    </>
  );
}

function Fusion(): ReactNode {
  const models = [...new Set(fusedInt4Latency.rows.map((r) => r.model))];
  const [model, setModel] = useState('qwen25_7b');
  const [share, setShare] = useState(50);
  const rows = fusedInt4Latency.rows.filter((r) => r.model === model);
  const contexts = [...new Set(rows.map((r) => r.context_tok))];
  return (
    <>
      <div className="controls">
        <Select label="Model" value={model} options={models} show={modelName} onChange={setModel} />
        <Slider label="Cache share of all bytes" unit="%" min={0} max={100} value={share} onChange={setShare} />
      </div>
      <Stats
        items={[
          ['bits an element, group 32', `${bitsPerElement(4, 32, false)}`],
          ['bytes, fused', bytesMoved(4, 32, true).toFixed(2)],
          ['bytes, dequantised to memory', bytesMoved(4, 32, false).toFixed(2)],
          [
            'traffic ratio to f16: fused, unfused',
            `${(2 / bytesMoved(4, 32, true)).toFixed(2)}×, ${(2 / bytesMoved(4, 32, false)).toFixed(2)}×`,
          ],
          [
            `whole step at ${share} % cache share`,
            `${trafficSpeedup(share / 100, bytesMoved(4, 32, true) / 2).toFixed(2)}×`,
          ],
        ]}
      />
      <Plot
        title="One fused kernel against f16"
        x={{ title: 'batch (sequences)', log: true, ticks: [1, 2, 4, 8, 16] }}
        y={{ title: 'speed-up over f16 (×)' }}
        series={contexts.map((c, i) => ({
          name: `${c.toLocaleString('en-US')} tokens`,
          mark: 'dots' as const,
          color: (i % 6) + 1,
          points: rows
            .filter((r) => r.context_tok === c)
            .map((r) => ({ x: r.batch_seq, y: r.fused_vs_fp16_speedup_x, source: r.source })),
        }))}
        caveats={fusedInt4Latency.caveats}
      />
    </>
  );
}

/** `qwen25_7b` to `Qwen2.5 7B`. */
const modelName = (id: string): string =>
  id
    .replace('qwen25', 'Qwen2.5')
    .replace('qwen3', 'Qwen3')
    .replace('qwen', 'Qwen')
    .replace('deepseek_r1_distill', 'DeepSeek-R1-Distill')
    .replace(/_(\d+)b$/, ' $1B')
    .replaceAll('_', ' ');

function Asymmetry(): ReactNode {
  const [bias, setBias] = useState(400);
  const [rest, setRest] = useState(2);
  const rows = kvPrecision.rows.filter((r) => r.k_format !== 'FP16' || r.v_format !== 'FP16');
  const short = (i: number): string =>
    rows[i] ? `${rows[i].k_format.replace(/\D+/, 'K')}/${rows[i].v_format.replace(/\D+/, 'V')}` : '';
  return (
    <>
      <div className="plots">
        <Plot
          title="Perplexity cost by precision of keys (K) and values (V)"
          x={{
            title: 'bits of keys (K) / values (V)',
            domain: [-0.6, rows.length - 0.4],
            ticks: rows.map((_, i) => i),
            format: short,
          }}
          y={{ title: 'perplexity increase (%)', log: true, domain: [0.1, 1e5] }}
          series={['Qwen2.5-7B', 'Mistral-7B'].map((m, c) => ({
            name: m,
            color: c + 1,
            mark: 'bars' as const,
            points: rows.flatMap((r, i) =>
              r.model === m ? [{ x: i, y: r.delta_perplexity_pct, name: `${m}, ${short(i)}`, source: r.source }] : [],
            ),
          }))}
          caveats={kvPrecision.caveats}
        />
        <Plot
          title="INT4 keys and values by model"
          x={{
            title: 'model',
            domain: [-0.6, int4ByModel.rows.length - 0.4],
            ticks: int4ByModel.rows.map((_, i) => i),
            format: (i) => int4ByModel.rows[i]?.model.replace(/([A-Z][a-z]+)[\d.-]*-/, '$1 ') ?? '',
          }}
          y={{ title: 'perplexity increase (%)', log: true, domain: [0.1, 1e5] }}
          series={[
            {
              name: 'reported',
              mark: 'bars',
              color: 3,
              points: int4ByModel.rows.map((r, i) => ({
                x: i,
                y: r.delta_perplexity_pct,
                name: r.model,
                source: r.source,
              })),
            },
          ]}
          caveats={int4ByModel.caveats}
        />
      </div>
      <h2>Why a key bias breaks fp8</h2>
      <div className="controls">
        <Slider label="Key bias" min={2} max={448} value={bias} onChange={setBias} />
        <Slider label="Residual" min={1} max={24} value={rest} onChange={setRest} />
      </div>
      <Stats
        items={[
          ['rounding error at the bias', `±${label(e4m3Step(bias) / 2)}`],
          ['residual it must carry', `±${rest}`],
          ['verdict', e4m3Step(bias) / 2 > rest ? 'residual lost' : 'residual kept'],
          ['error with the bias split off', `±${label(e4m3Step(rest) / 2)}`],
        ]}
      />
      <p className="caveat">
        {k16v8Quality.rows.map((r) => `${r.config}: perplexity ${r.perplexity_ctx2k} at 2 K`).join('; ')}.{' '}
        {k16v8Quality.caveats[0]} Source: {k16v8Quality.rows[0].source}
      </p>
    </>
  );
}

export const widget = defineWidget({
  tag: 'wb-kv-quant',
  title: 'Cache quantisation',
  summary:
    'Fewer bits pay only when the kernel reads them directly and the batch is large. Keys can need far more bits than values.',
  attributes,
  component: Quant,
});
