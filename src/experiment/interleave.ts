/** Samples of several things in turn. */

/**
 * `rounds` samples of each: a slow moment of the machine meets all of them, and since every other round goes backwards, so does
 * a steady drift (a chip that warms up).
 * @param before called ahead of every round; what it throws ends the measurement
 * @returns the samples of each, in the order of the rounds
 */
export async function interleave(
  samplers: readonly (() => Promise<number>)[],
  rounds: number,
  before: (round: number) => void = () => undefined,
): Promise<number[][]> {
  const samples = samplers.map((): number[] => []);
  const order = [...samplers.keys()];
  for (let round = 0; round < rounds; round++) {
    before(round);
    for (const i of order) samples[i]!.push(await samplers[i]!());
    order.reverse();
  }
  return samples;
}
