/** The plots of a run's timeline: bytes, time a step and heap against training time. */
import type { TimelineSample } from '@/worker/store-protocol';
import { Series } from '../plot/series';
import type { PlotSpec, SeriesSpec } from '../plot/spec';

const MIB = 2 ** 20;
const DASHES = [undefined, [6, 3], [2, 2]] as const;
/** Where the time of a step goes; pauses are no part of it. */
const PHASES = ['submit', 'wait', 'eval', 'observe', 'save', 'other'] as const;

function line(
  label: string,
  i: number,
  samples: readonly TimelineSample[],
  y: (sample: TimelineSample) => number,
): SeriesSpec {
  const points = new Series(Math.max(1, samples.length));
  for (const sample of samples) points.push(sample.elapsed_ms / 1000, y(sample));
  const dash = DASHES[Math.floor(i / 7) % DASHES.length];
  return { id: label, label, mark: 'line', colour: i % 7, origin: 'local', points, ...(dash ? { dash } : {}) };
}

function spec(
  title: string,
  unit: string,
  samples: readonly TimelineSample[],
  series: readonly SeriesSpec[],
  empty: string,
  log: boolean,
): PlotSpec {
  const end = (samples.at(-1)?.elapsed_ms ?? 0) / 1000;
  return {
    id: title,
    title,
    x: { title: 'Training time (s)', domain: [0, end > 0 ? end : 1] },
    y: { title, unit, log, zero: true, fallback: log ? [1, 10] : [0, 1] },
    series: series.filter(({ points }) => points.length > 0),
    references: [],
    moments: samples.flatMap(({ resumed, elapsed_ms }) =>
      resumed ? [{ x: elapsed_ms / 1000, label: 'taken up again' }] : [],
    ),
    empty,
  };
}

/** Lines of their own; what is left is one more. */
const LARGEST = 5;

/** Categories that some sample has, the largest at any time first. */
function categories(samples: readonly TimelineSample[]): string[] {
  const most = new Map<string, number>();
  for (const { gpu_bytes } of samples)
    for (const [name, size] of Object.entries(gpu_bytes ?? {})) most.set(name, Math.max(size, most.get(name) ?? 0));
  return [...most].sort(([, a], [, b]) => b - a).map(([name]) => name);
}

function bytesSpec(samples: readonly TimelineSample[], log: boolean): PlotSpec {
  const own = samples.filter(({ gpu_bytes }) => gpu_bytes);
  const names = categories(own);
  const sum = (of: readonly string[], { gpu_bytes }: TimelineSample): number =>
    of.reduce((total, name) => total + (gpu_bytes?.[name] ?? 0), 0) / MIB;
  // One alone is no group.
  const alone = names.length === LARGEST + 1 ? names.length : LARGEST;
  const groups: [string, string[]][] = names.slice(0, alone).map((name) => [name, [name]]);
  if (names.length > alone) groups.push([`${names.length - alone} others`, names.slice(alone)]);
  const lines = groups.map(([label, of], i) => line(label, i, own, (sample) => sum(of, sample)));
  return spec('GPU memory', 'MiB', samples, lines, 'The CPU reference has no GPU memory.', log);
}

function stepSpec(samples: readonly TimelineSample[], log: boolean): PlotSpec {
  const own = samples.filter(({ steps }) => steps > 0);
  const lines = PHASES.filter((phase) => own.some(({ ms }) => ms[phase] > 0)).map((phase) =>
    line(phase, PHASES.indexOf(phase), own, ({ ms, steps }) => ms[phase] / steps),
  );
  return spec('Time a step', 'ms', samples, lines, 'No step was timed.', log);
}

function heapSpec(samples: readonly TimelineSample[], log: boolean): PlotSpec {
  const own = samples.filter(({ heap_bytes }) => heap_bytes !== null);
  const lines = own.length > 0 ? [line('heap', 0, own, ({ heap_bytes }) => (heap_bytes ?? 0) / MIB)] : [];
  return spec('JavaScript heap', 'MiB', samples, lines, 'This browser does not tell its heap.', log);
}

export interface TimelinePlotDefinition {
  readonly title: string;
  readonly of: (samples: readonly TimelineSample[], log: boolean) => PlotSpec;
}

export const TIMELINE_PLOTS: readonly TimelinePlotDefinition[] = [
  { title: 'GPU memory', of: bytesSpec },
  { title: 'Time a step', of: stepSpec },
  { title: 'JavaScript heap', of: heapSpec },
];
