/**
 * The attention Fisher information of a head, F = E_i[diag(p_i) - p_i p_i^T] with p_i row i of its attention. Spec:
 * attention-and-kv 6.1, 6.2. Of its trace no eigenvalue is needed: tr F = 1 - E_i |p_i|^2. High: diffuse attention.
 * Uniform rows maximise it, so every value stands beside that of uniform causal attention.
 */

/** Queries and keys of one attention, [batch, seq, nHead * headDim] each. */
export interface QueryKey {
  readonly q: ArrayLike<number>;
  readonly k: ArrayLike<number>;
  readonly batch: number;
  readonly seq: number;
  readonly nHead: number;
  readonly headDim: number;
  readonly scale: number;
}

export interface HeadTrace {
  /** F1: 1 - E|p|^2, in [0, 1 - 1/seq]. */
  readonly trace: number;
  /** F2: E over rows and columns of p^2. High: concentrated. F2 = (1 - F1) / seq. */
  readonly collision: number;
  /** Mean row entropy, nats. */
  readonly entropy: number;
}

/** Visits every row of a head: p[0..i] are its probabilities (f64), what lies beyond i is stale. */
export function forEachRow(qk: QueryKey, head: number, visit: (p: Float64Array, i: number) => void): void {
  const { q, k, batch, seq, nHead, headDim, scale } = qk;
  const width = nHead * headDim;
  const p = new Float64Array(seq);
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < seq; i++) {
      const qi = (b * seq + i) * width + head * headDim;
      let max = -Infinity;
      for (let j = 0; j <= i; j++) {
        const kj = (b * seq + j) * width + head * headDim;
        let s = 0;
        for (let c = 0; c < headDim; c++) s += q[qi + c]! * k[kj + c]!;
        p[j] = s * scale;
        if (p[j]! > max) max = p[j]!;
      }
      let sum = 0;
      for (let j = 0; j <= i; j++) sum += p[j] = Math.exp(p[j]! - max);
      for (let j = 0; j <= i; j++) p[j]! /= sum;
      visit(p, i);
    }
}

/** F1, F2 and the entropy of one head over all rows. */
export function headTrace(qk: QueryKey, head: number): HeadTrace {
  let squares = 0;
  let entropy = 0;
  forEachRow(qk, head, (p, i) => {
    for (let j = 0; j <= i; j++) {
      squares += p[j]! * p[j]!;
      if (p[j]! > 0) entropy -= p[j]! * Math.log(p[j]!);
    }
  });
  const rows = qk.batch * qk.seq;
  return { trace: 1 - squares / rows, collision: squares / rows / qk.seq, entropy: entropy / rows };
}

/** The same of uniform causal attention: trace 1 - H_seq / seq (0.9576 at 128), entropy the mean of ln i. */
export function uniformTrace(seq: number): HeadTrace {
  let harmonic = 0;
  let logs = 0;
  for (let i = 1; i <= seq; i++) {
    harmonic += 1 / i;
    logs += Math.log(i);
  }
  return { trace: 1 - harmonic / seq, collision: harmonic / seq / seq, entropy: logs / seq };
}
