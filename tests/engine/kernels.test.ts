/** Every kernel but GEMM (gemm.test.ts) against the f64 reference, over aligned and odd shapes. */
import { describe, expect, it } from 'vitest';
import {
  Graph,
  type Op,
  type Tensor,
  add,
  attention,
  attentionBackward,
  concatLast,
  crossEntropy,
  crossEntropyBackward,
  dropout,
  embedding,
  embeddingBackward,
  gelu,
  geluBackward,
  layerNorm,
  layerNormBackward,
  mul,
  positionBackward,
  scale,
  sigmoid,
  sliceLast,
  sub,
  sumTo,
  tanh,
} from '@/graph';
import { compareOnGpu } from '../support/graph-gpu';

const f32 = (g: Graph, name: string, ...shape: number[]): Tensor => g.input(name, shape, 'f32');

async function check(
  build: (g: Graph, integers: Map<Tensor, Uint32Array | Int32Array>) => readonly Tensor[],
  tolerance: number,
  inputScale = 1,
): Promise<void> {
  const graph = new Graph();
  const integers = new Map<Tensor, Uint32Array | Int32Array>();
  const outputs = build(graph, integers);
  for (const [name, error] of await compareOnGpu(graph, outputs, integers, inputScale))
    expect(error, name).toBeLessThan(tolerance);
}

describe('layer_norm', () => {
  for (const [rows, c] of [
    [33, 48],
    [7, 5],
    [130, 128],
    [1, 3],
  ] as const)
    for (const bias of [true, false])
      it(`${rows} x ${c}, ${bias ? 'with' : 'without'} bias, forward and backward with a residual`, async () => {
        await check((g) => {
          const x = f32(g, 'x', rows, c);
          const params = bias ? [f32(g, 'w', c), f32(g, 'b', c)] : [f32(g, 'w', c)];
          const [y, mean, rstd] = g.apply(layerNorm, [x, ...params], { eps: 1e-5 });
          const dy = f32(g, 'dy', rows, c);
          const grads = g.apply(layerNormBackward, [dy, x, params[0]!, mean!, rstd!], { bias });
          // dweight and dbias are slabs, summed by grad_reduce: covered by parity.test.ts. dx absorbs the residual.
          return [y!, mean!, rstd!, g.apply1(add, [grads[0]!, f32(g, 'residual', rows, c)], {})];
        }, 2e-5);
      });
});

describe('attention', () => {
  const cases = [
    { b: 3, t: 33, h: 3, d: 16, dv: 16, p: 0 },
    { b: 1, t: 5, h: 2, d: 3, dv: 5, p: 0 },
    { b: 2, t: 17, h: 1, d: 8, dv: 12, p: 0.3 },
    { b: 1, t: 1, h: 1, d: 4, dv: 4, p: 0 },
    { b: 1, t: 64, h: 2, d: 32, dv: 32, p: 0 },
  ];
  for (const { b, t, h, d, dv, p } of cases)
    it(`batch ${b}, seq ${t}, heads ${h}, widths ${d} and ${dv}, dropout ${p}`, async () => {
      await check(
        (g) => {
          const attrs = { nHead: h, scale: 1 / Math.sqrt(d), dropout: p, site: 9 };
          const [q, k, v] = [f32(g, 'q', b, t, h * d), f32(g, 'k', b, t, h * d), f32(g, 'v', b, t, h * dv)];
          const [o, lse] = g.apply(attention, [q, k, v], attrs);
          const grads = g.apply(attentionBackward, [q, k, v, o!, lse!, f32(g, 'dO', b, t, h * dv)], attrs);
          return [o!, lse!, ...grads];
        },
        2e-5,
        2,
      );
    });

  it('reads and writes columns of one wide matrix, as c_attn lays them out', async () => {
    const [b, t, h, d] = [2, 9, 2, 8];
    await check((g) => {
      const qkv = f32(g, 'qkv', b, t, 3 * h * d);
      const part = (i: number) => g.apply1(sliceLast, [qkv], { start: i * h * d, size: h * d });
      const attrs = { nHead: h, scale: 0.5, dropout: 0, site: 0 };
      const [q, k, v] = [part(0), part(1), part(2)];
      const [o, lse] = g.apply(attention, [q, k, v], attrs);
      const grads = g.apply(attentionBackward, [q, k, v, o!, lse!, f32(g, 'dO', b, t, h * d)], attrs);
      return [o!, g.apply1(concatLast, grads, {})];
    }, 2e-5);
  });
});

describe('classifier', () => {
  for (const [rows, v] of [
    [9, 65],
    [20, 128],
    [3, 2],
  ] as const)
    it(`${rows} rows of ${v} logits, some not counted`, async () => {
      await check(
        (g, integers) => {
          const logits = f32(g, 'logits', rows, v);
          const targets = g.input('targets', [rows], 'i32');
          integers.set(
            targets,
            Int32Array.from({ length: rows }, (_, i) => (i % 4 === 1 ? -1 : (7 * i) % v)),
          );
          const inputs = [logits, targets, f32(g, 'scale', 1)];
          const [, lossRows] = g.apply(crossEntropy, inputs, {});
          return [lossRows!, g.apply1(crossEntropyBackward, inputs, {})];
        },
        1e-5,
        8,
      );
    });
});

describe('embedding', () => {
  for (const [b, t, v, c] of [
    [3, 11, 7, 16],
    [2, 5, 65, 6],
  ] as const)
    it(`${b} x ${t} ids of ${v}, width ${c}`, async () => {
      await check((g, integers) => {
        const ids = g.input('ids', [b, t], 'u32');
        integers.set(
          ids,
          Uint32Array.from({ length: b * t }, (_, i) => (i * i + 3) % v),
        );
        const y = g.apply1(embedding, [ids, f32(g, 'wte', v, c), f32(g, 'wpe', t + 2, c)], {});
        const dy = f32(g, 'dy', b, t, c);
        return [
          y,
          g.apply1(embeddingBackward, [ids, dy], { rows: v }),
          g.apply1(positionBackward, [dy], { rows: t + 2 }),
        ];
      }, 1e-5);
    });
});

describe('element-wise chains', () => {
  it('fuses arithmetic, activations, broadcasts and dropout into one kernel each', async () => {
    await check(
      (g) => {
        const x = f32(g, 'x', 5, 7, 6);
        const unary = (op: Op<object>, t: Tensor) => g.apply1(op, [t], {});
        const a = g.apply1(mul, [unary(sigmoid, x), f32(g, 'row', 6)], {});
        const b = g.apply1(sub, [g.apply1(scale, [unary(tanh, a)], { factor: -1.5 }), f32(g, 'one', 1)], {});
        const dropped = g.apply1(dropout, [b], { p: 0.4, site: 3 });
        const outputs = (['gelu_erf', 'gelu_tanh'] as const).flatMap((kind) => [
          g.apply1(gelu, [x], { kind }),
          g.apply1(geluBackward, [f32(g, `d ${kind}`, 5, 7, 6), x], { kind }),
        ]);
        return [dropped, ...outputs];
      },
      4 * 1e-6, // gelu and its derivative to 1e-6, times gradients up to 4

      4,
    );
  });

  it('sums leading dimensions and copies views', async () => {
    await check((g) => {
      const x = f32(g, 'x', 4, 9, 10);
      const left = g.apply1(sliceLast, [x], { start: 0, size: 3 });
      const right = g.apply1(sliceLast, [x], { start: 6, size: 4 });
      return [g.apply1(sumTo, [x], { shape: [10] }), g.apply1(concatLast, [right, left, g.constant(0, [4, 9, 2])], {})];
    }, 1e-5);
  });
});
