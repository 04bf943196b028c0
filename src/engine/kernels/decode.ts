/** Kernels of incremental decoding: rows into a cache, split-K attention to it. Spec: attention-and-kv 8.1. */
import appendSource from '@shaders/decode/append.wgsl?raw';
import appendPackedSource from '@shaders/decode/append_packed.wgsl?raw';
import combineSource from '@shaders/decode/attention_combine.wgsl?raw';
import splitSource from '@shaders/decode/attention_split.wgsl?raw';
import unpackSource from '@shaders/decode/unpack.wgsl?raw';
import { type KvFormat, kvBits, packedWords } from '@/graph';
import { type KernelFamily, type KernelProgram, type Operand, colsOf, rowsOf, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { type PackedOperand, type Rows, addRows, rowStatements } from './kv-rows';
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

export interface CachedAttentionArgs {
  readonly label: string;
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  /** Caches that are unpacked in registers; k or v is then not read. */
  readonly packedK?: PackedOperand | null;
  readonly packedV?: PackedOperand | null;
  readonly positions: Operand;
  /** [B*S*H*splits, 4 (ceil(dv / 4) + 1)], contiguous. */
  readonly parts: Operand;
  readonly out: Operand;
  readonly nHead: number;
  readonly scale: number;
  readonly splits: number;
  readonly batch: number;
  readonly rows: number;
  readonly capacity: number;
  readonly headDim: number;
  readonly headDimV: number;
}

/** Few invocations a workgroup: one token of one sequence has only heads x splits of them. */
const WORKGROUP = 32;

const common = (a: CachedAttentionArgs) => {
  const queries = a.batch * a.rows * a.nHead;
  const windows = a.headDim % 4 === 0 && a.headDimV % 4 === 0 ? 4 : 1;
  const env = { H: a.nHead, D: a.headDim, DV: a.headDimV, S: a.rows, T: a.capacity, SPLITS: a.splits };
  return { queries, windows, env };
};

/** Split-K attention with `keys` keys a turn. */
function buildSplit(a: CachedAttentionArgs, keys: number): KernelProgram {
  const { queries, windows, env } = common(a);
  const { packedK = null, packedV = null } = a;
  const accessors = new Accessors([a.q, packedK ? null : a.k, packedV ? null : a.v, a.parts], windows, true);
  accessors.add('positions', asRow(a.positions));
  accessors.add('q', a.q, a.headDim);
  const k = addRows(accessors, 'k', a.k, packedK, a.headDim);
  const v = addRows(accessors, 'v', a.v, packedV, a.headDimV);
  accessors.add('parts', a.parts);
  const unpacked = (rows: Rows, w: string): string =>
    rows.packed ? Array.from({ length: keys }, (_, i) => rowStatements(rows, i, `${rows.name}${i}`, w)).join('\n') : '';
  const items = queries * a.splits;
  const bytesOfRow = (packed: PackedOperand | null, headDim: number): number =>
    packed ? 4 * packedWords(packed.format, a.nHead * headDim).total : 4 * a.nHead * headDim;
  const moved = a.batch * a.capacity * (bytesOfRow(packedK, a.headDim) + bytesOfRow(packedV, a.headDimV));
  const form = [packedK, packedV].map((p) => p?.format.dtype ?? 'f32').join('-');
  return assemble({
    label: a.label, family: 'attention_cached', variant: `split-${a.splits} keys-${keys} ${form}`, accessors,
    source: splitSource,
    env: {
      ...env, MAIN: flatMain(items, WORKGROUP), SCALE: a.scale.toPrecision(9),
      K_ROWS: unpacked(k, 'w'), V_ROWS: unpacked(v, 'wv'), K_PLAIN: packedK ? 0 : 1, V_PLAIN: packedV ? 0 : 1, KEYS: keys,
    },
    workgroups: spread(Math.ceil(items / WORKGROUP)), flops: 2 * a.rows * a.batch * a.capacity * a.nHead * (a.headDim + a.headDimV), bytes: moved,
  }); // prettier-ignore
}

/** Both sum in an order of their own, so the traits choose and autotune does not. */
const split: KernelFamily<CachedAttentionArgs> = {
  name: 'attention_cached',
  variants: (_, { software }) => [{ name: 'rows', params: { keys: software ? 1 : 4 } }],
  build: (args, { params }) => buildSplit(args, params.keys!),
};

const combine = single<CachedAttentionArgs>('attention_combine', (a) => {
  const { queries, windows, env } = common(a);
  const nvv = Math.ceil(a.headDimV / 4);
  const accessors = new Accessors([a.parts, a.out], windows);
  accessors.add('parts', a.parts);
  accessors.add('out', a.out, a.headDimV);
  return assemble({
    label: `${a.label} combine`, family: 'attention_combine', variant: `split-${a.splits}`, accessors,
    source: combineSource, env: { ...env, MAIN: flatMain(queries * nvv, WORKGROUP) },
    workgroups: spread(Math.ceil((queries * nvv) / WORKGROUP)),
    flops: 2 * queries * a.splits * a.headDimV, bytes: 4 * queries * a.splits * (a.headDimV + 2),
  }); // prettier-ignore
});

/** In dispatch order. */
export const attentionCached = [split, combine] as const;
