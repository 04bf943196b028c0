/** Exact selection: GPU masks equal the CPU's bit for bit, with ties and equal scores (optimizers-pruning-fisher 10, invariant 8). */
import { describe, expect, it } from 'vitest';
import type { KernelProgram } from '@/engine/kernel';
import { chunkTable } from '@/pruning/kernels';
import { keyScore, orderKey, packMask, selectSmallest, unpackMask } from '@/pruning/select';
import { planSelection } from '@/pruning/selection-plan';
import { noise, operand, runKernels } from '../support/gpu';

const TRAITS = { software: true, subgroupSize: 4, maxWorkgroupStorage: 16384, maxInvocations: 256 };

/** Keep bits that the kernels write for keys of tensors of the given sizes; one budget a domain. */
async function gpuSelect(
  keys: Uint32Array,
  sizes: readonly number[],
  domainOf: readonly number[],
  pruned: readonly number[],
): Promise<Uint8Array[]> {
  let offset = 0;
  const tensors = sizes.map((size, i) => {
    const tensor = { name: `t${i}`, shape: [size], size, offset };
    offset += Math.ceil(size / 64) * 64;
    return tensor;
  });
  const table = chunkTable(tensors, domainOf);
  const d = pruned.length;
  const u32 = (region: number, n: number, access: 'read' | 'read_write' = 'read_write') =>
    operand(region, [n], access, 'u32');
  const dispatches = planSelection(
    {
      chunks: u32(0, table.data.length, 'read'), budget: u32(1, d, 'read'), keys: u32(2, keys.length), counts: u32(3, 256 * d),
      selection: u32(4, 3 * d), ties: u32(5, table.chunks), fresh: u32(6, offset / 32),
    },
    'test',
    TRAITS,
  ); // prettier-ignore
  const host = new Map<number, Uint32Array>([
    [0, table.data], [1, Uint32Array.from(pruned)], [2, keys], [3, new Uint32Array(256 * d)], [4, new Uint32Array(3 * d)],
    [5, new Uint32Array(table.chunks)], [6, new Uint32Array(offset / 32)],
  ]); // prettier-ignore
  const programs: KernelProgram[] = dispatches.map(({ program }) => program);
  const words = new Uint32Array((await runKernels(programs, host, [6])).get(6)!);
  return tensors.map(({ offset: at, size }) => unpackMask(words.slice(at / 32), size));
}

const random = (n: number, seed: number): Uint32Array => {
  let state = seed;
  return Uint32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state ^ (state >>> 13)) >>> 0;
  });
};

describe('keys', () => {
  it('keep the order of scores; -0 is 0; non-finite scores are kept', () => {
    const scores = [...noise([500], 3, 1e3), ...noise([500], 4, 1e-30), 0, 1e-45, -1e-45, 3e38, -3e38].sort(
      (a, b) => a - b,
    );
    scores.slice(1).forEach((score, i) => {
      const [low, high] = [orderKey(scores[i]!), orderKey(score)];
      if (Math.fround(scores[i]!) < Math.fround(score)) expect(low).toBeLessThan(high);
      expect(keyScore(high)).toBe(Math.fround(score));
    });
    expect(orderKey(-0)).toBe(orderKey(0));
    for (const bad of [NaN, Infinity, -Infinity]) expect(orderKey(bad)).toBe(0xffffffff);
  });
});

describe('the CPU', () => {
  it('prunes exactly k, the lowest indices among ties', () => {
    expect([...selectSmallest(Float64Array.of(3, 1, 2, 1, 1), 2)]).toEqual([1, 0, 1, 0, 1]);
    expect([...selectSmallest(new Float64Array(5), 3)]).toEqual([0, 0, 0, 1, 1]);
    expect([...selectSmallest(Float64Array.of(NaN, 1, NaN, 2), 2)]).toEqual([1, 0, 1, 0]);
    const words = packMask([1, 0, 1]);
    expect([...words]).toEqual([0xfffffffd]);
  });
});

describe('the GPU', () => {
  const cases: [string, (i: number) => number][] = [
    ['random keys', (i) => random(1, i + 1)[0]!],
    ['many ties', (i) => 0x80000000 + (Math.imul(i, 2654435761) >>> 29)],
    ['all equal', () => 0x3f800000],
    ['all zero', () => 0],
    ['all largest', () => 0xffffffff],
  ];
  it.each(cases)('%s: 1,000 and 40,000 elements, k from 0 to all', async (_, key) => {
    for (const n of [1000, 40_000]) {
      const keys = Uint32Array.from({ length: n }, (__, i) => key(i));
      for (const k of [0, 1, Math.round(n / 3), n - 1, n]) {
        const [mask] = await gpuSelect(keys, [n], [0], [k]);
        const expected = selectSmallest(keys, k);
        expect(expected.reduce((sum, bit) => sum + 1 - bit, 0)).toBe(k);
        expect(Buffer.compare(mask!, expected), `n ${n} k ${k}`).toBe(0);
      }
    }
  });

  it('domains over several tensors of odd sizes', async () => {
    const sizes = [272, 9000, 31, 16384, 1];
    const domainOf = [0, 1, 0, 1, 2];
    const keys = random(sizes.reduce((a, b) => a + b), 5).map((key) => key >>> 20); // prettier-ignore
    const pruned = [150, 12_000, 0];
    const masks = await gpuSelect(keys, sizes, domainOf, pruned);
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
    pruned.forEach((k, domain) => {
      const members = sizes.map((_, i) => i).filter((i) => domainOf[i] === domain);
      const joined = Uint32Array.from(members.flatMap((i) => [...keys.slice(starts[i], starts[i]! + sizes[i]!)]));
      expect(members.flatMap((i) => [...masks[i]!])).toEqual([...selectSmallest(joined, k)]);
    });
  });

  it.each([1e6, 1e7])('%d elements with ties', async (n) => {
    const keys = random(n, 7).map((key) => key >>> 12);
    const k = Math.round(0.7 * n);
    const [mask] = await gpuSelect(keys, [n], [0], [k]);
    expect(Buffer.compare(mask!, selectSmallest(keys, k))).toBe(0);
  });
});
