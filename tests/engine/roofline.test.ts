import { describe, expect, it } from 'vitest';
import { roofAt } from '@/engine/roofline';

describe('roofAt', () => {
  const roof = { fmaGflops: 200, fmaSingleChainGflops: 50, bandwidthGBs: 10 };
  it('is bandwidth x intensity left of the ridge and the peak right of it', () => {
    expect(roofAt(roof, 0.5)).toBe(5);
    expect(roofAt(roof, 20)).toBe(200);
    expect(roofAt(roof, 1000)).toBe(200);
  });
});
