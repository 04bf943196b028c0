/** What was measured here, kept for the explainers' "own measurement" panels. */
import { isOwnKind, readRecord, type OwnKind, type OwnOf, type OwnRecord } from '@/explainers/own/record';
import { keepRecord } from '@/explainers/own/storage';
import type { MeasureResult } from '@/worker/decode-protocol';
import type { Points } from '../plot/series';
import type { RunStore } from './run';

type Shown = Extract<MeasureResult, { kind: OwnKind }>;
const isShown = (result: MeasureResult): result is Shown => isOwnKind(result.kind);

/** @returns why it could not be kept, or null */
export function keepMeasurement(result: MeasureResult, at = new Date()): string | null {
  if (!isShown(result)) return null;
  // Holds the two types together; reading drops what widgets do not draw, such as kernel sources.
  const record: OwnRecord = result;
  return keepRecord(readRecord({ ...record, taken: at.toISOString() }));
}

const POINTS = 200;

type Header = Pick<OwnRecord, 'adapter' | 'software' | 'subject' | 'preset' | 'taken'>;

/** Null before a run's first step. */
function headerOf({ adapter, started, latest }: RunStore, at: Date): Header | null {
  if (!adapter || !started || !latest) return null;
  return {
    adapter: adapter.description || `${adapter.vendor} ${adapter.architecture}`.trim() || 'unknown adapter',
    software: adapter.software || adapter.kind === 'reference',
    subject: `${latest.step + 1} iterations of training`,
    preset: started.preset,
    taken: at.toISOString(),
  };
}

/** The comparison of Fisher and Adam on the Lab's run. @returns why it could not be kept, or null */
export function keepSecondMoment(
  report: Pick<OwnOf<'second-moment'>, 'pooled' | 'sequences' | 'points'>,
  run: RunStore,
  at = new Date(),
): string | null {
  const header = headerOf(run, at);
  if (!header) return 'the Lab has no run';
  return keepRecord(readRecord({ ...header, ...report, kind: 'second-moment' }));
}

/** What a run that has ended leaves: its pruning, its Fisher trace. */
export function recordsOf(run: RunStore, at = new Date()): OwnRecord[] {
  const { latest, latestVal, data } = run;
  const header = headerOf(run, at);
  if (!header || !latest) return [];
  const records: OwnRecord[] = [];
  const sparsity = data.methods.get('prune.actual');
  const overlap = data.methods.get('prune.jaccard_magnitude');
  if (sparsity && overlap && overlap.length > 0 && latestVal && Number.isFinite(latestVal.perplexity)) {
    const end = { sparsity: sparsity.ys[sparsity.length - 1], perplexity: latestVal.perplexity };
    records.push({ ...header, ...end, kind: 'pruning', iterations: latest.step + 1, overlap: thin(overlap) });
  }
  const last = (name: string): number | undefined => data.methods.get(name)?.ys[data.methods.get(name)!.length - 1];
  const uniform = last('fisher.uniform');
  const trace: number[] = [];
  for (let y = last('fisher.trace.0'); y !== undefined; y = last(`fisher.trace.${trace.length}`)) trace.push(y);
  if (uniform !== undefined && trace.length > 0) records.push({ ...header, kind: 'fisher', trace, uniform });
  return records;
}

/** Evenly spaced points, the last one included. */
function thin({ xs, ys, length }: Points): [number, number][] {
  const stride = Math.max(1, Math.ceil(length / POINTS));
  return Array.from({ length: Math.ceil(length / stride) }, (_, i) => {
    const at = length - 1 - i * stride;
    return [xs[at], ys[at]] as [number, number];
  }).reverse();
}

export const keepRun = (run: RunStore): void => recordsOf(run).forEach((record) => keepRecord(record));
