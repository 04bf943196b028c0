/** Pseudo-random values in [-1, 1) for probes: of zeros a driver or a CPU adapter would look faster than it is. */
export function noise(elements: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length: elements }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
