/** GEMM against f64: every form, aligned and odd sizes, every epilogue, strided operands, split k; variants bit-equal. */
import { describe, expect, it } from 'vitest';
import type { Operand } from '@/engine/kernel';
import { type GemmArgs, gemm } from '@/engine/kernels/gemm';
import { geluDerivative, geluValue } from '@/graph';
import { noise, operand, runKernels } from '../support/gpu';

const SOFTWARE = { software: true, subgroupSize: 4, maxWorkgroupStorage: 16384, maxInvocations: 256 };
const HARDWARE = { ...SOFTWARE, software: false, subgroupSize: 32 };

type Extras = Omit<Partial<GemmArgs>, 'a' | 'b' | 'c'>;

interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

const data = (shape: readonly number[], seed: number) => noise(shape, seed, 1);

function multiply({ m, n, k, transA, transB }: Case, a: Float32Array, b: Float32Array): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let s = 0;
      for (let p = 0; p < k; p++) s += a[transA ? p * m + i : i * k + p]! * b[transB ? j * k + p : p * n + j]!;
      c[i * n + j] = s;
    }
  return c;
}

const worst = (actual: ArrayLike<number>, expected: ArrayLike<number>): number => {
  let max = 0;
  for (let i = 0; i < expected.length; i++)
    max = Math.max(max, Math.abs(actual[i]! - expected[i]!) / (1 + Math.abs(expected[i]!)));
  return max;
};

function operands(c: Case): { a: Operand; b: Operand; host: Map<number, Float32Array> } {
  const shapeA = c.transA ? [c.k, c.m] : [c.m, c.k];
  const shapeB = c.transB ? [c.n, c.k] : [c.k, c.n];
  const host = new Map([
    [0, data(shapeA, 1)],
    [1, data(shapeB, 2)],
    [2, new Float32Array(c.m * c.n)],
  ]);
  return { a: operand(0, shapeA, 'read'), b: operand(1, shapeB, 'read'), host };
}

async function run(
  c: Case,
  extras: Extras,
  extraHost: [number, Float32Array][] = [],
  read = [2],
  traits = SOFTWARE,
  variant?: string,
) {
  const { a, b, host } = operands(c);
  for (const [region, values] of extraHost) host.set(region, values);
  const args: GemmArgs = { label: 'test', a, b, c: operand(2, [c.m, c.n]), splitK: 1, ...c, ...extras };
  const list = gemm.variants(args, traits);
  const chosen = variant ? list.find((v) => v.name === variant)! : list[0]!;
  const out = await runKernels([gemm.build(args, chosen)], host, read);
  return { out: new Map([...out].map(([r, v]) => [r, new Float32Array(v)])), host, list };
}

const SIZES: [number, number, number][] = [
  [32, 48, 64],
  [33, 65, 17],
  [5, 3, 2],
  [40, 36, 128],
];

describe('gemm', () => {
  for (const transA of [false, true])
    for (const transB of [false, true])
      it(`form ${transA ? 'T' : 'N'}${transB ? 'T' : 'N'} at aligned and odd sizes`, async () => {
        for (const [m, n, k] of SIZES) {
          const c = { m, n, k, transA, transB };
          const { out, host } = await run(c, {});
          expect(worst(out.get(2)!, multiply(c, host.get(0)!, host.get(1)!)), `${m}x${n}x${k}`).toBeLessThan(4e-6);
        }
      });

  it('bias, activation with pre-activation, derivative, residual, accumulation', async () => {
    for (const [m, n, k] of [
      [32, 48, 64],
      [17, 21, 19],
    ] as const) {
      const c = { m, n, k, transA: false, transB: false };
      const bias = data([n], 3);
      const other = data([m, n], 4);
      for (const kind of ['gelu_erf', 'gelu_tanh'] as const) {
        const { out, host } = await run(
          c,
          { bias: operand(3, [n], 'read'), activation: { kind, preact: operand(4, [m, n]) } },
          [
            [3, bias],
            [4, new Float32Array(m * n)],
          ],
          [2, 4],
        );
        const u = multiply(c, host.get(0)!, host.get(1)!).map((x, i) => x + bias[i % n]!);
        expect(worst(out.get(4)!, u)).toBeLessThan(2e-6);
        expect(
          worst(
            out.get(2)!,
            u.map((x) => geluValue(x, kind)),
          ),
        ).toBeLessThan(2e-6);
        const back = await run(c, { gradActivation: { kind, preact: operand(5, [m, n]) } }, [[5, other]]);
        const d = multiply(c, host.get(0)!, host.get(1)!).map((x, i) => x * geluDerivative(other[i]!, kind));
        expect(worst(back.out.get(2)!, d)).toBeLessThan(2e-6);
      }
      const added = await run(c, { bias: operand(3, [n], 'read'), residual: operand(5, [m, n]) }, [
        [3, bias],
        [5, other],
      ]);
      const plain = multiply(c, added.host.get(0)!, added.host.get(1)!);
      expect(
        worst(
          added.out.get(2)!,
          plain.map((x, i) => x + bias[i % n]! + other[i]!),
        ),
      ).toBeLessThan(2e-6);
      const accumulated = await run(c, { accumulate: true }, [[2, other]]);
      expect(
        worst(
          accumulated.out.get(2)!,
          plain.map((x, i) => x + other[i]!),
        ),
      ).toBeLessThan(2e-6);
    }
  });

  it('split k into slabs with the column sums of B (weight and bias gradients)', async () => {
    for (const [m, n, k, splitK] of [
      [32, 48, 256, 4],
      [12, 20, 50, 3],
      [16, 16, 64, 1],
    ] as const) {
      const c = { m, n, k, transA: true, transB: false };
      const extra = { splitK, c: operand(2, [splitK, m, n]), colSum: operand(3, [splitK, n]) };
      const { a, b, host } = operands(c);
      host.set(2, new Float32Array(splitK * m * n));
      host.set(3, new Float32Array(splitK * n));
      const args: GemmArgs = { label: 't', a, b, ...c, ...extra };
      const out = await runKernels([gemm.build(args, gemm.variants(args, SOFTWARE)[0]!)], host, [2, 3]);
      const slabs = new Float32Array(out.get(2)!);
      const sums = new Float32Array(out.get(3)!);
      const total = new Float64Array(m * n);
      const columns = new Float64Array(n);
      for (let s = 0; s < splitK; s++) {
        for (let i = 0; i < m * n; i++) total[i]! += slabs[s * m * n + i]!;
        for (let j = 0; j < n; j++) columns[j]! += sums[s * n + j]!;
      }
      expect(worst(total, multiply(c, host.get(0)!, host.get(1)!))).toBeLessThan(3e-6);
      const expected = Float64Array.from({ length: n }, (_, j) => {
        let s = 0;
        for (let p = 0; p < k; p++) s += host.get(1)![p * n + j]!;
        return s;
      });
      expect(worst(columns, expected)).toBeLessThan(3e-6);
    }
  });

  it('operands that are columns of wider matrices', async () => {
    const c = { m: 24, n: 16, k: 32, transA: false, transB: false };
    const wide = data([24, 96], 7);
    const args: GemmArgs = {
      label: 't', ...c, splitK: 1,
      a: { ...operand(0, [24, 32]), rowStride: 96, offset: 32 },
      b: operand(1, [32, 16], 'read'),
      c: { ...operand(0, [24, 16]), rowStride: 96, offset: 80 },
    }; // prettier-ignore
    const b = data([32, 16], 8);
    const out = await runKernels(
      [gemm.build(args, gemm.variants(args, SOFTWARE)[0]!)],
      new Map([
        [0, wide],
        [1, b],
      ]),
      [0],
    );
    const a = Float32Array.from({ length: 24 * 32 }, (_, i) => wide[Math.floor(i / 32) * 96 + 32 + (i % 32)]!);
    const expected = multiply(c, a, b);
    const result = new Float32Array(out.get(0)!);
    const actual = expected.map((_, i) => result[Math.floor(i / 16) * 96 + 80 + (i % 16)]!);
    expect(worst(actual, expected)).toBeLessThan(2e-6);
  });

  it('every variant gives the bits of the naive twin', async () => {
    for (const c of [
      { m: 64, n: 64, k: 36, transA: false, transB: true },
      { m: 65, n: 67, k: 33, transA: true, transB: false },
    ])
      for (const traits of [SOFTWARE, HARDWARE]) {
        const { list, out } = await run(c, {}, [], [2], traits, 'naive');
        expect(list.length).toBeGreaterThan(2);
        for (const variant of list) {
          const other = await run(c, {}, [], [2], traits, variant.name);
          expect(Buffer.from(other.out.get(2)!.buffer).equals(Buffer.from(out.get(2)!.buffer)), variant.name).toBe(
            true,
          );
        }
      }
  });
});
