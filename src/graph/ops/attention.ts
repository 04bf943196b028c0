import { type Node, type Op, type RefArray, type RefContext, type Tensor, ShapeError, bytesOf, colsOf } from '../types';

export interface AttentionAttrs {
  readonly nHead: number;
  /** Multiplies q.k; 1/sqrt(head width) in GPT-2. */
  readonly scale: number;
  /** Dropout on the attention probabilities; 0 = off. `site` keys its random numbers. */
  readonly dropout: number;
  readonly site: number;
}

/** Sizes of softmax(q k^T) v: q and k are [B, T, H*d], v is [B, T, H*dv]. */
export function attentionSizes(q: readonly number[], v: readonly number[], nHead: number) {
  const [batch = 1, seq = 1] = q.length === 3 ? q : [1, q[0]];
  return { batch, seq, headDim: colsOf(q) / nHead, headDimV: colsOf(v) / nHead };
}

/**
 * Causal multi-head attention: O_i = sum_{j<=i} P_ij v_j, P = softmax(scale q k^T). Outputs o [B, T, H*dv] and the row
 * log-sum-exp lse [B*H*T] from which the backward pass recomputes P (never stored).
 */
export const attention: Op<AttentionAttrs> = {
  name: 'attention',
  infer([q, k, v], { nHead }) {
    if (!q || !k || !v) throw new ShapeError('attention', 'needs q, k and v', []);
    if (q.shape.length !== 3) throw new ShapeError('attention', 'q must be [batch, seq, heads * width]', [q.shape]);
    if (colsOf(q.shape) !== colsOf(k.shape))
      throw new ShapeError('attention', 'q and k differ in width', [q.shape, k.shape]);
    for (const t of [q, v])
      if (colsOf(t.shape) % nHead !== 0)
        throw new ShapeError('attention', `${nHead} heads do not divide the width ${colsOf(t.shape)}`, [t.shape]);
    const { batch, seq } = attentionSizes(q.shape, v.shape, nHead);
    return [
      { shape: [batch, seq, colsOf(v.shape)], dtype: 'f32' },
      { shape: [batch * nHead * seq], dtype: 'f32' },
    ];
  },
  gradient(graph, node, [dO]) {
    if (!dO) return [null, null, null];
    const [q, k, v] = node.inputs as [Tensor, Tensor, Tensor];
    const [o, lse] = node.outputs as [Tensor, Tensor];
    return graph.apply(attentionBackward, [q, k, v, o, lse, dO], node.attrs);
  },
  cost: (node) => attentionCost(node, 2),
  reference(node, [q, k, v], [o, lse], context) {
    o!.fill(0);
    forEachRow(node, [q!, k!], context, (p, _raw, _mask, at) => {
      lse![at.row] = at.lse;
      for (let j = 0; j <= at.i; j++)
        for (let c = 0; c < at.dv; c++) o![at.o + c]! += p[j]! * v![at.vBase + j * at.vStride + c]!;
    });
  },
};

/** Inputs q, k, v, o, lse, dO; outputs dq, dk, dv. dS_ij = P_ij (dO_i.v_j - delta_i), delta_i = dO_i.o_i. */
export const attentionBackward: Op<AttentionAttrs> = {
  name: 'attention_backward',
  infer: ([q, k, v]) => [q!, k!, v!].map((t) => ({ shape: t.shape, dtype: 'f32' })),
  gradient() {
    throw new Error('attention_backward has no second derivative');
  },
  cost: (node) => attentionCost(node, 5),
  reference(node, [q, k, v, o, _lse, dO], [dq, dk, dv], context) {
    for (const out of [dq, dk, dv]) out!.fill(0);
    const { scale } = node.attrs;
    forEachRow(node, [q!, k!], context, (p, raw, mask, at) => {
      let delta = 0;
      for (let c = 0; c < at.dv; c++) delta += dO![at.o + c]! * o![at.o + c]!;
      for (let j = 0; j <= at.i; j++) {
        let dp = 0;
        const vj = at.vBase + j * at.vStride;
        for (let c = 0; c < at.dv; c++) {
          dp += dO![at.o + c]! * v![vj + c]!;
          dv![vj + c]! += p[j]! * dO![at.o + c]!;
        }
        const ds = raw[j]! * (dp * mask[j]! - delta) * scale;
        const kj = at.kBase + j * at.kStride;
        for (let c = 0; c < at.d; c++) {
          dq![at.q + c]! += ds * k![kj + c]!;
          dk![kj + c]! += ds * q![at.q + c]!;
        }
      }
    });
  },
};

interface Row {
  readonly row: number;
  readonly i: number;
  readonly d: number;
  readonly dv: number;
  readonly q: number;
  readonly o: number;
  readonly kBase: number;
  readonly kStride: number;
  readonly vBase: number;
  readonly vStride: number;
  readonly lse: number;
}

/** Visits every (batch, head, i) with its probabilities after dropout, before dropout, and the dropout factors. */
function forEachRow(
  node: Node<AttentionAttrs>,
  [q, k]: readonly [RefArray, RefArray],
  context: RefContext,
  visit: (p: Float64Array, raw: Float64Array, mask: Float64Array, at: Row) => void,
): void {
  const { nHead, scale, dropout, site } = node.attrs;
  const { batch, seq, headDim: d, headDimV: dv } = attentionSizes(node.inputs[0]!.shape, node.inputs[2]!.shape, nHead);
  const raw = new Float64Array(seq);
  const p = new Float64Array(seq);
  const mask = new Float64Array(seq).fill(1);
  const width = nHead * d;
  const widthV = nHead * dv;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < nHead; h++)
      for (let i = 0; i < seq; i++) {
        const qi = (b * seq + i) * width + h * d;
        const kBase = b * seq * width + h * d;
        let max = -Infinity;
        for (let j = 0; j <= i; j++) {
          let s = 0;
          for (let c = 0; c < d; c++) s += q[qi + c]! * k[kBase + j * width + c]!;
          raw[j] = s * scale;
          max = Math.max(max, raw[j]!);
        }
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += Math.exp(raw[j]! - max);
        const row = (b * nHead + h) * seq + i;
        for (let j = 0; j <= i; j++) {
          raw[j] = Math.exp(raw[j]! - max) / sum;
          if (dropout > 0) mask[j] = context.uniform(site, row * seq + j) < dropout ? 0 : 1 / (1 - dropout);
          p[j] = raw[j]! * mask[j]!;
        }
        visit(p, raw, mask, {
          row, i, d, dv, q: qi, o: (b * seq + i) * widthV + h * dv, kBase, kStride: width,
          vBase: b * seq * widthV + h * dv, vStride: widthV, lse: max + Math.log(sum),
        }); // prettier-ignore
      }
}

/** Causal: T(T+1)/2 pairs. `products` matrix products of each pair and head (2 forward; 5 backward with recomputation). */
function attentionCost(node: Node<AttentionAttrs>, products: number) {
  const { batch, seq, headDim, headDimV } = attentionSizes(
    node.inputs[0]!.shape,
    node.inputs[2]!.shape,
    node.attrs.nHead,
  );
  const pairs = (batch * node.attrs.nHead * seq * (seq + 1)) / 2;
  return { flops: pairs * products * (headDim + headDimV), bytes: bytesOf(...node.inputs, ...node.outputs) };
}
