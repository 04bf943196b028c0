/** Counts of absolute values in bins of equal width in log10. */
export const PER_DECADE = 4;
/** log10 of the lowest and highest edge; what lies outside counts in the outermost bins. */
const [LOW, HIGH] = [-24, 8];

export interface LogHistogram {
  /** Values that are exactly 0. */
  readonly zeros: number;
  /** Bin i holds 10^((first + i) / PER_DECADE) <= |x| < 10^((first + i + 1) / PER_DECADE). */
  readonly first: number;
  /** From the first to the last bin that holds anything. */
  readonly counts: readonly number[];
}

/** Values that are not finite are left out. */
export function logHistogram(values: ArrayLike<number>): LogHistogram {
  const counts = new Array<number>((HIGH - LOW) * PER_DECADE).fill(0);
  let zeros = 0;
  for (let i = 0; i < values.length; i++) {
    const x = Math.abs(values[i]!);
    if (x === 0) zeros++;
    else if (Number.isFinite(x)) {
      const bin = Math.floor(PER_DECADE * Math.log10(x)) - LOW * PER_DECADE;
      counts[Math.max(0, Math.min(counts.length - 1, bin))]!++;
    }
  }
  const from = counts.findIndex((n) => n > 0);
  if (from < 0) return { zeros, first: 0, counts: [] };
  return { zeros, first: from + LOW * PER_DECADE, counts: counts.slice(from, counts.findLastIndex((n) => n > 0) + 1) };
}
