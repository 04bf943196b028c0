/** max |a - b| / max |b| over all arrays; NaN where an element is. */
export function relativeError(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  let [difference, largest] = [0, 0];
  for (const [i, values] of b.entries())
    for (const [j, value] of values.entries()) {
      difference = Math.max(difference, Math.abs(a[i]![j]! - value));
      largest = Math.max(largest, Math.abs(value));
    }
  return largest > 0 ? difference / largest : difference;
}
