import source from '@shaders/rope/rope.wgsl?raw';
import { type RopeAttrs, ropeFrequency } from '@/graph';
import { type Operand, colsOf, rowsOf, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

export interface RopeArgs {
  readonly label: string;
  readonly x: Operand;
  readonly y: Operand;
  readonly seq: number;
  /** u32 [batch]: earlier rows of each sequence, in a decoder. */
  readonly positions?: Operand;
  readonly attrs: RopeAttrs;
}

const BITS = 8;

/** Turns per position as a part of BITS significant bits and the rest. */
function splitFrequency(turns: number): readonly [number, number] {
  const unit = 2 ** (Math.floor(Math.log2(turns)) + 1 - BITS);
  const high = Math.floor(turns / unit) * unit;
  return [high, turns - high];
}

const list = (values: readonly number[]): string => values.map((v) => Math.fround(v).toExponential()).join(', ');

export const rope = single<RopeArgs>('rope', ({ label, x, y, seq, attrs, positions }) => {
  const { nHead, theta, inverse = false, offset = 0 } = attrs;
  const d = colsOf(x.shape) / nHead;
  const half = d / 2;
  const pairs = nHead * half;
  const items = rowsOf(x.shape) * pairs;
  const parts = Array.from({ length: half }, (_, m) => splitFrequency(ropeFrequency(m, d, theta) / (2 * Math.PI)));
  const accessors = new Accessors([]);
  if (positions) accessors.add('positions', { ...positions, shape: [1, sizeOf(positions.shape)], rowStride: 0 });
  accessors.add('x', x);
  accessors.add('y', y);
  return assemble({
    label, family: 'rope', accessors, source,
    env: {
      MAIN: flatMain(items), HALF: half, HEADS: nHead, PAIRS: pairs, D: d, SEQ: seq, OFFSET: positions ? `positions(0u, row / ${seq}u)` : `${offset}u`,
      SIGN: inverse ? '-1.0' : '1.0', HIGH: list(parts.map(([high]) => high)), LOW: list(parts.map(([, low]) => low)),
    },
    workgroups: spread(Math.ceil(items / 64)), flops: 6 * items, bytes: 16 * items,
  }); // prettier-ignore
});
