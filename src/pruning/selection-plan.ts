/** The dispatches of one exact selection: four radix digits, ties, mask. Pure; 11 dispatches whatever the number of domains. */
import type { DeviceTraits } from '@/engine/kernel';
import { type Dispatch, dispatchOf } from '@/engine/plan';
import { type SelectArgs, countTies, descend, histogram, scanTies, writeMask } from './kernels';

const SHIFTS = [24, 16, 8, 0] as const;

/** From keys to keep bits in `fresh`. */
export function planSelection(
  args: Omit<SelectArgs, 'shift' | 'label'>,
  label: string,
  traits: DeviceTraits,
): Dispatch[] {
  const make = (family: typeof histogram, what: string, shift = 0): Dispatch =>
    dispatchOf(family, { ...args, shift, label: `${label} ${what}` }, traits, 'pruning', label);
  return [
    ...SHIFTS.flatMap((shift) => [
      make(histogram, `digit ${shift / 8}`, shift),
      make(descend, `bin ${shift / 8}`, shift),
    ]),
    make(countTies, 'ties'),
    make(scanTies, 'tie ranks'),
    make(writeMask, 'mask'),
  ];
}
