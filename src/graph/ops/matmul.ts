import { type Op, type RefArray, type Tensor, ShapeError, bytesOf, colsOf, rowsOf } from '../types';
import type { Graph } from '../graph';

export interface MatmulAttrs {
  readonly transA: boolean;
  readonly transB: boolean;
}

/** Logical sizes of C[M,N] = op(A)[M,K] op(B)[K,N]; leading dimensions of A and B are flattened into rows. */
export function matmulSizes(a: readonly number[], b: readonly number[], { transA, transB }: MatmulAttrs) {
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
    return [{ shape: attrs.transA ? [m, n] : [...a.shape.slice(0, -1), n], dtype: 'f32' }];
  },
  gradient(graph, node, [dc]) {
    if (!dc) return [null, null];
    const [a, b] = node.inputs as [Tensor, Tensor];
    const { transA, transB } = node.attrs;
    const mm = (x: Tensor, y: Tensor, tx: boolean, ty: boolean): Tensor => mmNode(graph, x, y, tx, ty);
    const da = transA ? mm(b, dc, transB, true) : mm(dc, b, false, !transB);
    const db = transB ? mm(dc, a, true, transA) : mm(a, dc, !transA, false);
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

function mmNode(graph: Graph, x: Tensor, y: Tensor, transA: boolean, transB: boolean): Tensor {
  return graph.apply1(matmul, [x, y], { transA, transB });
}

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
