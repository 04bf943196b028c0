import { expect, it } from 'vitest';
import { bench } from './support/bench';

it('1,000 symbols: parse < 50 ms, edit < 5 ms, search < 16 ms', () => {
  const { symbols, parseBestMs, editMs, editWorstMs, searchWorstMs } = bench(1000);
  expect(symbols).toBe(1001);
  expect(parseBestMs).toBeLessThan(50);
  expect(editMs).toBeLessThan(5);
  expect(editWorstMs).toBeLessThan(5);
  expect(searchWorstMs).toBeLessThan(16);
});
