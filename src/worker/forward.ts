/** Run events in the page's words. */
import type { MetricEvent, RunEvent } from '@/experiment/events';
import type { MetricLine } from '@/experiment/session/metrics-log';
import type { WorkerEvent } from './protocol';

function metricEvent(metric: MetricEvent): WorkerEvent {
  if (metric.event === 'step')
    return {
      type: 'step', step: metric.step, loss: metric.loss, lr: metric.lr, gradNorm: metric.grad_norm, tokens: metric.tokens,
      time: { elapsedMs: metric.time.elapsed_ms, stepMs: metric.time.step_ms, tokensPerSecond: metric.time.tokens_per_second },
    }; // prettier-ignore
  if (metric.event !== 'eval') return { type: 'metric', metric };
  const { step, split, loss, perplexity } = metric;
  return { type: 'eval', step, split, loss, perplexity, ...(metric.metric ? { metric: metric.metric } : {}) };
}

/** Null for events that the page hears of in another way. */
export function pageEvent(event: RunEvent): WorkerEvent | null {
  switch (event.type) {
    case 'metric':
      return metricEvent(event.metric);
    case 'checkpoint':
      return event;
    case 'paused':
      return { type: 'state', state: 'paused' };
    case 'resumed':
      return { type: 'state', state: 'running' };
    case 'device-lost':
      return { type: 'device-lost', reason: 'unknown', message: event.message, running: true };
    case 'timeline':
      return event;
    case 'restored':
      return { type: 'restored', step: event.step };
    case 'finished':
    case 'failed':
      return null;
  }
}

/** Lines of metrics.jsonl written by this program: what a continued run had shown before. */
export const loggedEvent = (line: MetricLine): WorkerEvent => metricEvent(line as unknown as MetricEvent);
