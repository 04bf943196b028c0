/** The dispatches of one exact selection: four radix digits, ties, mask. Pure; 11 dispatches whatever the number of domains. */
import type { DeviceTraits } from '@/engine/kernel';
import { type Dispatch, dispatchOf } from '@/engine/plan';
import {
  type DrawArgs,
  type SelectArgs,
  countTies,
  descend,
  drawKeys,
  histogram,
  scanTies,
  writeMask,
  writeSampledMask,
} from './kernels';

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

/** From keys to keep bits in `fresh` by the threshold of a sample; `budget` counts draws. Twin: selectSampled. 10 dispatches. */
export function planSampledSelection(
  { draws, drawn, ...args }: Omit<SelectArgs, 'shift' | 'label' | 'ties'> & Pick<DrawArgs, 'draws' | 'drawn'>,
  label: string,
  traits: DeviceTraits,
): Dispatch[] {
  const { chunks, keys, selection, fresh } = args;
  const digit = (family: typeof histogram, what: string, shift: number): Dispatch => {
    const over = { ...args, chunks: draws, keys: drawn, ties: drawn, shift, label: `${label} ${what}` };
    return dispatchOf(family, over, traits, 'pruning', label);
  };
  return [
    dispatchOf(drawKeys, { label: `${label} sample`, chunks, draws, keys, drawn }, traits, 'pruning', label),
    ...SHIFTS.flatMap((shift) => [
      digit(histogram, `digit ${shift / 8}`, shift),
      digit(descend, `bin ${shift / 8}`, shift),
    ]),
    dispatchOf(writeSampledMask, { label: `${label} mask`, chunks, keys, selection, fresh }, traits, 'pruning', label),
  ];
}
