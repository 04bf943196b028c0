/** Every variant of attention to a cache against its op in f64; autotune chooses among them; the share measurement on a small cache. */
import { describe, expect, it } from 'vitest';
import { attentionPlan } from '@/decode/bandwidth';
import { autotune, cachedChoice } from '@/engine/autotune';
import { attentionCached as kernels } from '@/engine/kernels/attention-cached';
import { memoryTuneCache } from '@/engine/tuning';
import { measureShare } from '@/experiment/stream-share';
import { attentionCached } from '@/graph';
import { Graph } from '@/graph';
import { testEngine } from '../support/experiment';
import { noise, operand, runKernels } from '../support/gpu';

const traits = (software: boolean, subgroupSize = 0) => ({
  software,
  subgroupSize,
  maxWorkgroupStorage: 16384,
  maxInvocations: 256,
});

describe('split-K attention', () => {
  const shapes = [
    { heads: 2, headDim: 8, headDimV: 8, capacity: 70, room: 5, positions: [69, 3] },
    { heads: 3, headDim: 5, headDimV: 6, capacity: 9, room: 8, positions: [0, 8] }, // more shares than keys, odd widths
    { heads: 4, headDim: 16, headDimV: 16, capacity: 260, room: 80, positions: [259, 200] }, // four lanes a row
    { heads: 6, kvHeads: 2, headDim: 8, headDimV: 4, capacity: 40, room: 6, positions: [39, 11] }, // three heads share a row
    { heads: 3, kvHeads: 1, headDim: 5, headDimV: 5, capacity: 12, room: 2, positions: [11, 4] },
  ];
  /** Rows of `of` heads with every head repeated: what attention with as many heads of k as of q would keep. */
  const repeated = (x: Float32Array, of: number, times: number, width: number): Float32Array =>
    Float32Array.from({ length: x.length * times }, (_, i) => {
      const [row, head, c] = [Math.floor(i / (of * times * width)), Math.floor(i / width) % (of * times), i % width];
      return x[(row * of + Math.floor(head / times)) * width + c]!;
    });
  it.each([true, false])('software %s: every variant equals the op in f64', async (software) => {
    const seen = new Set<string>();
    for (const { heads, kvHeads = heads, headDim, headDimV, capacity, room, positions } of shapes) {
      const [batch, rows] = [2, 1];
      const graph = new Graph();
      const inputs = [
        graph.input('q', [batch, rows, heads * headDim], 'f32'),
        graph.input('k', [batch, capacity, kvHeads * headDim], 'f32'),
        graph.input('v', [batch, capacity, kvHeads * headDimV], 'f32'),
        graph.input('positions', [batch], 'u32'),
      ];
      const attrs = { nHead: heads, nKvHead: kvHeads, scale: 0.3 };
      const out = graph.apply1(attentionCached, inputs, attrs);
      const [q, k, v] = inputs.slice(0, 3).map((t, i) => noise(t.shape, i + 1, 2)) as [Float32Array, Float32Array, Float32Array]; // prettier-ignore
      const at = Uint32Array.from(positions);
      const expected = new Float64Array(batch * rows * heads * headDimV);
      const node = graph.nodes[graph.nodes.length - 1]!;
      attentionCached.reference(node as never, [q, k, v, at] as never, [expected], undefined as never);
      if (kvHeads < heads) {
        const wide = new Graph();
        const share = heads / kvHeads;
        const [qw, kw, vw] = [headDim, headDim, headDimV].map((d, i) => wide.input(`x${i}`, [batch, i ? capacity : rows, heads * d], 'f32')); // prettier-ignore
        wide.apply1(attentionCached, [qw!, kw!, vw!, wide.input('positions', [batch], 'u32')], {
          nHead: heads,
          scale: 0.3,
        });
        const own = new Float64Array(expected.length);
        const values = [q, repeated(k, kvHeads, share, headDim), repeated(v, kvHeads, share, headDimV), at];
        attentionCached.reference(wide.nodes[0] as never, values as never, [own], undefined as never);
        expect(expected).toEqual(own);
      }
      const partWidth = 4 * (Math.ceil(headDimV / 4) + 1);
      const args = {
        label: 'attention', nHead: heads, nKvHead: kvHeads, scale: attrs.scale, room, batch, rows, capacity, headDim, headDimV,
        q: operand(0, inputs[0]!.shape), k: operand(1, inputs[1]!.shape), v: operand(2, inputs[2]!.shape),
        positions: operand(3, [batch], 'read_write', 'u32'), parts: operand(4, [batch * heads * room, partWidth]),
        out: operand(5, out.shape),
      }; // prettier-ignore
      const [split, combine] = kernels;
      const behind = combine.build(args, combine.variants(args, traits(software))[0]!);
      const host = new Map<number, Float32Array | Uint32Array>([
        [0, q], [1, k], [2, v], [3, at], [4, new Float32Array(batch * heads * room * partWidth)], [5, new Float32Array(expected.length)],
      ]); // prettier-ignore
      const list = split.variants(args, traits(software, 4));
      expect(list[list.length - 1]!.name).toBe('plain');
      for (const variant of list) {
        const program = split.build(args, variant);
        expect(program.variant).toBe(variant.name);
        seen.add(variant.name.split('-').slice(0, 2).join('-'));
        const got = new Float32Array((await runKernels([program, behind], host, [5])).get(5)!);
        expected.forEach((x, i) => expect(Math.abs(got[i]! - x), `${variant.name}: element ${i}`).toBeLessThan(1e-5));
      }
    }
    const all = software
      ? ['heads-gang2', 'heads-stretch', 'plain', 'shares-stretch']
      : ['heads-strided', 'lanes4-strided', 'plain', 'shares-strided'];
    expect([...seen].filter((name) => !name.endsWith('s1')).sort()).toEqual(expect.arrayContaining(all));
  });

  it('autotune measures the pair of dispatches, and the plan then runs its choice', async () => {
    const engine = await testEngine();
    const shape = { batch: 1, heads: 4, headDim: 8, context: 256 };
    const plan = attentionPlan(shape, engine.traits);
    const tune = plan.sequences.attention![0]!.tune!;
    const cache = memoryTuneCache();
    const [result, ...rest] = await autotune(engine, plan, cache);
    expect(rest).toEqual([]);
    expect(result!.candidates.map((c) => c.variant)).toEqual(tune.variants);
    for (const { variant, ms, note } of result!.candidates)
      expect([variant, note, ms! > 0]).toEqual([variant, '', true]);
    expect(cachedChoice(cache, engine.adapter)(tune.key)).toBe(result!.winner);
    for (const variant of tune.variants) {
      const chosen = attentionPlan(shape, engine.traits, undefined, () => variant);
      expect(chosen.sequences.attention![0]!.program.variant).toBe(variant);
    }
  });

  it('a variant that computes something else is never chosen', async () => {
    const engine = await testEngine();
    const plan = attentionPlan({ batch: 1, heads: 4, headDim: 8, context: 64 }, engine.traits);
    const [first, second] = plan.sequences.attention!;
    const tune = first!.tune!;
    const wrong = {
      ...tune,
      build: (name: string) => {
        const program = tune.build(name);
        return name === 'plain' ? program : { ...program, code: program.code.replace('m = top;', 'm = top + 1.0;') };
      },
    };
    const sequences = { attention: [{ ...first!, tune: wrong }, second!] };
    const [result] = await autotune(engine, { ...plan, sequences }, memoryTuneCache());
    expect(result!.winner).toBe('plain');
    for (const { variant, ms } of result!.candidates) expect(ms === null).toBe(variant !== 'plain');
  });
});

describe('measureShare', () => {
  it('gives every round, and the median of shares that were measured side by side', async () => {
    const shape = { batch: 1, heads: 2, headDim: 32, context: 64 };
    let spent = 0;
    const { bytes, rounds, share, ofRead, processorShare, ms } = await measureShare(await testEngine(), shape, { rounds: 3, sampleMs: 1, processorMs: () => (spent += 2) }); // prettier-ignore
    expect(bytes).toBe(2 * 64 * 64 * 4);
    const shares = rounds.map((r) => r.attentionGBs / r.streamGBs).sort((a, b) => a - b);
    expect(shares).toHaveLength(3);
    expect(share).toEqual({ least: shares[0], median: shares[1], greatest: shares[2] });
    const read = rounds.map((r) => r.attentionGBs / r.readGBs).sort((a, b) => a - b);
    expect(ofRead).toEqual({ least: read[0], median: read[1], greatest: read[2] });
    expect(processorShare!.least).toBeGreaterThan(0);
    const times = rounds.map((r) => bytes / r.attentionGBs / 1e6).sort((a, b) => a - b);
    expect(ms).toBeCloseTo(times[1]!, 9);
  });
});
