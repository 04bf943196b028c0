/** Metric lines as named numbers, under the source project's names (workflow-and-explainers 3.5). */
import type { MetricLine } from '../session/metrics-log';

const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  step: { loss: 'train_loss', lr: 'learning_rate' },
  eval: { loss: 'val_loss', perplexity: 'val_perplexity' },
};

export interface Scalars {
  readonly step: number;
  /** Milliseconds of training until then; 0 where the line has no time. */
  readonly elapsedMs: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Numbers of a line; nested objects and other events become "event/key". Not finite: left out. */
export function scalarsOf(line: MetricLine): Scalars {
  const values: Record<string, number> = {};
  const names = NAMES[line.event];
  const put = (name: string, value: unknown): void => {
    if (typeof value === 'number' && Number.isFinite(value)) values[name] = value;
  };
  for (const [key, value] of Object.entries(line)) {
    if (key === 'step' || key === 'event' || key === 'time') continue;
    if (key === 'metric' && typeof value === 'object' && value !== null) {
      const { name, value: score } = value as { readonly name?: unknown; readonly value?: unknown };
      if (typeof name === 'string') put(`val_${name}`, score);
      continue;
    }
    put(names ? (names[key] ?? key) : `${line.event}/${key}`, value);
  }
  const time = line['time'] as { readonly elapsed_ms?: unknown; readonly tokens_per_second?: unknown } | undefined;
  if (line.event === 'step') {
    put('train_perplexity', typeof line['loss'] === 'number' ? Math.exp(line['loss']) : undefined);
    put('tokens_per_second', time?.tokens_per_second);
  }
  return { step: line.step, elapsedMs: typeof time?.elapsed_ms === 'number' ? time.elapsed_ms : 0, values };
}
