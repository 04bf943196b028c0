/** A run's numbers, outside React: appended in place, with versions instead of copies. */
import type { MethodMetric, WorkerEvent } from '@/worker/protocol';
import { Series } from '../plot/series';

type StepEvent = Extract<WorkerEvent, { type: 'step' }>;
type EvalEvent = Extract<WorkerEvent, { type: 'eval' }>;

export class RunData {
  readonly loss = new Series();
  readonly lr = new Series();
  readonly gradNorm = new Series();
  readonly tokensPerSecond = new Series();
  readonly valLoss = new Series(64);
  readonly trainEvalLoss = new Series(64);
  /** The task's own metric at evaluations, by name. */
  readonly metrics = new Map<string, Series>();
  /** What only some methods report, by `<event>.<field>`: `prune.actual`, `spam.z`. */
  readonly methods = new Map<string, Series>();
  /** Step whose loss was not finite. */
  nonFiniteStep: number | null = null;

  step(event: StepEvent): void {
    this.loss.push(event.step, event.loss);
    this.lr.push(event.step, event.lr);
    this.gradNorm.push(event.step, event.gradNorm);
    this.tokensPerSecond.push(event.step, event.time.tokensPerSecond);
    if (!Number.isFinite(event.loss)) this.nonFiniteStep ??= event.step;
  }

  eval(event: EvalEvent): void {
    (event.split === 'val' ? this.valLoss : this.trainEvalLoss).push(event.step, event.loss);
    if (!event.metric) return;
    let series = this.metrics.get(event.metric.name);
    if (!series) this.metrics.set(event.metric.name, (series = new Series(64)));
    series.push(event.step, event.metric.value);
  }

  method(metric: MethodMetric): void {
    for (const [field, value] of Object.entries(metric)) {
      if (typeof value !== 'number' || field === 'step') continue;
      const name = `${metric.event}.${field}`;
      let series = this.methods.get(name);
      if (!series) this.methods.set(name, (series = new Series(64)));
      series.push(metric.step, value);
    }
  }
}
