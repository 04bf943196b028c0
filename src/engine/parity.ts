/** How far a kernel is from its slow twin on the same noise. Spec: every fast path names its twin (kernel.ts). */
import { Bench } from './autotune';
import type { Dispatch, ExecutionPlan } from './plan';

export interface Parity {
  /** Variant of the same family that it was compared with. */
  readonly twin: string;
  /** Largest difference of an element that either writes, over the largest magnitude the twin writes. */
  readonly error: number;
}

/** null: the family has one kernel and no twin, or the dispatch runs the twin itself. */
export async function parityOf(
  device: GPUDevice,
  plan: ExecutionPlan,
  { program, tune }: Dispatch,
): Promise<Parity | null> {
  const twinName = tune?.variants[tune.variants.length - 1];
  if (!tune || twinName === undefined || twinName === program.variant) return null;
  const twin = tune.build(twinName);
  const bench = new Bench(device, plan, twin.regions);
  try {
    const written = async (which: typeof program): Promise<Float32Array[]> => {
      bench.reset();
      await (
        await bench.prepare(which)
      )(1);
      return (await bench.outputs(which)).map(
        (words) => new Float32Array(words.buffer, words.byteOffset, words.length),
      );
    };
    return { twin: twinName, error: relativeError(await written(program), await written(twin)) };
  } finally {
    bench.destroy();
  }
}

/** max |a - b| / max |b| over all arrays. */
export function relativeError(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let [difference, largest] = [0, 0];
  for (const [i, values] of b.entries())
    for (const [j, value] of values.entries()) {
      difference = Math.max(difference, Math.abs(a[i]![j]! - value));
      largest = Math.max(largest, Math.abs(value));
    }
  return largest > 0 ? difference / largest : difference;
}
