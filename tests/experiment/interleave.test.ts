import { describe, expect, it } from 'vitest';
import { interleave } from '@/experiment/interleave';

describe('samples in turn', () => {
  it('every round meets all, every other one backwards; samples stay with their own', async () => {
    const order: string[] = [];
    const sampler = (name: string, base: number) => {
      let count = 0;
      return () => {
        order.push(name);
        return Promise.resolve(base + count++);
      };
    };
    const rounds: number[] = [];
    const samples = await interleave([sampler('a', 0), sampler('b', 10), sampler('c', 20)], 3, (r) => rounds.push(r));
    expect(order.join('')).toBe('abccbaabc');
    expect(samples).toEqual([
      [0, 1, 2],
      [10, 11, 12],
      [20, 21, 22],
    ]);
    expect(rounds).toEqual([0, 1, 2]);
  });
  it('a steady drift cancels over two rounds: equal work has equal means', async () => {
    let clock = 0;
    const slower = (): Promise<number> => Promise.resolve(clock++);
    const means = (await interleave([slower, slower, slower], 2)).map((s) => (s[0]! + s[1]!) / 2);
    expect(means).toEqual([2.5, 2.5, 2.5]);
  });
  it('what is thrown ahead of a round ends it', async () => {
    const one = (): Promise<number> => Promise.resolve(1);
    const until = (round: number): void => {
      if (round === 2) throw new RangeError('cancelled');
    };
    await expect(interleave([one], 5, until)).rejects.toThrow('cancelled');
  });
});
