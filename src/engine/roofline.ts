/** Every op of a plan as a point under the adapter's measured roof: FLOPs, bytes, time. */
import type { Executor } from './executor';
import { type Parity, parityOf } from './parity';
import { TIMESTAMP_QUANTUM_MS } from './pass-timer';
import { type Roof, SAMPLE_MS, bestSample } from './probe';
import type { StepScalars } from './scalars';

export interface OpDot {
  readonly sequence: string;
  readonly scope: string;
  readonly family: string;
  readonly variant: string;
  readonly label: string;
  /** WGSL as dispatched. */
  readonly code: string;
  readonly workgroups: readonly [number, number, number];
  /** x, y, z as far as the kernel names them. */
  readonly workgroupSize: readonly number[];
  /** Dispatches of the sequence with the same code; one of them was timed. */
  readonly dispatches: number;
  /** Dispatches in one sample, in one submit. */
  readonly repeats: number;
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
  /** Against the slow twin on the same noise; null: the kernel has none, or is it. */
  readonly parity: Parity | null;
}

/** min(peak, bandwidth x intensity) in GFLOP/s. */
export const roofAt = ({ fmaGflops, bandwidthGBs }: Roof, intensity: number): number =>
  Math.min(fmaGflops, bandwidthGBs * intensity);

export interface OpOptions {
  readonly scalars?: StepScalars;
  /** Smallest time of a sample; at least QUANTA ticks of the clock in any case. */
  readonly sampleMs?: number;
  readonly onOp?: (done: number, total: number) => void;
}

/** Ticks of the clock that a sample must outlast. */
export const QUANTA = 50;

/**
 * Times one dispatch of every distinct kernel of `sequences`, repeated in one submit until a sample outlasts the clock by far, by
 * timestamps or fenced (pass-timer.ts); and compares it with its slow twin.
 */
export async function measureOps(
  device: GPUDevice,
  executor: Executor,
  sequences: readonly string[],
  roof: Roof,
  { scalars = {}, sampleMs = SAMPLE_MS, onOp = () => undefined }: OpOptions = {},
): Promise<OpDot[]> {
  const dots: OpDot[] = [];
  const least = Math.max(sampleMs, QUANTA * TIMESTAMP_QUANTUM_MS);
  for (const sequence of sequences) {
    const list = executor.plan.sequences[sequence] ?? [];
    const seen = new Set<string>();
    for (const [index, dispatch] of list.entries()) {
      const { program, scope } = dispatch;
      if (seen.has(program.code)) continue;
      seen.add(program.code);
      onOp(index, list.length);
      const { ms, repeats } = await bestSample((n) => executor.repeat(sequence, index, n, scalars), least);
      const { label, code, family, variant, flops, bytes, workgroups } = program;
      const [gflops, gbs] = [flops / (1e6 * ms), bytes / (1e6 * ms)];
      const intensity = bytes > 0 ? flops / bytes : 0;
      const roofGflops = roofAt(roof, intensity);
      const ofRoof = flops > 0 ? gflops / roofGflops : gbs / roof.bandwidthGBs;
      const dispatches = list.filter((d) => d.program.code === program.code).length;
      const parity = await parityOf(device, executor.plan, dispatch);
      dots.push({
        sequence, scope, family, variant, label, code, workgroups, workgroupSize: workgroupSizeOf(code), dispatches, repeats, flops, bytes, ms,
        gflops, gbs, intensity, roofGflops, ofRoof, parity,
      }); // prettier-ignore
    }
  }
  return dots;
}

/** Invocations of a workgroup, from the kernel's own attribute. */
export function workgroupSizeOf(code: string): readonly number[] {
  const found = /@workgroup_size\(([^)]*)\)/.exec(code);
  if (!found) throw new Error('a kernel without @workgroup_size');
  return found[1]!.split(',').map((part) => Number.parseInt(part, 10));
}
