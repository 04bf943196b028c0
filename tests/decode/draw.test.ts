/** Tokens drawn on the device against the CPU sampler, draw for draw: rules, ties and edges of one draw, then whole texts. */
import { describe, expect, it } from 'vitest';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { CachedContinuation } from '@/decode/continuation';
import { drawOnDevice, drawScalars } from '@/decode/draw';
import { DecodeError } from '@/decode/plan';
import { drawToken } from '@/engine/kernels/draw-token';
import { generate } from '@/experiment/generate';
import { type SamplingOptions, sampleToken } from '@/experiment/sampling';
import { testEngine } from '../support/experiment';
import { noise, operand, runKernels } from '../support/gpu';
import { smallModel } from '../support/model';

const PADDED = 40;
const K = 16;
const traits = { software: true, subgroupSize: 0, maxWorkgroupStorage: 16384, maxInvocations: 256 };

/** One draw of a batch on the device: [ids, positions, drawn]. */
async function draw(rows: readonly Float32Array[], limit: number, index: number, options: SamplingOptions) {
  const batch = rows.length;
  const logits = Float32Array.from(rows.flatMap((r) => [...r]));
  const args = {
    label: 'draw', logits: operand(0, [batch, 1, PADDED]), ids: operand(1, [batch, 1], 'read_write', 'u32'),
    positions: operand(2, [batch], 'read_write', 'u32'), drawn: operand(3, [batch, K], 'read_write', 'u32'),
  }; // prettier-ignore
  const program = drawToken.build(args, drawToken.variants(args, traits)[0]!);
  const words = new Map<number, Float32Array | Uint32Array>([
    [0, logits], [1, new Uint32Array(batch)], [2, new Uint32Array(batch).fill(5)], [3, new Uint32Array(batch * K)],
  ]); // prettier-ignore
  const scalars = drawScalars(3, index - 2, limit, options)[2]!; // the third draw of a submit
  const out = await runKernels([program], words, [1, 2, 3], scalars);
  const [ids, positions, drawn] = [1, 2, 3].map((r) => new Uint32Array(out.get(r)!));
  return {
    ids: ids!.slice(0, batch),
    positions: positions!.slice(0, batch),
    third: rows.map((_, b) => drawn![b * K + 2]!),
  };
}

const padded = (values: readonly number[]): Float32Array =>
  Float32Array.from({ length: PADDED }, (_, i) => values[i] ?? 1e9); // padding would win if it were looked at

const random = (seed: number, scale: number): number[] => Array.from(noise([37], seed, scale));
const flat = Array.from({ length: 37 }, () => 0.5);
const ties = Array.from({ length: 37 }, (_, i) => [3, 1, 3, -2, 1, -0, 0][i % 7]!);

describe('one draw', () => {
  const rows = [random(1, 4), random(2, 40), flat, ties].map(padded);
  const cases: readonly [string, Partial<SamplingOptions>][] = [
    ['greedy', { temperature: 0 }],
    ['plain', {}],
    ['hot', { temperature: 3 }],
    ['cold', { temperature: 0.05 }],
    ['top-k 1', { topK: 1 }],
    ['top-k within ties', { topK: 8 }],
    ['top-k above the vocabulary', { topK: 1000 }],
    ['top-p', { topP: 0.7 }],
    ['top-p 0: one token is always kept', { topP: 0 }],
    ['top-p at an edge of ties: 0.5 of equal weights', { topP: 0.5 }],
    ['min-p', { minP: 0.1 }],
    ['min-p 1: the most likely and its ties', { minP: 1 }],
    ['all rules', { topK: 20, topP: 0.9, minP: 0.02, temperature: 1.3 }],
  ];
  it.each(cases)('%s: the CPU sampler’s token, fed back', async (_name, partial) => {
    const options = { temperature: 1, topK: 0, seed: 11, ...partial };
    for (const index of [2, 3, 9, 77]) {
      const expected = rows.map((row, b) => sampleToken(row, 37, index, options, b));
      const { ids, positions, third } = await draw(rows, 37, index, options);
      expect([...ids]).toEqual(expected);
      expect(third).toEqual(expected);
      expect([...positions]).toEqual(rows.map(() => 6));
    }
  });
});

describe('texts', () => {
  const prompts = [[1, 2, 3], [4, 5, 6, 7, 8]]; // prettier-ignore
  const setUp = async () => {
    const m = smallModel({});
    const { config } = m.model;
    const backend = await WebGpuDecoder.create(await testEngine(), config, { batch: 2, chunk: 3, capacity: config.blockSize }); // prettier-ignore
    backend.load(new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.of(p.name)) }])));
    return backend;
  };
  const collect = async (rows: AsyncGenerator<readonly number[]>): Promise<(readonly number[])[]> => {
    const out: (readonly number[])[] = [];
    for await (const row of rows) out.push(row);
    return out;
  };

  it('equal those of one token a submit and the CPU sampler, beyond the block and for prompts of different lengths', async () => {
    const backend = await setUp();
    for (const options of [
      { temperature: 0, topK: 0, seed: 1 },
      { temperature: 1, topK: 6, topP: 0.9, minP: 0.01, seed: 5 },
    ]) {
      // prettier-ignore
      const slow = await collect(generate(new CachedContinuation(backend), prompts, 20, 11, options));
      for (const perSubmit of [1, 4, 16])
        expect(await collect(drawOnDevice(backend, prompts, 20, 11, options, perSubmit)), `${perSubmit} a submit`).toEqual(slow); // prettier-ignore
    }
    backend.destroy();
  });

  it('refuse more tokens a submit than there are slots', async () => {
    const backend = await setUp();
    await expect(backend.draw(17, 0, 11, { temperature: 1, topK: 0, seed: 0 })).rejects.toThrow(DecodeError);
    backend.destroy();
  });
});
