/** Roofline: attainable rate against arithmetic intensity. Source: workflow-and-explainers 5; Williams et al. 2009. */

export interface Device {
  readonly name: string;
  /** GB/s */
  readonly bandwidth: number;
  /** TFLOP/s */
  readonly peak: number;
}

/** Intensity, FLOP/byte, at which bandwidth and arithmetic bind equally. */
export const ridge = ({ peak, bandwidth }: Device): number => (peak * 1000) / bandwidth;

/** TFLOP/s at an intensity. */
export const attainable = (device: Device, intensity: number): number =>
  Math.min((device.bandwidth * intensity) / 1000, device.peak);

/** FLOP/byte of decode attention: each cached number of `bytes` bytes serves H_q/H_kv query heads, two FLOPs each. */
export const decodeIntensity = (queryHeads: number, kvHeads: number, bytes: number): number =>
  (2 * (queryHeads / kvHeads)) / bytes;

/** FLOP/byte of [B, K] x [K, N] with every matrix moved once. */
export const gemmIntensity = (b: number, k: number, n: number, bytes: number): number =>
  (2 * b * k * n) / (bytes * (k * n + b * (k + n)));

/** Smallest batch at which a square [n, n] matmul reaches `intensity`; Infinity when it never does. */
export function batchForIntensity(intensity: number, n: number, bytes: number): number {
  const rest = 2 * n * n - 2 * n * bytes * intensity;
  return rest > 0 ? (bytes * n * n * intensity) / rest : Infinity;
}
