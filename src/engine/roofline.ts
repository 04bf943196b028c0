/** Every op of a plan as a point under the adapter's measured roof: FLOPs, bytes, time. */
import type { Executor } from './executor';
import { type Roof, bestTime } from './probe';
import type { StepScalars } from './scalars';

export interface OpDot {
  readonly sequence: string;
  readonly scope: string;
  readonly family: string;
  readonly variant: string;
  readonly label: string;
  readonly workgroups: readonly [number, number, number];
  /** Dispatches of the sequence with the same code; one of them was timed. */
  readonly dispatches: number;
  readonly flops: number;
  /** Bytes that must move at least once. */
  readonly bytes: number;
  readonly ms: number;
  readonly gflops: number;
  readonly gbs: number;
  /** FLOPs a byte. */
  readonly intensity: number;
  /** What the roof allows at this intensity, GFLOP/s. */
  readonly roofGflops: number;
  /** Share of the roof: of the compute roof for intense ops, of the bandwidth for others. Above 1: the data sat in a cache. */
  readonly ofRoof: number;
}

/** min(peak, bandwidth x intensity) in GFLOP/s. */
export const roofAt = ({ fmaGflops, bandwidthGBs }: Roof, intensity: number): number =>
  Math.min(fmaGflops, bandwidthGBs * intensity);

/**
 * Times one dispatch of every distinct kernel of `sequences`, repeated in one submit until a sample outlasts the clock by far
 * (probe.ts). Fenced by the queue: the time includes what the driver needs to launch a dispatch.
 */
export async function measureOps(
  executor: Executor,
  sequences: readonly string[],
  roof: Roof,
  scalars: StepScalars,
): Promise<OpDot[]> {
  const dots: OpDot[] = [];
  for (const sequence of sequences) {
    const list = executor.plan.sequences[sequence] ?? [];
    const seen = new Set<string>();
    for (const [index, { program, scope }] of list.entries()) {
      if (seen.has(program.code)) continue;
      seen.add(program.code);
      const ms = await bestTime((n) => executor.repeat(sequence, index, n, scalars));
      const { label, family, variant, flops, bytes, workgroups } = program;
      const [gflops, gbs] = [flops / (1e6 * ms), bytes / (1e6 * ms)];
      const intensity = bytes > 0 ? flops / bytes : 0;
      const roofGflops = roofAt(roof, intensity);
      const ofRoof = flops > 0 ? gflops / roofGflops : gbs / roof.bandwidthGBs;
      const dispatches = list.filter((d) => d.program.code === program.code).length;
      dots.push({ sequence, scope, family, variant, label, workgroups, dispatches, flops, bytes, ms, gflops, gbs, intensity, roofGflops, ofRoof }); // prettier-ignore
    }
  }
  return dots;
}
