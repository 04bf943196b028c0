/**
 * Fisher factors of one linear y = x W from single tokens: x [n, in], g = dL/dy [n, out]. Spec: optimizers-pruning-fisher 2.7, 3.
 *   D_ij = mean x_i^2 g_j^2        A = mean x x^T        G = mean g g^T        the Kronecker diagonal is A_ii G_jj
 */
export interface TokenRows {
  readonly data: ArrayLike<number>;
  readonly width: number;
}

const rowsOf = ({ data, width }: TokenRows): number => data.length / width;

/** Mean over tokens of the squared per-token gradient of W, [in, out]. */
export function tokenDiagonal(x: TokenRows, g: TokenRows): Float64Array {
  const n = rowsOf(x);
  const out = new Float64Array(x.width * g.width);
  for (let t = 0; t < n; t++)
    for (let i = 0; i < x.width; i++) {
      const xi = x.data[t * x.width + i]! ** 2 / n;
      for (let j = 0; j < g.width; j++) out[i * g.width + j]! += xi * g.data[t * g.width + j]! ** 2;
    }
  return out;
}

/** Mean outer product of rows, [width, width]. */
export function secondMomentMatrix({ data, width }: TokenRows): Float64Array {
  const n = data.length / width;
  const out = new Float64Array(width * width);
  for (let t = 0; t < n; t++)
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++) out[i * width + j]! += (data[t * width + i]! * data[t * width + j]!) / n;
  return out;
}

const diagonal = (matrix: Float64Array): Float64Array => {
  const n = Math.sqrt(matrix.length);
  return Float64Array.from({ length: n }, (_, i) => matrix[i * n + i]!);
};

/** Outer product of the factors' diagonals, [in, out]. */
export function kroneckerDiagonal(a: Float64Array, g: Float64Array): Float64Array {
  const [da, dg] = [diagonal(a), diagonal(g)];
  return Float64Array.from(
    { length: da.length * dg.length },
    (_, k) => da[Math.floor(k / dg.length)]! * dg[k % dg.length]!,
  );
}

/** Diagonal of (M + lambda I)^-1 of a symmetric matrix, by Gauss-Jordan with pivoting. Throws RangeError when it is singular. */
export function inverseDiagonal(matrix: Float64Array, lambda: number): Float64Array {
  const n = Math.sqrt(matrix.length);
  const rows = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: 2 * n }, (_, j) =>
      j < n ? matrix[i * n + j]! + (i === j ? lambda : 0) : j - n === i ? 1 : 0,
    ),
  );
  for (let c = 0; c < n; c++) {
    const pivot = rows.reduce(
      (best, row, r) => (r >= c && Math.abs(row[c]!) > Math.abs(rows[best]![c]!) ? r : best),
      c,
    );
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    const top = rows[c]!;
    const scale = top[c]!;
    if (scale === 0) throw new RangeError('the factor is singular: raise lambda');
    for (let j = 0; j < 2 * n; j++) top[j]! /= scale;
    for (const row of rows) {
      if (row === top || row[c] === 0) continue;
      const f = row[c]!;
      for (let j = 0; j < 2 * n; j++) row[j]! -= f * top[j]!;
    }
  }
  return Float64Array.from({ length: n }, (_, i) => rows[i]![n + i]!);
}

/** Optimal brain surgeon: w_ij^2 / ([(A + lambda I)^-1]_ii [(G + lambda I)^-1]_jj). */
export function obsScores(w: ArrayLike<number>, a: Float64Array, g: Float64Array, lambda: number): Float64Array {
  const [ia, ig] = [inverseDiagonal(a, lambda), inverseDiagonal(g, lambda)];
  return Float64Array.from(
    { length: w.length },
    (_, k) => w[k]! ** 2 / (ia[Math.floor(k / ig.length)]! * ig[k % ig.length]!),
  );
}
