/** A run's numbers, outside React: appended in place, with versions instead of copies. */
import type { MethodMetric, TimelineSample, WorkerEvent } from '@/worker/protocol';
import { LIVE_POINTS, Series } from '../plot/series';

type StepEvent = Extract<WorkerEvent, { type: 'step' }>;
export type OptimizerMetric = Extract<MethodMetric, { event: 'optimizer' }>;
type EvalEvent = Extract<WorkerEvent, { type: 'eval' }>;

/** Score quantile that falls on pruned weights: they rank below every score and have none. */
const PRUNED_SCORE = -1;

/** Histograms, and marks of resets and spikes, that are kept. */
const LIVE_EVENTS = 512;

const series = (capacity?: number): Series => new Series(capacity, LIVE_POINTS);

/** Past `LIVE_EVENTS` every second of the older half goes, so that the whole run stays covered. */
const bounded = <T>(events: readonly T[]): readonly T[] =>
  events.length <= LIVE_EVENTS ? events : events.filter((_, i) => i % 2 === 0 || i >= LIVE_EVENTS / 2);

/** Bounded however long the run: metrics.jsonl keeps every step, and saving a plot's data reads it. */
export class RunData {
  readonly loss = series();
  readonly lr = series();
  readonly gradNorm = series();
  readonly tokensPerSecond = series();
  readonly valLoss = series(64);
  readonly trainEvalLoss = series(64);
  /** The task's own metric at evaluations, by name. */
  readonly metrics = new Map<string, Series>();
  /** What only some methods report, by `<event>.<field>`: `prune.actual`, `prune.score.q50`, `spam.z`. */
  readonly methods = new Map<string, Series>();
  /** Histograms of the optimizer's state, in step order. */
  optimizer: readonly OptimizerMetric[] = [];
  /** Resets and spikes of AdamWSPAM, in step order. */
  spam: readonly { readonly step: number; readonly kind: 'reset' | 'spike' }[] = [];
  /** What the machine did, in step order; a part that is run again is replaced. */
  timeline: readonly TimelineSample[] = [];
  /** Step whose loss was not finite. */
  nonFiniteStep: number | null = null;

  step(event: StepEvent): void {
    this.loss.push(event.step, event.loss);
    this.lr.push(event.step, event.lr);
    this.gradNorm.push(event.step, event.gradNorm);
    this.tokensPerSecond.push(event.step, event.time.tokensPerSecond);
    if (!Number.isFinite(event.loss)) this.nonFiniteStep ??= event.step;
  }

  machine(sample: TimelineSample): void {
    this.timeline = bounded([...this.timeline.filter(({ step }) => step < sample.step), sample]);
  }

  eval(event: EvalEvent): void {
    (event.split === 'val' ? this.valLoss : this.trainEvalLoss).push(event.step, event.loss);
    if (!event.metric) return;
    this.named(this.metrics, event.metric.name).push(event.step, event.metric.value);
  }

  method(metric: MethodMetric): void {
    if (metric.event === 'optimizer') {
      this.optimizer = bounded([...this.optimizer.filter(({ step }) => step < metric.step), metric]);
      return;
    }
    if (metric.event === 'spam' && metric.kind !== 'clip') {
      const { step, kind } = metric;
      const earlier = this.spam.filter((e) => e.step < step || (e.step === step && e.kind !== kind));
      this.spam = bounded([...earlier, { step, kind }]);
    }
    this.fields(metric.event, metric.step, metric);
  }

  /** Every number in `values`, however deep, as a point of the series of its path. */
  private fields(path: string, step: number, values: object): void {
    for (const [field, value] of Object.entries(values) as [string, unknown][]) {
      const name = `${path}.${field}`;
      if (typeof value === 'object' && value !== null) this.fields(name, step, value);
      if (typeof value !== 'number' || field === 'step') continue;
      if (path === 'prune.score' && value === PRUNED_SCORE) continue;
      this.named(this.methods, name).push(step, value);
    }
  }

  private named(all: Map<string, Series>, name: string): Series {
    let found = all.get(name);
    if (!found) all.set(name, (found = series(64)));
    return found;
  }
}
