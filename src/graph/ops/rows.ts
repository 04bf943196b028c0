/**
 * Operations on whole rows of [B, T, C]. `wgsl` is the body for output row r in terms of x(row, col) and y_set(row, col, v),
 * with constants COLS and SEQ; its f64 twin is `reference`.
 */
import { type Op, ShapeError, bytesOf, colsOf, sizeOf } from '../types';

export interface RowOp<A> extends Op<A> {
  readonly rowwise: true;
  wgsl(attrs: A): string;
}

export const isRowOp = (op: Op): op is RowOp<unknown> => 'rowwise' in op;

const same = (name: string): Op['infer'] =>
  ([x]) => {
    if (x?.shape.length !== 3) throw new ShapeError(name, 'x must be [batch, seq, columns]', [x?.shape ?? []]);
    return [{ shape: x.shape, dtype: 'f32' }];
  }; // prettier-ignore

/** y[b, t] = x[b, T - 1 - t]. No causal model has a use for it; the leak demonstration does. */
export const reverseTime: RowOp<object> = {
  name: 'reverse_time',
  rowwise: true,
  infer: same('reverse_time'),
  gradient: (graph, _node, [d]) => [d ? graph.apply1(reverseTime, [d], {}) : null],
  cost: (node) => ({ flops: 0, bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [x], [y]) {
    const [, seq = 1, cols = 1] = node.inputs[0]!.shape;
    for (let i = 0; i < y!.length; i++) {
      const row = Math.floor(i / cols);
      const t = row % seq;
      y![i] = x![(row - t + seq - 1 - t) * cols + (i % cols)]!;
    }
  },
  wgsl: () => `  let t = r % SEQ;
  for (var c = 0u; c < COLS; c++) { y_set(r, c, x(r - t + SEQ - 1u - t, c)); }`,
};

/** Rounds half to even, as WGSL's round does. */
function roundEven(x: number): number {
  const near = Math.round(x);
  return Math.abs(x - Math.trunc(x)) === 0.5 ? 2 * Math.round(x / 2) : near;
}

/**
 * Each row rounded to `bits`-bit symmetric integers and back: scale = max|x| / (2^(bits-1) - 1), one a token. The gradient
 * passes straight through. Spec: attention-and-kv 5.1 (askv).
 */
export const fakeQuant: RowOp<{ readonly bits: number }> = {
  name: 'fake_quant',
  rowwise: true,
  infer: same('fake_quant'),
  gradient: (_graph, _node, [d]) => [d ?? null],
  cost: (node) => ({ flops: 5 * sizeOf(node.outputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [x], [y]) {
    const cols = colsOf(node.inputs[0]!.shape);
    const top = 2 ** (node.attrs.bits - 1) - 1;
    for (let start = 0; start < y!.length; start += cols) {
      let max = 0;
      for (let c = 0; c < cols; c++) max = Math.max(max, Math.abs(x![start + c]!));
      const scale = max / top;
      for (let c = 0; c < cols; c++) y![start + c] = scale === 0 ? 0 : roundEven(x![start + c]! / scale) * scale;
    }
  },
  wgsl: ({ bits }) => `  var top = 0.0;
  for (var c = 0u; c < COLS; c++) { top = max(top, abs(x(r, c))); }
  let scale = top / ${2 ** (bits - 1) - 1}.0;
  for (var c = 0u; c < COLS; c++) { y_set(r, c, select(0.0, round(x(r, c) / scale) * scale, top > 0.0)); }`,
};
