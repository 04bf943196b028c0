/** Eigenvalues of a head's Fisher matrix, by cyclic Jacobi rotations. Spec: attention-and-kv 6.2. */
import { type QueryKey, forEachRow } from './trace';

/** A symmetric matrix [n, n], row-major. */
export interface Symmetric {
  readonly n: number;
  readonly values: Float64Array;
}

export interface Spectrum {
  /** Descending. */
  readonly eigenvalues: readonly number[];
  readonly trace: number;
  readonly eigmax: number;
  /** Shares of the sum in the 8 and 16 largest. */
  readonly energy_r8: number;
  readonly energy_r16: number;
  /** lambda_1 / lambda_5. */
  readonly decay: number;
  /** Eigenvalues that hold 90 % of the sum. */
  readonly effective_rank: number;
  /** lambda_max / (|lambda_min| + 1e-8): about 1e8 lambda_max, for F 1 = 0 always. Carries nothing else; decide nothing by it. */
  readonly cond: number;
}

/** Collects rows into E[diag(p) - p p^T] over the first `n` positions. */
export class FisherMatrix {
  readonly #sum: Float64Array;
  #rows = 0;

  constructor(readonly n: number) {
    this.#sum = new Float64Array(n * n);
  }

  /** Row i: p[0..i]. */
  add(p: ArrayLike<number>, i: number): void {
    const { n } = this;
    for (let a = 0; a <= i; a++) {
      const pa = p[a]!;
      this.#sum[a * n + a]! += pa;
      for (let b = 0; b <= i; b++) this.#sum[a * n + b]! -= pa * p[b]!;
    }
    this.#rows++;
  }

  get matrix(): Symmetric {
    return { n: this.n, values: this.#sum.map((x) => x / Math.max(1, this.#rows)) };
  }
}

/** F of a head over the rows of the first `positions` places: causal rows, so the matrix of the shorter context exactly. */
export function fisherMatrix(qk: QueryKey, head: number, positions: number): Symmetric {
  const sum = new FisherMatrix(Math.min(positions, qk.seq));
  forEachRow(qk, head, (p, i) => void (i < sum.n && sum.add(p, i)));
  return sum.matrix;
}

/** F of uniform causal attention, the null of every spectrum. */
export function uniformMatrix(n: number): Symmetric {
  const sum = new FisherMatrix(n);
  for (let i = 0; i < n; i++) sum.add(new Float64Array(i + 1).fill(1 / (i + 1)), i);
  return sum.matrix;
}

const MAX_SWEEPS = 30;

/** Eigenvalues of a symmetric matrix, descending, to about 1e-13 of its norm. */
export function eigenvalues({ n, values }: Symmetric): number[] {
  const a = values.slice();
  const norm = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let off = 0;
    for (let r = 0; r < n; r++) for (let c = 0; c < r; c++) off += 2 * a[r * n + c]! ** 2;
    if (Math.sqrt(off) <= 1e-14 * norm) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, n, p, q);
  }
  return Array.from({ length: n }, (_, i) => a[i * n + i]!).sort((x, y) => y - x);
}

/** One Jacobi rotation that clears a[p, q] of a full symmetric matrix (Golub and Van Loan, 8.5). */
function rotate(a: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (apq === 0) return;
  const tau = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  a[p * n + p]! -= t * apq;
  a[q * n + q]! += t * apq;
  a[p * n + q] = a[q * n + p] = 0;
  for (let i = 0; i < n; i++) {
    if (i === p || i === q) continue;
    const ip = a[i * n + p]!;
    const iq = a[i * n + q]!;
    a[i * n + p] = a[p * n + i] = c * ip - s * iq;
    a[i * n + q] = a[q * n + i] = s * ip + c * iq;
  }
}

export function spectrumOf(matrix: Symmetric): Spectrum {
  const values = eigenvalues(matrix);
  const trace = values.reduce((a, b) => a + b, 0);
  const top = (count: number): number => values.slice(0, count).reduce((a, b) => a + b, 0) / trace;
  let held = 0;
  const enough = values.findIndex((x) => (held += x) >= 0.9 * trace);
  return {
    eigenvalues: values,
    trace,
    eigmax: values[0]!,
    energy_r8: top(8),
    energy_r16: top(16),
    decay: values[0]! / values[Math.min(4, values.length - 1)]!,
    effective_rank: enough + 1,
    cond: values[0]! / (Math.abs(values.at(-1)!) + 1e-8),
  };
}
