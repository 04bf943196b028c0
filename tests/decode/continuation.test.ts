import { describe, expect, it } from 'vitest';
import { ReferenceDecoder } from '@/decode/backend-reference';
import { CachedContinuation, ForwardContinuation, windowStart } from '@/decode/continuation';
import { generate } from '@/experiment/generate';
import { smallModel } from '../support/model';

describe('windowStart', () => {
  it('is 0 while all fits and then moves in quarters, never leaving more than the block', () => {
    expect([1, 8, 9, 10, 11, 12].map((n) => windowStart(n, 8))).toEqual([0, 0, 2, 2, 4, 4]);
    for (let n = 1; n < 60; n++) expect(n - windowStart(n, 7)).toBeLessThanOrEqual(7);
  });
});

describe('generation', () => {
  it('draws the same tokens with caches as by forwarding every window, beyond the block and for unequal prompts', async () => {
    const m = smallModel({});
    const { config } = m.model;
    const backend = new ReferenceDecoder(config, { batch: 2, chunk: 3, capacity: config.blockSize });
    backend.load(
      new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.values.get(p.id)!) }])),
    );
    for (const p of m.model.graph.parameters) m.of(p.name).forEach((x, i, all) => (all[i] = Math.fround(x)));
    const forward = (ids: readonly number[]): Promise<Float32Array> => {
      const padded = Array.from({ length: 14 }, (_, i) => ids[i] ?? 0); // causal
      return Promise.resolve(Float32Array.from(m.run(padded).slice((ids.length - 1) * 11, ids.length * 11)));
    };
    const prompts = [
      [1, 2, 3],
      [4, 5, 6, 7, 8],
    ];
    const texts: (readonly number[])[][] = [];
    for (const model of [new CachedContinuation(backend), new ForwardContinuation(2, config.blockSize, forward)]) {
      const drawn: (readonly number[])[] = [];
      for await (const row of generate(model, prompts, 20, 11, { temperature: 1, topK: 0, seed: 3 })) drawn.push(row);
      texts.push(drawn);
    }
    expect(texts[0]).toHaveLength(20);
    expect(texts[0]).toEqual(texts[1]);
  });
});
