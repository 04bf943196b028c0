/** Times one engine on the benchmark's step. Used by the browser workers and by `wb bench`. */
import { type Counts, zero } from './count';
import { batches, cfg, type Engine } from './spec';

export interface Timing {
  readonly name: string;
  readonly first_step_ms: number;
  readonly ms_per_step: number;
  readonly steps: readonly number[];
  readonly losses: readonly number[];
  /** Per step, in steady state. */
  readonly counts: Counts;
  /** Bytes of the buffers created until the end of the run. */
  readonly bytes: number;
}

/** First losses of the default configuration, from both peers on two back-ends each; a run that misses them is another step. */
export const GOLDEN = [4.255648, 3.929484, 3.64934, 3.429008, 3.281624, 3.106432];

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

export async function race(
  make: () => Promise<Engine>,
  counts: Counts,
  warmup: number,
  steps: number,
): Promise<Timing> {
  const data = batches();
  const next = () => data.next().value!;
  const losses: number[] = [];
  const started = performance.now();
  const engine = await make();
  const once = async (): Promise<number> => {
    const { x, y } = next();
    const at = performance.now();
    await engine.step(x, y);
    losses.push(await engine.loss());
    return performance.now() - at;
  };
  await once();
  const first = performance.now() - started;
  for (let i = 1; i < warmup; i++) await once();
  const before = { ...counts };
  const times: number[] = [];
  for (let i = 0; i < steps; i++) times.push(await once());
  const per = zero();
  for (const key of Object.keys(per) as (keyof Counts)[]) per[key] = (counts[key] - before[key]) / steps;
  engine.dispose();
  const isDefault = cfg.nLayer === 4 && cfg.nEmbd === 128 && cfg.ctx === 128 && cfg.batch === 8 && cfg.vocab === 65;
  if (isDefault)
    losses.slice(0, GOLDEN.length).forEach((loss, i) => {
      if (Math.abs(loss - GOLDEN[i]!) > 1e-3)
        throw new Error(`${engine.name}: loss ${loss} of step ${i} is not ${GOLDEN[i]}: not the same work`);
    });
  return {
    name: engine.name,
    first_step_ms: first,
    ms_per_step: median(times),
    steps: times,
    losses,
    counts: per,
    bytes: counts.bytes,
  };
}
