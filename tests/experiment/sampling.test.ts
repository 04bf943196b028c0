/** Sampling against distributions worked out by hand. */
import { describe, expect, it } from 'vitest';
import { type SamplingOptions, candidates, sampleToken } from '@/experiment/sampling';

// Probabilities 0.5, 0.25, 0.125, 0.0625, 0.0625 at temperature 1, in the order 2, 0, 4, 1, 3; id 5 is padding.
const LOGITS = Float32Array.of(0.25, 0.0625, 0.5, 0.0625, 0.125, 9).map(Math.log);
const options = (o: Partial<SamplingOptions> = {}): SamplingOptions => ({ temperature: 1, topK: 0, seed: 5, ...o });
const kept = (o: Partial<SamplingOptions>): readonly number[] => candidates(LOGITS, 5, options(o)).ids;

describe('candidates', () => {
  it('orders by probability, ties by id, and leaves the padding out', () => {
    expect(kept({})).toEqual([2, 0, 4, 1, 3]);
    const { weights } = candidates(LOGITS, 5, options());
    const total = weights.reduce((a, b) => a + b, 0);
    weights.forEach((w, i) => expect(w / total).toBeCloseTo([0.5, 0.25, 0.125, 0.0625, 0.0625][i]!, 6));
  });

  it('temperature 0 keeps the most likely token; 2 takes square roots', () => {
    expect(kept({ temperature: 0 })).toEqual([2]);
    const { weights } = candidates(LOGITS, 5, options({ temperature: 2 }));
    expect(weights[1]).toBeCloseTo(Math.SQRT1_2, 6);
  });

  it('top-k, top-p and min-p cut where the definitions say', () => {
    expect(kept({ topK: 2 })).toEqual([2, 0]);
    expect(kept({ topP: 0.5 })).toEqual([2]);
    expect(kept({ topP: 0.51 })).toEqual([2, 0]);
    expect(kept({ topP: 0.9 })).toEqual([2, 0, 4, 1]);
    expect(kept({ topP: 0 })).toEqual([2]);
    expect(kept({ minP: 0.2 })).toEqual([2, 0, 4]);
    expect(kept({ minP: 1 })).toEqual([2]);
    expect(kept({ topK: 4, topP: 0.8, minP: 0.3 })).toEqual([2, 0]);
  });
});

describe('sampleToken', () => {
  it('draws with the probabilities of what is left, repeatably, and apart for each sequence', () => {
    const n = 4000;
    const draw = (sequence: number): number[] =>
      Array.from({ length: n }, (_, i) => sampleToken(LOGITS, 5, i, options({ topP: 0.7 }), sequence));
    const first = draw(0);
    expect(draw(0)).toEqual(first);
    expect(draw(1)).not.toEqual(first);
    expect(new Set(first)).toEqual(new Set([2, 0]));
    // 2/3 with a standard error of 0.0075
    expect(Math.abs(first.filter((t) => t === 2).length / n - 2 / 3)).toBeLessThan(0.03);
  });
});
