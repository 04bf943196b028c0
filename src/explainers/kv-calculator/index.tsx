/** Bytes of the key-value cache, and the decode rate that reading it allows. */
import { useState, type ReactNode } from 'react';
import { deviceSpecs } from '../data/reported';
import { FORMATS, cacheBytes, kvBytesPerToken, readTimeMs, tokensPerSecond, type CacheKind } from '../maths/kv-cache';
import { Plot, type Series } from '../plot/Plot';
import { label } from '../plot/ticks';
import { choice, number, type Values } from '../widget/attributes';
import { Select, Slider, Stats, Stops, sequences, upTo } from '../widget/controls';
import { defineWidget } from '../widget/define';
import { CONTEXTS, MODELS } from './models';

const KINDS = ['as the model', 'MLA', 'KVSplice, last third', 'KVSplice, all layers'];
const attributes = {
  model: choice(
    MODELS.map((m) => m.name),
    'GPT-2 124M',
  ),
  format: choice(
    FORMATS.map((f) => f.name),
    'f16',
  ),
  context: number(512, 131072, 4096),
  batch: number(1, 64, 1),
};
const DEVICES = deviceSpecs.rows.filter(
  (r) => r.peak_bw_gb_per_s !== null && r.peak_tflop_per_s !== null && /dense|tensor|matrix/i.test(r.peak_kind),
);

function Calculator({ initial }: { readonly initial: Values<typeof attributes> }): ReactNode {
  const [s, set] = useState({ ...initial, kind: KINDS[0], gpu: 'H100', prefix: 0, latent: 256 });
  const model = MODELS.find((m) => m.name === s.model) ?? MODELS[0];
  const device = DEVICES.find((d) => d.device === s.gpu) ?? DEVICES[0];
  const cache = cacheOf(s.kind, s.latent, model.layers);
  const format = FORMATS.find((f) => f.name === s.format) ?? FORMATS[1];
  const perToken = kvBytesPerToken(model, cache, format);
  const bytes = cacheBytes(perToken, s.context, s.batch, s.prefix / 100);
  const bandwidth = device.peak_bw_gb_per_s!;
  const series: Series[] = FORMATS.map((f, i) => ({
    name: f.name,
    color: i + 1,
    mark: 'line',
    dashed: f.name !== s.format,
    points: CONTEXTS.map((c) => ({
      x: c,
      y: cacheBytes(kvBytesPerToken(model, cache, f), c, s.batch, s.prefix / 100) / 2 ** 20,
    })),
  }));
  return (
    <>
      <div className="controls">
        <Select
          label="Model"
          value={s.model}
          options={MODELS.map((m) => m.name)}
          onChange={(v) => set({ ...s, model: v })}
        />
        <Select label="Cache" value={s.kind} options={KINDS} onChange={(v) => set({ ...s, kind: v })} />
        <Select
          label="Format"
          value={s.format}
          options={FORMATS.map((f) => f.name)}
          onChange={(v) => set({ ...s, format: v })}
        />
        <Select
          label="GPU"
          value={s.gpu}
          options={DEVICES.map((d) => d.device)}
          onChange={(v) => set({ ...s, gpu: v })}
        />
        <Stops
          label="Context"
          stops={CONTEXTS}
          value={s.context}
          show={(v) => `${v.toLocaleString('en-US')} tokens`}
          onChange={(v) => set({ ...s, context: v })}
        />
        <Stops
          label="Batch"
          show={sequences}
          stops={upTo(64)}
          value={s.batch}
          onChange={(v) => set({ ...s, batch: v })}
        />
        <Slider
          label="Shared prefix"
          unit="%"
          min={0}
          max={100}
          value={s.prefix}
          onChange={(v) => set({ ...s, prefix: v })}
        />
        {cache.kind !== 'heads' && (
          <Slider
            label="Latent width"
            min={32}
            max={1024}
            step={32}
            value={s.latent}
            onChange={(v) => set({ ...s, latent: v })}
          />
        )}
      </div>
      <Stats
        items={[
          ['bytes a token', `${whole(perToken)} B`],
          ['cache', mib(bytes)],
          [
            `read once at ${bandwidth.toLocaleString('en-US')} GB/s`,
            `${readTimeMs(bytes, bandwidth).toPrecision(3)} ms`,
          ],
          ['bound on decode', `${whole(tokensPerSecond(bytes, bandwidth, s.batch))} tok/s`],
          [
            'share of device memory',
            device.memory_gb === null ? 'memory not stated' : `${label((100 * bytes) / (device.memory_gb * 1e9))} %`,
          ],
        ]}
      />
      <Plot
        title="Cache size against context"
        x={{ title: 'context (tokens)', log: true }}
        y={{ title: 'cache (MiB)', log: true }}
        series={series}
        caveats={[
          'The bound counts cache traffic at the datasheet bandwidth alone. Weights, which dominate at short contexts, are left out.',
          `Bandwidth: ${device.source}`,
        ]}
      />
    </>
  );
}

function cacheOf(kind: string, latent: number, layers: number): CacheKind {
  if (kind === KINDS[1]) return { kind: 'mla', latent };
  if (kind === KINDS[2])
    return { kind: 'kvsplice', latent, spliced: latent / 2, splicedLayers: Math.floor(layers / 3) };
  if (kind === KINDS[3]) return { kind: 'kvsplice', latent, spliced: latent / 2, splicedLayers: layers };
  return { kind: 'heads' };
}

const whole = (v: number): string => Math.round(v).toLocaleString('en-US');
const mib = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${label(bytes / 2 ** 30)} GiB` : `${label(bytes / 2 ** 20)} MiB`;

export const widget = defineWidget({
  tag: 'wb-kv-calculator',
  title: 'KV cache calculator',
  summary: 'How many bytes each token leaves behind, and how fast a GPU could decode if it did nothing but read them.',
  attributes,
  component: Calculator,
});
