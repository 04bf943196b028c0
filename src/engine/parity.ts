/** How far a kernel is from its slow twin on the same noise. Spec: every fast path names its twin (kernel.ts). */
import { Bench, benchRegions } from './autotune';
import type { Dispatch, ExecutionPlan } from './plan';
import { relativeError } from './relative-error';

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
  const { judged } = tune;
  const bench = new Bench(device, plan, benchRegions(twin, judged));
  try {
    const written = async (which: typeof program): Promise<Float32Array[]> => {
      bench.reset();
      await (
        await bench.prepare(which, ...(judged?.followers ?? []))
      )(1);
      return (await bench.outputs(which, judged)).map(
        (words) => new Float32Array(words.buffer, words.byteOffset, words.length),
      );
    };
    return { twin: twinName, error: relativeError(await written(program), await written(twin)) };
  } finally {
    bench.destroy();
  }
}
