import { expect, it } from 'vitest';
import { philox4x32 } from '@/data/random';
const hex = (w: readonly number[]) => w.map((x) => x.toString(16).padStart(8, '0')).join(' ');
it('philox known answers (Random123 kat_vectors)', () => {
  expect(hex(philox4x32([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  const f = 0xffffffff;
  expect(hex(philox4x32([f, f, f, f], [f, f]))).toBe('408f276d 41c83b0e a20bc7c6 6d5451fd');
  expect(hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});
