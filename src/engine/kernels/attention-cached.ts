/**
 * Attention of few queries to a long cache: split-K in two dispatches, and its variants. Spec: attention-and-kv 8.1.
 *
 * Variants deal the keys out differently and so sum in different orders: they agree within JUDGED_WITHIN of the output and not in
 * bits. The combining kernel serves them all.
 */
import combineSource from '@shaders/decode/attention_combine.wgsl?raw';
import plainSource from '@shaders/decode/attention_plain.wgsl?raw';
import splitSource from '@shaders/decode/attention_split.wgsl?raw';
import { packedWords } from '@/graph';
import {
  type DeviceTraits,
  type KernelFamily,
  type KernelProgram,
  type Operand,
  type Variant,
  sizeOf,
  spread,
} from '../kernel';
import { Accessors, flatMain } from './access';
import { type PackedOperand, type Rows, addRows, rowStatements } from './kv-rows';
import { assemble, single } from './make';

export interface CachedAttentionArgs {
  readonly label: string;
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  /** Caches that are unpacked in registers; k or v is then not read. */
  readonly packedK?: PackedOperand | null;
  readonly packedV?: PackedOperand | null;
  readonly positions: Operand;
  /** [B*S*H*room, 4 (ceil(dv / 4) + 1)], contiguous. */
  readonly parts: Operand;
  readonly out: Operand;
  readonly nHead: number;
  /** Heads of k and v. */
  readonly nKvHead: number;
  readonly scale: number;
  /** Shares of a query that `parts` has room for. */
  readonly room: number;
  readonly batch: number;
  readonly rows: number;
  readonly capacity: number;
  readonly headDim: number;
  readonly headDimV: number;
}

const asRow = (o: Operand): Operand => ({ ...o, shape: [1, sizeOf(o.shape)], rowStride: 0 });

/** Largest difference of an output between variants, over the largest output, at which they count as the same. */
const JUDGED_WITHIN = 1e-4;

/** Tells the lanes of a subgroup to be trusted with a reduction inside of a loop; autotune compares the result. */
const SUBGROUP_HEADER = 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n';

/** How keys are dealt out; see attention_split.wgsl. */
interface Deal {
  readonly splits: number;
  readonly keys: number;
  readonly gang: number;
  readonly lanes: number;
  readonly headsFirst: boolean;
}

const queriesOf = ({ batch, rows, nHead }: CachedAttentionArgs): number => batch * rows * nHead;

const nameOf = ({ splits, keys, gang, lanes, headsFirst }: Deal): string =>
  [
    lanes > 1 ? `lanes${lanes}` : headsFirst ? 'heads' : 'shares',
    gang === splits && splits > 1 ? 'strided' : gang > 1 ? `gang${gang}` : 'stretch',
    `s${splits}`,
    `k${keys}`,
  ].join('-');

/** At least 32 workgroups where there are so many invocations: a CPU adapter deals workgroups to its threads. */
const softwareWorkgroup = (items: number): number =>
  Math.max(4, Math.min(32, 2 ** Math.floor(Math.log2(Math.max(1, items / 32)))));

/**
 * A CPU adapter runs neighbouring invocations as one vector: they should read one row, key after key, from few stretches. One key
 * a turn, because it has no registers for more.
 */
function softwareDeals(args: CachedAttentionArgs): Deal[] {
  const gang = args.nHead >= 4 ? 1 : args.nHead === 3 ? 1 : 4 / args.nHead;
  const most = Math.min(args.room, Math.ceil(4096 / queriesOf(args)));
  const splits = (limit: number, of: number): number => Math.max(1, Math.floor(Math.min(limit, most) / of) * of);
  const heads = (limit: number): Deal => {
    const count = splits(limit, gang);
    return { splits: count, keys: 1, gang: count % gang === 0 ? gang : 1, lanes: 1, headsFirst: true };
  };
  const shares = (limit: number): Deal => ({ splits: splits(limit, 1), keys: 1, gang: 1, lanes: 1, headsFirst: false });
  return [heads(16), heads(64), shares(16), shares(64)];
}

/** Lanes that can share a row of plain values: a power of two that divides both rows and fits a subgroup. */
function lanesFor(
  { headDim, headDimV, packedK, packedV }: CachedAttentionArgs,
  { subgroupSize }: DeviceTraits,
): number {
  if (packedK || packedV || headDim % 4 !== 0 || headDimV % 4 !== 0) return 1;
  let lanes = 1;
  while (
    2 * lanes <= Math.min(16, subgroupSize) &&
    (headDim / 4) % (2 * lanes) === 0 &&
    (headDimV / 4) % (2 * lanes) === 0
  )
    lanes *= 2;
  return lanes;
}

function hardwareDeals(args: CachedAttentionArgs, device: DeviceTraits): Deal[] {
  const lanes = lanesFor(args, device);
  const strided = (limit: number, headsFirst: boolean, of = 1): Deal => {
    const splits = Math.min(limit, args.room);
    return { splits, keys: 4, gang: splits, lanes: of, headsFirst };
  };
  return [
    strided(64, false),
    strided(256, false),
    strided(64, true),
    strided(256, true),
    ...(lanes > 1 ? [strided(64, true, lanes), strided(256, true, lanes)] : []),
  ];
}

const TWIN: Variant = { name: 'plain', params: {} };

function variants(args: CachedAttentionArgs, device: DeviceTraits): readonly Variant[] {
  const deals = device.software ? softwareDeals(args) : hardwareDeals(args, device);
  const list = new Map<string, Variant>();
  for (const deal of deals) {
    const items = queriesOf(args) * deal.splits * deal.lanes;
    const workgroup = device.software ? softwareWorkgroup(items) : deal.lanes > 1 ? 64 : 32;
    const { headsFirst, ...numbers } = deal;
    const name = nameOf(deal);
    list.set(name, { name, params: { ...numbers, headsFirst: Number(headsFirst), workgroup } });
  }
  return [...list.values(), TWIN];
}

const bytesOfRow = (packed: PackedOperand | null, width: number): number =>
  4 * (packed ? packedWords(packed.format, width).total : width);

/** What both kernels of the first half share: operands, sizes, cost. */
function assembleFirst(
  a: CachedAttentionArgs,
  {
    name,
    source,
    env,
    items,
    workgroup,
    keys,
    always,
  }: {
    readonly name: string;
    readonly source: string;
    readonly env: Readonly<Record<string, number>>;
    readonly items: number;
    readonly workgroup: number;
    readonly keys: number;
    /** Rows go through named registers also where they are plain. */
    readonly always: boolean;
  },
): KernelProgram {
  const { packedK = null, packedV = null } = a;
  const windows = a.headDim % 4 === 0 && a.headDimV % 4 === 0 ? 4 : 1;
  const accessors = new Accessors([a.q, packedK ? null : a.k, packedV ? null : a.v, a.parts], windows, true);
  accessors.add('positions', asRow(a.positions));
  accessors.add('q', a.q, a.headDim);
  const k = addRows(accessors, 'k', a.k, packedK, a.headDim);
  const v = addRows(accessors, 'v', a.v, packedV, a.headDimV);
  accessors.add('parts', a.parts);
  const unpacked = (rows: Rows, w: string): string =>
    always || rows.packed
      ? Array.from({ length: keys }, (_, i) => rowStatements(rows, i, `${rows.name}${i}`, w)).join('\n')
      : '';
  const same = a.v.region === a.k.region && a.v.offset === a.k.offset;
  const moved =
    a.batch *
    a.capacity *
    (bytesOfRow(packedK, a.nKvHead * a.headDim) + (same ? 0 : bytesOfRow(packedV, a.nKvHead * a.headDimV)));
  return assemble({
    label: a.label, family: 'attention_cached', variant: name, accessors, source,
    env: {
      H: a.nHead, D: a.headDim, DV: a.headDimV, S: a.rows, T: a.capacity, ROOM: a.room, SCALE: a.scale.toPrecision(9),
      MAIN: flatMain(items, workgroup), KV_SHARE: a.nHead / a.nKvHead, K_ROWS: unpacked(k, 'wk'), V_ROWS: unpacked(v, 'wv'), K_PLAIN: packedK ? 0 : 1,
      V_PLAIN: packedV ? 0 : 1, ...env,
    },
    workgroups: spread(Math.ceil(items / workgroup)),
    flops: 2 * a.rows * a.batch * a.capacity * a.nHead * (a.headDim + a.headDimV), bytes: moved,
  }); // prettier-ignore
}

/** x summed over the lanes of an item, the same in each of them. */
const sumOfLanes = (lanes: number): string => {
  const steps = [];
  for (let by = 1; by < lanes; by *= 2) steps.push(`s += subgroupShuffleXor(s, ${by}u);`);
  return `fn sum_of_lanes(x: f32) -> f32 { var s = x; ${steps.join(' ')} return s; }`;
};

function buildSplit(a: CachedAttentionArgs, { name, params }: Variant): KernelProgram {
  const { splits = 1, keys = 1, gang = 1, lanes = 1, headsFirst = 0, workgroup = 32 } = params;
  const program = assembleFirst(a, {
    name, source: splitSource, keys, workgroup, always: false, items: queriesOf(a) * splits * lanes,
    env: { SPLITS: splits, KEYS: keys, GANG: gang, LANES: lanes, HEADS_FIRST: headsFirst },
  }); // prettier-ignore
  const header = lanes > 1 ? SUBGROUP_HEADER : '';
  return { ...program, code: `${header}${program.code}${sumOfLanes(lanes)}\n` };
}

const combine = single<CachedAttentionArgs & { readonly used?: number }>('attention_combine', (a) => {
  const windows = a.headDim % 4 === 0 && a.headDimV % 4 === 0 ? 4 : 1;
  const [queries, nvv, workgroup] = [queriesOf(a), Math.ceil(a.headDimV / 4), 32];
  const used = a.used ?? a.room;
  const accessors = new Accessors([a.parts, a.out], windows);
  accessors.add('parts', a.parts);
  accessors.add('out', a.out, a.headDimV);
  return assemble({
    label: `${a.label} combine`, family: 'attention_combine', accessors, source: combineSource,
    env: { H: a.nHead, DV: a.headDimV, ROOM: a.room, MAIN: flatMain(queries * nvv, workgroup) },
    workgroups: spread(Math.ceil((queries * nvv) / workgroup)),
    flops: 2 * queries * used * a.headDimV, bytes: 4 * queries * used * (a.headDimV + 2),
  }); // prettier-ignore
});

const split: KernelFamily<CachedAttentionArgs> = {
  name: 'attention_cached',
  variants,
  build: (args, variant) =>
    variant.name === TWIN.name
      ? assembleFirst(args, { name: TWIN.name, source: plainSource, env: {}, items: queriesOf(args), workgroup: 8, keys: 1, always: true }) // prettier-ignore
      : buildSplit(args, variant),
  judged: (args) => ({
    within: JUDGED_WITHIN,
    followers: [combine.build(args, { name: 'rows', params: {} })],
    region: args.out.region,
  }),
};

/** In dispatch order. */
export const attentionCached = [split, combine] as const;

/** Arguments of the combining kernel behind a split: its cost is that of the shares really used. */
export function combineArgs(args: CachedAttentionArgs, device: DeviceTraits, { variant }: KernelProgram) {
  const found = variants(args, device).find((v) => v.name === variant);
  return { ...args, used: found?.params.splits ?? 1 };
}

/** Shape class: everything that a variant's speed depends on. */
export function cachedAttentionKey(a: CachedAttentionArgs): string {
  const form = [a.packedK, a.packedV].map((p) => p?.format.dtype ?? 'f32').join('-');
  const heads = a.nKvHead === a.nHead ? `${a.nHead}` : `${a.nHead}:${a.nKvHead}`;
  return `${a.batch}x${a.rows}x${heads}x${a.headDim}+${a.headDimV}x${a.capacity} ${form}`;
}
