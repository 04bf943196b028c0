/** Second moments of what a few statistics look at: the middle of each tensor, the same elements on both backends. */
import { medianBlock } from '@/pruning/domains';

/** Elements of a tensor's exp_avg_sq. */
export type ReadMoment = (name: string, first: number, elements: number) => Promise<ArrayLike<number>>;

/** End to end. Pruned weights have v = 0 and are left out. */
export async function sampleMoments(
  tensors: readonly { readonly name: string; readonly size: number }[],
  read: ReadMoment,
): Promise<number[]> {
  const values: number[] = [];
  for (const { name, size } of tensors)
    for (const v of Array.from(await read(name, ...medianBlock(size)))) if (v > 0) values.push(v);
  return values;
}
