import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import philoxWgsl from '@shaders/random/philox.wgsl?raw';
import { PURPOSE, RandomStream, boxMuller, mulhi, philox4x32, uniform } from '@/data/random';
import { PURPOSE as ENGINE_PURPOSE } from '@/engine/kernels/dropout';
import { STREAM, batchStart } from '@/experiment/batches';
import { PRUNE_PURPOSE } from '@/pruning/kernels';
import { noise, runKernels } from '../support/gpu';

const word = fc.integer({ min: 0, max: 0xffffffff });
const hex = (words: readonly number[]): string => words.map((w) => w.toString(16).padStart(8, '0')).join(' ');

it('the kernels name the streams as the table does', () => {
  expect(PURPOSE).toMatchObject({ ...ENGINE_PURPOSE, PRUNE: PRUNE_PURPOSE });
});

describe('philox4x32', () => {
  it('gives the published known answers (Random123 kat_vectors, philox4x32 10)', () => {
    const f = 0xffffffff;
    expect(hex(philox4x32([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
    expect(hex(philox4x32([f, f, f, f], [f, f]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
    expect(hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    );
  });

  it('is the same in WGSL, bit for bit', async () => {
    const inputs = Uint32Array.from(new Uint32Array(noise([256, 6], 7).buffer));
    inputs.fill(0xffffffff, 0, 6);
    inputs.fill(0, 6, 12);
    const code = `${philoxWgsl}
@group(0) @binding(0) var<storage, read> inputs: array<u32>;
@group(0) @binding(1) var<storage, read_write> outputs: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x * 6u;
  let words = philox4x32(vec4u(inputs[at], inputs[at + 1u], inputs[at + 2u], inputs[at + 3u]), vec2u(inputs[at + 4u], inputs[at + 5u]));
  for (var lane = 0u; lane < 4u; lane++) { outputs[id.x * 5u + lane] = words[lane]; }
  outputs[id.x * 5u + 4u] = philox_mulhi(inputs[at], inputs[at + 1u]);
}`;
    const result = await runKernels(
      [
        {
          label: 'philox', family: 'philox', variant: '', code, regions: [0, 1], access: ['read', 'read_write'],
          usesScalars: false, workgroups: [4, 1, 1], flops: 0, bytes: 0,
        },
      ],
      new Map([[0, inputs], [1, new Uint32Array(256 * 5)]]),
      [1],
    ); // prettier-ignore
    const gpu = new Uint32Array(result.get(1)!);
    for (let i = 0; i < 256; i++) {
      const [a, b, c, d, k0, k1] = inputs.subarray(i * 6, i * 6 + 6) as unknown as [number, number, number, number, number, number];
      expect([...gpu.subarray(i * 5, i * 5 + 5)]).toEqual([...philox4x32([a, b, c, d], [k0, k1]), mulhi(a, b)]);
    }
  }); // prettier-ignore
});

describe('derived numbers', () => {
  it('mulhi is the upper half of the exact product', () => {
    fc.assert(fc.property(word, word, (a, b) => BigInt(mulhi(a, b)) === (BigInt(a) * BigInt(b)) >> 32n));
    expect(mulhi(0xffffffff, 0xffffffff)).toBe(0xfffffffe);
  });

  it('uniform stays inside (0, 1) at both ends, in f64', () => {
    expect(uniform(0)).toBe(2 ** -25);
    expect(uniform(0xffffffff)).toBe(1 - 2 ** -25);
    expect(Math.fround(uniform(0xffffffff))).toBe(1); // what the docstring warns of
  });

  it('normals have the moments of a standard normal', () => {
    const n = 40_000;
    let [m1, m2, m4, cross] = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const words = philox4x32([i, 0, 0, 0], [1, PURPOSE.INIT]);
      const [x, y] = boxMuller(words[0], words[1]);
      m1 += (x + y) / (2 * n);
      m2 += (x * x + y * y) / (2 * n);
      m4 += (x ** 4 + y ** 4) / (2 * n);
      cross += (x * y) / n;
    }
    // Five standard errors of each mean: sqrt(Var / samples), with Var = 1, 2, 96 and 1.
    expect(Math.abs(m1)).toBeLessThan(5 * Math.sqrt(1 / (2 * n)));
    expect(Math.abs(m2 - 1)).toBeLessThan(5 * Math.sqrt(2 / (2 * n)));
    expect(Math.abs(m4 - 3)).toBeLessThan(5 * Math.sqrt(96 / (2 * n)));
    expect(Math.abs(cross)).toBeLessThan(5 * Math.sqrt(1 / n));
  });

  it('integers below n are uniform (chi-square)', () => {
    const random = new RandomStream(3, PURPOSE.TASK, 0);
    const counts = new Float64Array(10);
    for (let i = 0; i < 20_000; i++) counts[random.int(10)]!++;
    const chi2 = counts.reduce((sum, c) => sum + (c - 2000) ** 2 / 2000, 0);
    expect(chi2).toBeLessThan(27.9); // 9 degrees of freedom, p = 0.001
  });

  it('a stream walks the four words of one block after another', () => {
    const random = new RandomStream(5, PURPOSE.SAMPLE, 11, 2);
    const drawn = Array.from({ length: 6 }, () => random.u32());
    const block = (index: number): readonly number[] => philox4x32([index, 11, 2, 0], [5, PURPOSE.SAMPLE]);
    expect(drawn).toEqual([...block(0), ...block(1).slice(0, 2)]);
  });

  it('shuffle permutes', () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = new RandomStream(1, PURPOSE.TASK, 0).shuffle([...items]);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });
});

describe('the batch rule', () => {
  const exact = (x: number, n: number): number => Number((BigInt(x) * BigInt(n)) >> 32n);

  it('windows cover [start, start + T] and reach both ends', () => {
    const corpus = new Uint32Array(20);
    const shape = { rows: 1, seq: 16, sampling: 'window' } as const;
    const seen = new Set<number>();
    for (let row = 0; row < 64; row++) {
      const start = batchStart(corpus, shape, 9, STREAM.TRAIN, 4, row);
      expect(start).toBe(exact(philox4x32([row, 4, 0, 0], [9, 2])[0], 4));
      seen.add(start);
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3]); // 3 + 16 is the last token
  });

  it('rows start at multiples of T + 1', () => {
    const corpus = new Uint32Array(5 * 9);
    const shape = { rows: 1, seq: 8, sampling: 'rows' } as const;
    const seen = new Set<number>();
    for (let row = 0; row < 64; row++) {
      const start = batchStart(corpus, shape, 9, STREAM.EVAL, 0, row);
      expect(start).toBe(9 * exact(philox4x32([row, 0, 1, 0], [9, 2])[0], 5));
      seen.add(start);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 9, 18, 27, 36]);
  });
});
