/** Split-K attention, with one and with four keys a turn, against its op in f64; the share measurement on a small cache. */
import { describe, expect, it } from 'vitest';
import { attentionCached as kernels } from '@/engine/kernels/decode';
import { measureShare } from '@/experiment/stream-share';
import { attentionCached } from '@/graph';
import { Graph } from '@/graph';
import { testEngine } from '../support/experiment';
import { noise, operand, runKernels } from '../support/gpu';

const traits = (software: boolean) => ({ software, subgroupSize: 0, maxWorkgroupStorage: 16384, maxInvocations: 256 });

describe('split-K attention', () => {
  const shapes = [
    { heads: 2, headDim: 8, headDimV: 8, capacity: 70, splits: 5, positions: [69, 3] },
    { heads: 3, headDim: 5, headDimV: 6, capacity: 9, splits: 8, positions: [0, 8] }, // more shares than keys, odd widths
  ];
  it.each([true, false])('software %s: equals the op in f64', async (software) => {
    for (const { heads, headDim, headDimV, capacity, splits, positions } of shapes) {
      const [batch, rows] = [2, 1];
      const graph = new Graph();
      const inputs = [
        graph.input('q', [batch, rows, heads * headDim], 'f32'),
        graph.input('k', [batch, capacity, heads * headDim], 'f32'),
        graph.input('v', [batch, capacity, heads * headDimV], 'f32'),
        graph.input('positions', [batch], 'u32'),
      ];
      const attrs = { nHead: heads, scale: 0.3 };
      const out = graph.apply1(attentionCached, inputs, attrs);
      const [q, k, v] = inputs.slice(0, 3).map((t, i) => noise(t.shape, i + 1, 2)) as [Float32Array, Float32Array, Float32Array]; // prettier-ignore
      const at = Uint32Array.from(positions);
      const expected = new Float64Array(batch * rows * heads * headDimV);
      const node = graph.nodes[graph.nodes.length - 1]!;
      attentionCached.reference(node as never, [q, k, v, at] as never, [expected], undefined as never);
      const partWidth = 4 * (Math.ceil(headDimV / 4) + 1);
      const args = {
        label: 'attention', nHead: heads, scale: attrs.scale, splits, batch, rows, capacity, headDim, headDimV,
        q: operand(0, inputs[0]!.shape), k: operand(1, inputs[1]!.shape), v: operand(2, inputs[2]!.shape),
        positions: operand(3, [batch], 'read_write', 'u32'), parts: operand(4, [batch * heads * splits, partWidth]),
        out: operand(5, out.shape),
      }; // prettier-ignore
      const programs = kernels.map((family) => family.build(args, family.variants(args, traits(software))[0]!));
      const host = new Map<number, Float32Array | Uint32Array>([
        [0, q], [1, k], [2, v], [3, at], [4, new Float32Array(batch * heads * splits * partWidth)], [5, new Float32Array(expected.length)],
      ]); // prettier-ignore
      const got = new Float32Array((await runKernels(programs, host, [5])).get(5)!);
      expected.forEach((x, i) => expect(Math.abs(got[i]! - x), `element ${i}`).toBeLessThan(1e-5));
    }
  });
});

describe('measureShare', () => {
  it('gives every round, and the median of shares that were measured side by side', async () => {
    const shape = { batch: 1, heads: 2, headDim: 32, context: 64 };
    const { bytes, rounds, share, ms } = await measureShare(await testEngine(), shape, { rounds: 3, sampleMs: 1 });
    expect(bytes).toBe(2 * 64 * 64 * 4);
    const shares = rounds.map((r) => r.attentionGBs / r.streamGBs).sort((a, b) => a - b);
    expect(shares).toHaveLength(3);
    expect(share).toEqual({ least: shares[0], median: shares[1], greatest: shares[2] });
    const times = rounds.map((r) => bytes / r.attentionGBs / 1e6).sort((a, b) => a - b);
    expect(ms).toBeCloseTo(times[1]!, 9);
  });
});
