import type { TimelineSample } from '@/worker/protocol';

/** Share of the wall time, pauses taken off, in which no work was on the device; null on the reference and before the first sample. */
export function idleShare(samples: readonly TimelineSample[]): number | null {
  if (samples.every(({ gpu_bytes }) => gpu_bytes === null)) return null;
  const sum = (of: (ms: TimelineSample['ms']) => number): number =>
    samples.reduce((total, { ms }) => total + of(ms), 0);
  const running = sum(({ wall, paused }) => wall - paused);
  return running > 0
    ? Math.min(
        1,
        Math.max(
          0,
          sum(({ idle, paused }) => idle - paused),
        ) / running,
      )
    : null;
}
