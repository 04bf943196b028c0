/** Invariant 20 of optimizers-pruning-fisher 10: closed forms against one backward pass a token, on both executors. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { openProbe } from '@/experiment/graph-probe';
import { inverseDiagonal, kroneckerDiagonal, obsScores, secondMomentMatrix, tokenDiagonal } from '@/fisher/kronecker';
import { Graph, type Tensor, crossEntropy, gradients, matmul } from '@/graph';
import { noise } from '../support/gpu';
import { testEngine } from '../support/experiment';

const [TOKENS, C, V] = [6, 8, 12];
let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

describe.each(['webgpu', 'reference'] as const)('%s', (kind) => {
  it('20: D equals the mean over tokens of the squared gradient, one backward pass a token', async () => {
    const graph = new Graph();
    const x = graph.input('x', [1, TOKENS, C], 'f32');
    const w = graph.parameter('w', [C, V], { kind: 'normal', std: 1 }, true);
    const targets = graph.input('targets', [1, TOKENS], 'i32');
    const scale = graph.input('scale', [1], 'f32');
    const logits = graph.apply1(matmul, [x, w], { transA: false, transB: false });
    const [loss] = graph.apply(crossEntropy, [logits, targets, scale], {});
    const grads = gradients(graph, loss!);
    const weights = new Map([['w', { shape: [C, V], data: noise([C, V], 2) }]]);
    const probe = await openProbe(kind === 'webgpu' ? engine : null, { graph, weights, read: [logits], roots: [loss!], gradients: grads, seed: 0 }); // prettier-ignore
    const rows = noise([1, TOKENS, C], 3);
    const labels = Int32Array.from({ length: TOKENS }, (_, t) => (5 * t + 1) % V);
    const byToken = new Float64Array(C * V);
    let y: ArrayLike<number> = [];
    for (let t = 0; t < TOKENS; t++) {
      const one = labels.map((label, i) => (i === t ? label : -1));
      const inputs = new Map<Tensor, Float32Array | Int32Array>([[x, rows], [targets, one], [scale, Float32Array.of(1)]]); // prettier-ignore
      const values = await probe.run(inputs);
      const g = values.get(w)!;
      for (let i = 0; i < byToken.length; i++) byToken[i]! += g[i]! ** 2 / TOKENS;
      y = values.get(logits)!;
    }
    probe.destroy();
    // dL/dlogits of the token's own loss: softmax - one-hot.
    const dy = Float64Array.from({ length: TOKENS * V }, (_, k) => {
      const [t, j] = [Math.floor(k / V), k % V];
      const sum = Array.from({ length: V }, (_, v) => Math.exp(y[t * V + v]!)).reduce((a, b) => a + b, 0);
      return Math.exp(y[k]!) / sum - (labels[t] === j ? 1 : 0);
    });
    const d = tokenDiagonal({ data: rows, width: C }, { data: dy, width: V });
    const scaleD = d.reduce((a, b) => Math.max(a, b), 0);
    d.forEach((v, i) => expect(Math.abs(v - byToken[i]!)).toBeLessThan(1e-5 * scaleD));
  });
});

describe('factors', () => {
  const rows = (seed: number, width: number) => ({ data: Float64Array.from(noise([50, width], seed)), width });
  const [a, g] = [secondMomentMatrix(rows(4, 5)), secondMomentMatrix(rows(5, 3))];

  it('20: the Kronecker diagonal is the outer product of the mean squares', () => {
    const square = (r: { data: Float64Array; width: number }, i: number): number =>
      r.data.filter((_, k) => k % r.width === i).reduce((s, v) => s + v * v, 0) / 50;
    const kron = kroneckerDiagonal(a, g);
    for (let i = 0; i < 5; i++)
      for (let j = 0; j < 3; j++)
        expect(kron[3 * i + j]).toBeCloseTo(square(rows(4, 5), i) * square(rows(5, 3), j), 12);
  });

  it('20: OBS with diagonal factors and lambda -> 0 is w^2 A_ii G_jj; the inverse is one', () => {
    const only = (m: Float64Array, n: number): Float64Array => m.map((v, k) => (Math.floor(k / n) === k % n ? v : 0));
    const [da, dg] = [only(a, 5), only(g, 3)];
    const w = noise([15], 7);
    const kron = kroneckerDiagonal(da, dg);
    obsScores(w, da, dg, 1e-14).forEach((s, k) => expect(s / (w[k]! ** 2 * kron[k]!)).toBeCloseTo(1, 9));
    // 2 x 2 by hand: the diagonal of [[2, 1], [1, 3]]^-1 is [3, 2] / 5.
    expect(Array.from(inverseDiagonal(Float64Array.of(1, 1, 1, 2), 1))).toEqual([0.6, 0.4].map((v) => expect.closeTo(v, 12))); // prettier-ignore
    expect(() => inverseDiagonal(new Float64Array(4), 0)).toThrow(/singular/);
  });
});
