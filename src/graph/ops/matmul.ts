import { type Op, type RefArray, type Shape, type Tensor, ShapeError, bytesOf, colsOf, rowsOf, sizeOf } from '../types';

export interface MatmulAttrs {
  readonly transA: boolean;
  readonly transB: boolean;
  /** Shape of the result where it is not [..leading of A, N]: gradients take the shape of what they belong to. */
  readonly shape?: Shape;
}

/** Logical sizes of C[M,N] = op(A)[M,K] op(B)[K,N]; leading dimensions of A and B are flattened into rows. */
export function matmulSizes(
  a: readonly number[],
  b: readonly number[],
  { transA, transB }: Pick<MatmulAttrs, 'transA' | 'transB'>,
) {
  const m = transA ? colsOf(a) : rowsOf(a);
  const k = transA ? rowsOf(a) : colsOf(a);
  const kb = transB ? colsOf(b) : rowsOf(b);
  const n = transB ? rowsOf(b) : colsOf(b);
  return { m, n, k, kb };
}

/** C = op(A) op(B). A keeps its leading dimensions when it is not transposed. */
export const matmul: Op<MatmulAttrs> = {
  name: 'matmul',
  infer([a, b], attrs) {
    if (!a || !b) throw new ShapeError('matmul', 'needs two inputs', []);
    const { m, n, k, kb } = matmulSizes(a.shape, b.shape, attrs);
    if (k !== kb) throw new ShapeError('matmul', `inner sizes ${k} and ${kb} differ`, [a.shape, b.shape]);
    if (attrs.shape) {
      if (sizeOf(attrs.shape) !== m * n)
        throw new ShapeError('matmul', `a result of ${m} x ${n} has no such shape`, [attrs.shape]);
      return [{ shape: attrs.shape, dtype: 'f32' }];
    }
    return [{ shape: attrs.transA ? [m, n] : [...a.shape.slice(0, -1), n], dtype: 'f32' }];
  },
  gradient(graph, node, [dc]) {
    if (!dc) return [null, null];
    const [a, b] = node.inputs as [Tensor, Tensor];
    const { transA, transB } = node.attrs;
    const mm = (x: Tensor, y: Tensor, tx: boolean, ty: boolean, like: Tensor): Tensor =>
      graph.apply1(matmul, [x, y], { transA: tx, transB: ty, shape: like.shape });
    const da = transA ? mm(b, dc, transB, true, a) : mm(dc, b, false, !transB, a);
    const db = transB ? mm(dc, a, true, transA, b) : mm(a, dc, !transA, false, b);
    return [da, db];
  },
  cost(node) {
    const { m, n, k } = matmulSizes(node.inputs[0]!.shape, node.inputs[1]!.shape, node.attrs);
    return { flops: 2 * m * n * k, bytes: bytesOf(...node.inputs, ...node.outputs) };
  },
  reference(node, [a, b], [c]) {
    const { m, n, k } = matmulSizes(node.inputs[0]!.shape, node.inputs[1]!.shape, node.attrs);
    referenceMatmul(a!, b!, c!, m, n, k, node.attrs);
  },
};

/** Plain triple loop in f64, k outermost within a row so that rows of B stream. */
export function referenceMatmul(
  a: RefArray,
  b: RefArray,
  c: RefArray,
  m: number,
  n: number,
  k: number,
  { transA, transB }: MatmulAttrs,
): void {
  c.fill(0);
  for (let i = 0; i < m; i++)
    for (let p = 0; p < k; p++) {
      const x = a[transA ? p * m + i : i * k + p]!;
      if (x === 0) continue;
      if (transB) for (let j = 0; j < n; j++) c[i * n + j]! += x * b[j * k + p]!;
      else for (let j = 0; j < n; j++) c[i * n + j]! += x * b[p * n + j]!;
    }
}
