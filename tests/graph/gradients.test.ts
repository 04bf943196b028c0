/** Every gradient against central differences of the f64 reference, and shape errors at build time. */
import { describe, expect, it } from 'vitest';
import {
  Graph,
  GradientError,
  ShapeError,
  type Tensor,
  add,
  attention,
  concatLast,
  crossEntropy,
  dropout,
  erf,
  gelu,
  gradients,
  layerNorm,
  matmul,
  mul,
  scale,
  sigmoid,
  sliceLast,
  sub,
  tanh,
} from '@/graph';
import { BASELINE_ATTENTION } from '@/models/attention/config';
import { buildGpt2Training } from '@/models/gpt2';
import { gradientError, randomValues } from '../support/reference';

/** loss = left x right with fixed random vectors, so that every element of the gradient is different. */
function scalarLoss(graph: Graph, x: Tensor): Tensor {
  const n = x.shape.reduce((a, b) => a * b, 1);
  const cols = x.shape[x.shape.length - 1]!;
  const right = graph.input('right', [cols, 1], 'f32');
  const left = graph.input('left', [1, n / cols], 'f32');
  const column = graph.apply1(matmul, [x, right], { transA: false, transB: false });
  return graph.apply1(matmul, [left, column], { transA: false, transB: false });
}

const normal = { kind: 'normal', std: 1 } as const;

function check(build: (graph: Graph) => Tensor, tolerance = 1e-7): void {
  const graph = new Graph();
  const loss = scalarLoss(graph, build(graph));
  const grads = gradients(graph, loss);
  const { worst, where } = gradientError(graph, randomValues(graph), loss, grads);
  expect(worst, where).toBeLessThan(tolerance);
}

describe('gradients agree with central differences', () => {
  const p = (g: Graph, name: string, ...shape: number[]): Tensor => g.parameter(name, shape, normal);

  it('matmul in its four forms', () => {
    for (const transA of [false, true])
      for (const transB of [false, true])
        check((g) => {
          const a = transA ? p(g, 'a', 5, 3) : p(g, 'a', 3, 5);
          const b = transB ? p(g, 'b', 4, 5) : p(g, 'b', 5, 4);
          return g.apply1(matmul, [a, b], { transA, transB });
        });
  });

  it('add, sub and mul with broadcast second operands', () => {
    for (const op of [add, sub, mul])
      for (const shape of [[2, 3, 4], [3, 4], [4], [1]])
        check((g) => g.apply1(op, [p(g, 'a', 2, 3, 4), g.parameter('b', shape, normal)], {}));
  });

  it('sigmoid, tanh, scale and both GELUs', () => {
    check((g) => g.apply1(sigmoid, [p(g, 'a', 3, 4)], {}));
    check((g) => g.apply1(tanh, [p(g, 'a', 3, 4)], {}));
    check((g) => g.apply1(scale, [p(g, 'a', 3, 4)], { factor: -1.7 }));
    for (const kind of ['gelu_erf', 'gelu_tanh'] as const) check((g) => g.apply1(gelu, [p(g, 'a', 3, 4)], { kind }));
  });

  it('layer_norm with and without bias', () => {
    check((g) => g.apply1(layerNorm, [p(g, 'x', 3, 5), p(g, 'w', 5), p(g, 'b', 5)], { eps: 1e-5 }));
    check((g) => g.apply1(layerNorm, [p(g, 'x', 3, 5), p(g, 'w', 5)], { eps: 1e-5 }));
  });

  it('attention, with unequal value width and with dropout on the probabilities', () => {
    const attrs = { nHead: 3, scale: 0.7, dropout: 0, site: 1 };
    check((g) => g.apply1(attention, [p(g, 'q', 2, 5, 6), p(g, 'k', 2, 5, 6), p(g, 'v', 2, 5, 9)], attrs));
    check((g) =>
      g.apply1(attention, [p(g, 'q', 2, 5, 6), p(g, 'k', 2, 5, 6), p(g, 'v', 2, 5, 6)], { ...attrs, dropout: 0.4 }),
    );
  });

  it('dropout', () => check((g) => g.apply1(dropout, [p(g, 'x', 6, 5)], { p: 0.3, site: 4 })));

  it('slices that tile, overlap and leave gaps; concat', () => {
    for (const ranges of [
      [
        [0, 2],
        [2, 4],
      ],
      [
        [0, 3],
        [2, 4],
      ],
      [
        [1, 2],
        [1, 2],
        [4, 1],
      ],
    ])
      check((g) => {
        const x = p(g, 'x', 3, 6);
        const parts = ranges.map(([start = 0, size = 0]) => g.apply1(sliceLast, [x], { start, size }));
        return g.apply1(concatLast, [...parts, g.apply1(scale, [x], { factor: 2 })], {});
      });
  });

  it('a tensor used by several consumers', () =>
    check((g) => {
      const x = p(g, 'x', 3, 4);
      const y = g.apply1(tanh, [x], {});
      return g.apply1(add, [g.apply1(mul, [y, x], {}), g.apply1(sigmoid, [y], {})], {});
    }));

  it('a whole GPT-2 (tied and untied, with and without bias, dropout on)', () => {
    for (const [bias, weightTying, gelu] of [
      [true, true, 'gelu_erf'],
      [false, false, 'gelu_tanh'],
    ] as const) {
      const model = buildGpt2Training(
        {
          nLayer: 2,
          nHead: 2,
          nEmbd: 8,
          blockSize: 6,
          vocabSize: 11,
          bias,
          dropout: 0.2,
          gelu,
          weightTying,
          attention: BASELINE_ATTENTION,
        },
        2,
        5,
      );
      const values = randomValues(model.graph);
      values.set(model.ids.id, Uint32Array.from([1, 2, 3, 2, 1, 10, 0, 1, 5, 5]));
      values.set(model.targets.id, Int32Array.from([2, 3, 2, 1, 4, 0, -1, 5, 5, 9]));
      values.set(model.lossScale.id, Float64Array.of(1 / 9));
      const { worst, where } = gradientError(model.graph, values, model.loss, model.gradients, 5);
      expect(worst, where).toBeLessThan(2e-6);
    }
  });
});

describe('build-time errors', () => {
  it('name the op, where it is and both shapes', () => {
    const g = new Graph();
    const a = g.parameter('a', [3, 5], normal);
    const b = g.parameter('b', [4, 5], normal);
    const build = () => g.scope('h.0.mlp', () => g.apply(matmul, [a, b], { transA: false, transB: false }));
    expect(build).toThrow(ShapeError);
    expect(build).toThrow('matmul in h.0.mlp: inner sizes 5 and 4 differ; got [3, 5] and [4, 5]');
    expect(() => g.apply(add, [a, b], {})).toThrow(/add: .*\[3, 5\] and \[4, 5\]/);
    const attrs = { nHead: 2, scale: 1, dropout: 0, site: 0 };
    const q = g.parameter('q', [1, 2, 5], normal);
    expect(() => g.apply(attention, [q, q, q], attrs)).toThrow('2 heads do not divide the width 5');
  });

  it('refuse a loss that is no scalar and parameters that do not reach it', () => {
    const g = new Graph();
    const a = g.parameter('a', [3], normal);
    expect(() => gradients(g, g.apply1(tanh, [a], {}))).toThrow(GradientError);
    const h = new Graph();
    const used = h.parameter('used', [1], normal);
    h.parameter('unused', [1], normal);
    expect(() => gradients(h, h.apply1(tanh, [used], {}))).toThrow('parameter unused does not influence the loss');
  });

  it('cross_entropy must be the root', () => {
    const g = new Graph();
    const logits = g.parameter('logits', [2, 3], normal);
    const loss = g.apply1(crossEntropy, [logits, g.input('t', [2], 'i32'), g.input('s', [1], 'f32')], {});
    expect(() => gradients(g, g.apply1(scale, [loss], { factor: 2 }))).toThrow('root of differentiation');
  });
});

it('erf matches tabulated values (Abramowitz & Stegun, table 7.1; DLMF 7)', () => {
  const table = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [1.5, 0.9661051464753108],
    [2.4, 0.9993114861033549],
    [2.6, 0.9997639655834707],
    [3.5, 0.9999992569016276],
  ] as const;
  for (const [x, y] of table) {
    expect(Math.abs(erf(x) - y), `erf(${x})`).toBeLessThan(1e-14);
    expect(erf(-x)).toBe(-erf(x));
  }
});
