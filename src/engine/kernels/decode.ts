/** Kernels of incremental decoding that move rows: into a cache, packed or not, and out of a packed one. Spec: attention-and-kv 8.1. */
import appendSource from '@shaders/decode/append.wgsl?raw';
import appendPackedSource from '@shaders/decode/append_packed.wgsl?raw';
import unpackSource from '@shaders/decode/unpack.wgsl?raw';
import { type KvFormat, kvBits, packedWords } from '@/graph';
import { type Operand, colsOf, rowsOf, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { type PackedOperand, addRows, rowStatements } from './kv-rows';
import { assemble, single } from './make';

const asRow = (o: Operand): Operand => ({ ...o, shape: [1, sizeOf(o.shape)], rowStride: 0 });

export interface CacheAppendArgs {
  readonly label: string;
  /** [B, S, W] */
  readonly x: Operand;
  readonly positions: Operand;
  /** [B, T, W] */
  readonly cache: Operand;
}

export const cacheAppend = single<CacheAppendArgs>('cache_append', ({ label, x, positions, cache }) => {
  const rows = rowsOf(x.shape);
  const nv = Math.ceil(colsOf(x.shape) / 4);
  const accessors = new Accessors([x, cache]);
  accessors.add('positions', asRow(positions));
  accessors.add('x', x);
  accessors.add('cache', cache);
  return assemble({
    label, family: 'cache_append', accessors, source: appendSource,
    env: { MAIN: flatMain(rows * nv), NV: nv, S: x.shape[1]!, T: cache.shape[1]! },
    workgroups: spread(Math.ceil((rows * nv) / 64)), flops: 0, bytes: 32 * rows * nv,
  }); // prettier-ignore
});

export interface PackedAppendArgs extends CacheAppendArgs {
  readonly format: KvFormat;
}

export const cacheAppendPacked = single<PackedAppendArgs>('cache_append_packed', (a) => {
  const { label, x, positions, cache, format } = a;
  const [rows, width] = [rowsOf(x.shape), colsOf(x.shape)];
  const groups = width / format.group;
  const pairs = Math.ceil(groups / 2);
  const bits = kvBits[format.dtype];
  const { codes, total } = packedWords(format, width);
  const [top, half] = format.asymmetric ? [2 ** bits - 1, 0] : [2 ** (bits - 1) - 1, 2 ** (bits - 1)];
  const accessors = new Accessors([x]);
  accessors.add('positions', asRow(positions));
  accessors.add('x', x);
  accessors.add('cache', cache);
  return assemble({
    label, family: 'cache_append_packed', variant: format.dtype, accessors, source: appendPackedSource,
    env: {
      MAIN: flatMain(rows * pairs), PAIRS: pairs, GROUPS: groups, G: format.group, BITS: bits, S: x.shape[1]!,
      T: cache.shape[1]!, CODES: codes, TOP: top, HALF: half, LAST: 2 ** bits - 1, ASYMMETRIC: format.asymmetric ? 1 : 0,
      CAP: format.cap.toPrecision(9),
    },
    workgroups: spread(Math.ceil((rows * pairs) / 64)), flops: 4 * rows * width, bytes: 4 * rows * (width + total),
  }); // prettier-ignore
});

export interface UnpackArgs {
  readonly label: string;
  readonly packed: PackedOperand;
  /** [B, T, W] */
  readonly y: Operand;
}

export const cacheUnpack = single<UnpackArgs>('cache_unpack', ({ label, packed, y }) => {
  const rows = rowsOf(y.shape);
  const units = packed.width / 8;
  const accessors = new Accessors([y], 4);
  const x = addRows(accessors, 'x', packed.cache, packed, 8);
  accessors.add('y', y);
  const { format } = packed;
  return assemble({
    label, family: 'cache_unpack', variant: format.dtype, accessors, source: unpackSource,
    env: { MAIN: flatMain(rows * units), UNITS: units, ROWS: rowStatements(x, 0, 'base', 'w') },
    workgroups: spread(Math.ceil((rows * units) / 64)), flops: 2 * rows * packed.width,
    bytes: 4 * rows * (packedWords(format, packed.width).total + packed.width),
  }); // prettier-ignore
});
