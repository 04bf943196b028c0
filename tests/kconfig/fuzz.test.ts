import { expect, it } from 'vitest';
import { fuzz } from './support/fuzz';

it('3,000 arbitrary and mutated inputs: no hang, and no exception but a KconfigError with a position', () => {
  const { accepted, refused, configs, slowestMs } = fuzz(3000, 20250921);
  expect(accepted + refused + configs).toBe(3000);
  expect(accepted).toBeGreaterThan(100);
  expect(slowestMs).toBeLessThan(2000);
});
