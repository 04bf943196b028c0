/** Roofline of datasheet peaks with the intensity of transformer operations. */
import { useState, type ReactNode } from 'react';
import { deviceSpecs, rooflineOps } from '../data/reported';
import { attainable, batchForIntensity, gemmIntensity, ridge, type Device } from '../maths/roofline';
import { OwnPanel } from '../own/OwnPanel';
import type { OwnSource } from '../own/source';
import { Plot, type Series } from '../plot/Plot';
import { label } from '../plot/ticks';
import { choice, number, type Values } from '../widget/attributes';
import { Select, Stats, Stops, upTo } from '../widget/controls';
import { defineWidget } from '../widget/define';

const SPECS = deviceSpecs.rows.filter(
  (r) => r.peak_bw_gb_per_s !== null && r.peak_tflop_per_s !== null && /dense|tensor|matrix/i.test(r.peak_kind),
);
const NAMES = [...new Set(SPECS.map((r) => r.device))];
const attributes = { device: choice(NAMES, 'H100'), batch: number(1, 1024, 16) };
const INTENSITIES = Array.from({ length: 49 }, (_, i) => 10 ** (-1 + i / 8));

function Roofline({
  initial,
  own,
}: {
  readonly initial: Values<typeof attributes>;
  readonly own: OwnSource;
}): ReactNode {
  const [chosen, setChosen] = useState(initial.device);
  const [batch, setBatch] = useState(initial.batch);
  const devices = NAMES.map((name) => deviceOf(name));
  const device = devices.find((d) => d.name === chosen) ?? devices[0];
  const gemm = gemmIntensity(batch, 4096, 4096, 2);
  const roof = (d: Device, color: number, pattern: Pick<Series, 'dashed' | 'dotted'> = {}): Series => ({
    name: `${d.name} roof`,
    color,
    mark: 'line',
    ...pattern,
    points: [...INTENSITIES, ridge(d)].sort((a, b) => a - b).map((x) => ({ x, y: attainable(d, x) })),
  });
  const ops = rooflineOps.rows.filter((r) => r.uses_tensor_core_bool && r.intensity_high_flop_per_byte > 0);
  const series: Series[] = [
    roof(device, 1),
    {
      name: 'matrix operations, intensity as reported',
      color: 3,
      mark: 'dots',
      points: ops.map((r) => ({
        x: r.intensity_high_flop_per_byte,
        y: attainable(device, r.intensity_high_flop_per_byte),
        name: `${r.op} (${r.provenance_kind})`,
        source: r.source,
      })),
    },
    {
      name: 'f16 matmul [B, 4096] × [4096, 4096]',
      color: 2,
      mark: 'dots',
      filled: true,
      points: [{ x: gemm, y: attainable(device, gemm) }],
    },
  ];
  return (
    <>
      <div className="controls">
        <Select label="Device" value={chosen} options={NAMES} onChange={setChosen} />
        <Stops label="Matmul batch" show={String} stops={upTo(1024)} value={batch} onChange={setBatch} />
      </div>
      <Stats
        items={[
          ['bandwidth', `${label(device.bandwidth)} GB/s`],
          ['dense 16-bit peak', `${label(device.peak)} TFLOP/s`],
          ['ridge', `${label(ridge(device))} FLOP/B`],
          ['matmul intensity', `${label(gemm)} FLOP/B`],
          ['matmul bound by', gemm < ridge(device) ? 'memory' : 'arithmetic'],
          ['batch that reaches the ridge', finite(Math.ceil(batchForIntensity(ridge(device), 4096, 2)))],
        ]}
      />
      <div className="plots">
        <Plot
          title={`Roofline of ${device.name}`}
          x={{ title: 'arithmetic intensity (FLOP/byte)', log: true, domain: [0.1, 1e5] }}
          y={{ title: 'attainable rate (TFLOP/s)', log: true }}
          series={series}
          caveats={[...rooflineOps.caveats, 'Heights are the roof at that intensity, not a measured rate.']}
        />
        <Plot
          title="Roofs of all devices"
          x={{ title: 'arithmetic intensity (FLOP/byte)', log: true, domain: [0.1, 1e5] }}
          y={{ title: 'attainable rate (TFLOP/s)', log: true }}
          series={devices.map((d, i) =>
            roof(d, (i + 1) % 7, d.name === chosen ? {} : { dashed: true, dotted: i >= 7 }),
          )}
          caveats={deviceSpecs.caveats}
        />
      </div>
      <OwnPanel own={own} kind="roofline" />
      <p className="note">
        Decode attention has an intensity of 2·(H_q/H_kv)/s FLOP/byte for s bytes a number: 1 for f16 with full heads,
        which is {label(ridge(device))} times under this ridge.
      </p>
    </>
  );
}

function deviceOf(name: string): Device {
  const row = SPECS.find((r) => r.device === name)!;
  return { name, bandwidth: row.peak_bw_gb_per_s!, peak: row.peak_tflop_per_s! };
}

const finite = (v: number): string => (Number.isFinite(v) ? label(v) : 'never');

export const widget = defineWidget({
  tag: 'wb-roofline',
  title: 'Roofline',
  summary:
    'An operation left of the ridge waits for memory, right of it for arithmetic. Single-sequence decode stands far to the left.',
  attributes,
  component: Roofline,
});
