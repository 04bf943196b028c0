import { type Op, type Tensor, ShapeError, bytesOf, colsOf, rowsOf, sizeOf } from '../types';

/**
 * y[b,t] = wte[ids[b,t]] (+ wpe[t]). Inputs ids u32 [B, T], wte [V, C], optional wpe [block >= T, C]; with positions u32 [B]
 * (decoding) the row of wpe is positions[b] + t, at most the last.
 */
export const embedding: Op<object> = {
  name: 'embedding',
  infer([ids, wte, wpe]) {
    if (!ids || !wte || ids.shape.length !== 2 || ids.dtype !== 'u32')
      throw new ShapeError('embedding', 'ids must be u32 [batch, seq]', [ids?.shape ?? []]);
    if (wpe && (colsOf(wpe.shape) !== colsOf(wte.shape) || rowsOf(wpe.shape) < ids.shape[1]!))
      throw new ShapeError('embedding', 'positions must be [>= seq, width]', [wpe.shape, ids.shape]);
    return [{ shape: [...ids.shape, colsOf(wte.shape)], dtype: 'f32' }];
  },
  gradient(graph, node, [dy]) {
    const [ids, wte, wpe] = node.inputs as [Tensor, Tensor, Tensor | undefined];
    if (!dy) return node.inputs.map(() => null);
    const dWte = graph.apply1(embeddingBackward, [ids, dy], { rows: rowsOf(wte.shape) });
    return wpe ? [null, dWte, graph.apply1(positionBackward, [dy], { rows: rowsOf(wpe.shape) })] : [null, dWte];
  },
  cost: (node) => ({ flops: sizeOf(node.outputs[0]!.shape), bytes: 2 * bytesOf(...node.outputs) }),
  reference(node, [ids, wte, wpe, positions], [y]) {
    const c = colsOf(node.outputs[0]!.shape);
    const seq = node.inputs[0]!.shape[1]!;
    const last = wpe ? wpe.length / c - 1 : 0;
    for (let r = 0; r < ids!.length; r++) {
      const at = Math.min(last, (r % seq) + (positions ? positions[Math.floor(r / seq)]! : 0));
      for (let j = 0; j < c; j++) y![r * c + j] = wte![ids![r]! * c + j]! + (wpe ? wpe[at * c + j]! : 0);
    }
  },
};

/** dwte: rows of dy summed by token id; rows of tokens that do not occur are zero. */
export const embeddingBackward: Op<{ readonly rows: number }> = {
  name: 'embedding_backward',
  infer: ([, dy], { rows }) => [{ shape: [rows, colsOf(dy!.shape)], dtype: 'f32' }],
  gradient() {
    throw new Error('embedding_backward has no second derivative');
  },
  cost: (node) => ({ flops: sizeOf(node.inputs[1]!.shape), bytes: bytesOf(node.inputs[1]!, ...node.outputs) }),
  reference(node, [ids, dy], [out]) {
    const c = colsOf(node.inputs[1]!.shape);
    out!.fill(0);
    for (let r = 0; r < ids!.length; r++) for (let j = 0; j < c; j++) out![ids![r]! * c + j]! += dy![r * c + j]!;
  },
};

/** dwpe: dy [B, T, C] summed over the batch; rows >= T are zero. */
export const positionBackward: Op<{ readonly rows: number }> = {
  name: 'position_backward',
  infer: ([dy], { rows }) => [{ shape: [rows, colsOf(dy!.shape)], dtype: 'f32' }],
  gradient() {
    throw new Error('position_backward has no second derivative');
  },
  cost: (node) => ({ flops: sizeOf(node.inputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [dy], [out]) {
    const [, seq = 1, c = 1] = node.inputs[0]!.shape;
    out!.fill(0);
    for (let i = 0; i < dy!.length; i++) out![i % (seq * c)]! += dy![i]!;
  },
};
