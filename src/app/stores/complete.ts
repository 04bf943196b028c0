/** The live run's data with every step that it took, for saving: what is shown is thinned in a long run, its record is not. */
import type { RunCurves } from '@/worker/store-protocol';
import { Series, type Points } from '../plot/series';
import { RunData } from './data';
import type { RunStore } from './run';

/** Field of the live data -> field of metrics.jsonl. */
const RECORDED = [
  ['loss', 'loss'],
  ['lr', 'lr'],
  ['gradNorm', 'grad_norm'],
  ['tokensPerSecond', 'tokens_per_second'],
] as const;

/** The record's points, then what came after its last line. */
function whole(step: Float64Array, values: Float64Array, live: Points): Series {
  const series = new Series(Math.max(1, step.length));
  for (let i = 0; i < step.length; i++) series.push(step[i], values[i]);
  const last = step.length > 0 ? step[step.length - 1] : -Infinity;
  for (let i = 0; i < live.length; i++) if (live.xs[i] > last) series.push(live.xs[i], live.ys[i]);
  return series;
}

/** `run` itself while nothing was thinned. Rejects when the record cannot be read. */
export async function completeRun(run: RunStore, recorded: (id: string) => Promise<RunCurves>): Promise<RunStore> {
  const { data, started } = run;
  if (!started || RECORDED.every(([field]) => data[field].thinned === 0)) return run;
  const { step } = await recorded(started.runId);
  const series = RECORDED.flatMap(([field, name]) =>
    step.values[name] ? [[field, whole(step.step, step.values[name], data[field])] as const] : [],
  );
  return { ...run, data: Object.assign(new RunData(), data, Object.fromEntries(series)) };
}
