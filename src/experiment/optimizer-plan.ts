/**
 * The optimizer's part of the plan. `reduce` closes every micro-step: slabs and accumulation summed, pruned gradients zeroed,
 * sums of squares. `update` runs once a step: SPAM's clip where there is one, the norm with the clip coefficient, the update rule.
 */
import type { DeviceTraits, Operand } from '@/engine/kernel';
import {
  BLOCK,
  type SegmentTable,
  adam,
  gradNorm,
  gradReduce,
  segmentTable,
  sgd,
  spamClip,
} from '@/engine/kernels/optimizer';
import { sinkApply, sinkLines, sinkScales, sinkSquares, sinkTable } from '@/engine/kernels/sinkgd';
import type { LoweredGraph } from '@/engine/lower';
import { align } from '@/engine/memory';
import { type Dispatch, dispatchOf } from '@/engine/plan';
import type { ParameterArena, Storage } from '@/engine/storage';
import type { MaskState } from '@/pruning/config';
import { STATE_SLOTS, type StateSlot, decays } from '@/optim/kinds';
import { SINK_ROUNDS } from '@/optim/sinkgd';
import { SOFT_RESET, SPAM_MIN_QUEUE, SPAM_QUEUE } from '@/optim/spam';
import type { OptimizerConfig } from './config';

/** Elements of the metrics region. The norm kernel writes those from GRAD_NORM on. */
export const METRIC = {
  LOSS: 0, GRAD_NORM: 1, CLIP: 2, OK: 3, M_SCALE: 4, V_SCALE: 5, Z: 6, CLIPPED: 7, COUNT: 8,
} as const; // prettier-ignore

export interface OptimizerStorage {
  readonly storage: Storage;
  readonly parameters: number;
  readonly gradients: number;
  readonly metrics: number;
  readonly traits: DeviceTraits;
  /** Keep bits, or null where nothing is pruned. */
  readonly mask: Operand | null;
  readonly maskState: MaskState;
}

export interface OptimizerPlan {
  readonly reduce: Dispatch;
  readonly update: readonly Dispatch[];
  /** Index in `update` of the first dispatch behind the norm. */
  readonly afterNorm: number;
  /** [norm, clip coefficient, ok, ...]. */
  readonly norm: Operand;
  readonly tables: ReadonlyMap<number, Uint32Array>;
  /** Arenas of optimizer state. */
  readonly slots: ReadonlyMap<StateSlot, number>;
  /** SPAM's queue of norms, or null. */
  readonly spamQueue: number | null;
  /** Where the learning-rate factors lie, one f32 a window of 64 elements; null: there are none. */
  readonly rates: { readonly region: number; readonly offset: number } | null;
}

/** A whole region as one row. */
export const flat = (
  region: number,
  n: number,
  access: Operand['access'] = 'read_write',
  dtype: Operand['dtype'] = 'f32',
): Operand => ({ region, offset: 0, rowStride: n, shape: [n], dtype, access });

/** Buffers shared by the steps of one optimizer plan. */
interface Shared {
  readonly n: number;
  readonly table: { readonly table: Operand; readonly layout: SegmentTable };
  readonly w: Operand;
  readonly g: Operand;
  readonly partials: Operand;
  readonly norm: Operand;
  readonly slots: ReadonlyMap<StateSlot, number>;
}

function blockTable(
  arena: ParameterArena,
  lowered: LoweredGraph,
  storage: Storage,
  config: OptimizerConfig,
): SegmentTable {
  const slabsOf = new Map(lowered.gradientSlabs.map((g) => [g.parameter.name, g]));
  const segments = arena.entries.map((entry) => {
    const slab = slabsOf.get(entry.name);
    const region = slab?.region ?? null;
    return {
      offset: entry.offset,
      size: entry.size,
      decay: decays(config.decayGroups, entry),
      slabOffset: region === null ? null : storage.regions[region]!.offset / 4,
      slabs: slab?.slabs ?? 1,
    };
  });
  return segmentTable(segments, arena.elements, config.layerLr !== null);
}

export function planOptimizer(
  arena: ParameterArena,
  lowered: LoweredGraph,
  config: OptimizerConfig,
  s: OptimizerStorage,
): OptimizerPlan {
  const { storage, traits, mask } = s;
  const n = arena.elements;
  const layout = blockTable(arena, lowered, storage, config);
  const slabBytes = storage.bytesOf('gradient slabs');
  const slabs = slabBytes > 0 ? flat(storage.region('gradient slabs', 0, slabBytes), slabBytes / 4) : null;
  const slots = new Map(STATE_SLOTS[config.kind].map((slot) => [slot, storage.region(slot, 0, 4 * n)]));
  const tableRegion = storage.append('tables', 4 * layout.data.length);
  const partials = flat(storage.append('metrics', 4 * align(layout.blocks)), layout.blocks);
  const shared: Shared = {
    n, slots, partials,
    table: { table: flat(tableRegion, layout.data.length, 'read', 'u32'), layout },
    w: flat(s.parameters, n), g: flat(s.gradients, n),
    norm: { ...flat(s.metrics, METRIC.COUNT - METRIC.GRAD_NORM), offset: METRIC.GRAD_NORM },
  }; // prettier-ignore
  const reduce = dispatchOf(
    gradReduce,
    {
      label: 'gradient sum',
      ...shared.table,
      slabs,
      grad: shared.g,
      partials,
      mask: s.maskState === 'none' ? null : mask,
    },
    traits,
    'optimizer',
    `${n}`,
  );
  const tables = new Map([[tableRegion, layout.data]]);
  const spam = config.kind === 'adamwspam' ? planSpam(shared, s) : null;
  const norm = dispatchOf(
    gradNorm,
    { label: 'gradient norm', partials, out: shared.norm, spam: spam?.operands ?? null },
    traits,
    'optimizer',
    `${layout.blocks}`,
  );
  const rule = config.kind === 'sinkgd' ? planSink(arena, shared, s, tables) : [planRule(config, shared, s)];
  return {
    reduce,
    update: [...(spam ? [spam.clip] : []), norm, ...rule],
    afterNorm: spam ? 2 : 1,
    norm: shared.norm,
    tables,
    slots,
    spamQueue: spam?.operands.queue.region ?? null,
    rates: layout.rates === null ? null : { region: tableRegion, offset: layout.rates },
  };
}

function planSpam(shared: Shared, { storage, traits }: OptimizerStorage) {
  const { blocks } = shared.table.layout;
  const queue = flat(storage.append('metrics', 4 * SPAM_QUEUE), SPAM_QUEUE);
  const clipped = flat(storage.append('metrics', 4 * align(blocks)), blocks);
  const args = {
    label: 'SPAM clip', ...shared.table, grad: shared.g, v: flat(shared.slots.get('exp_avg_sq')!, shared.n),
    partials: shared.partials, clipped,
  }; // prettier-ignore
  return {
    clip: dispatchOf(spamClip, args, traits, 'optimizer', `${shared.n}`),
    operands: { queue, clipped, soft: SOFT_RESET, minQueue: SPAM_MIN_QUEUE },
  };
}

/** The one dispatch of SGD and of the Adam family. */
function planRule(config: OptimizerConfig, shared: Shared, { traits, mask, maskState }: OptimizerStorage): Dispatch {
  const { n, w, g, norm, slots } = shared;
  const arena = (slot: StateSlot): Operand => flat(slots.get(slot)!, n);
  const common = { ...shared.table, w, g, norm, mask, maskState };
  if (config.kind === 'sgd')
    return dispatchOf(sgd, { label: 'SGD', ...common, b: arena('momentum_buffer') }, traits, 'optimizer', `${n}`);
  const args = {
    label: config.kind, ...common, m: arena('exp_avg'), v: arena('exp_avg_sq'),
    peak: slots.has('max_exp_avg_sq') ? arena('max_exp_avg_sq') : null,
    coupled: config.kind === 'adam', spam: config.spam?.mode ?? ('none' as const),
  }; // prettier-ignore
  return dispatchOf(adam, args, traits, 'optimizer', `${n}`);
}

function planSink(
  arena: ParameterArena,
  shared: Shared,
  { storage, traits, mask }: OptimizerStorage,
  tables: Map<number, Uint32Array<ArrayBuffer>>,
): Dispatch[] {
  const { n, w, g, norm, partials } = shared;
  const { blocks } = shared.table.layout;
  const lines = sinkTable(arena.entries, BLOCK);
  const region = storage.append('tables', 4 * lines.data.length);
  tables.set(region, lines.data);
  const table = flat(region, lines.data.length, 'read', 'u32');
  const x = flat(storage.region('sinkgd scratch', 0, 4 * n), n);
  const after = flat(storage.append('metrics', 4 * align(blocks)), blocks);
  const scale = flat(storage.append('metrics', 4 * align(lines.tensors.count)), lines.tensors.count);
  const line = (label: string, section: 'rows' | 'columns' | 'vectors', first: boolean, tanh: boolean): Dispatch[] =>
    lines[section].count === 0
      ? []
      : [dispatchOf(sinkLines, { label, table, section: lines[section], x, from: first ? { g, norm } : null, tanh }, traits, 'optimizer', label)]; // prettier-ignore
  return [
    ...line('SinkGD vectors', 'vectors', true, true),
    ...Array.from({ length: SINK_ROUNDS }, (_, round) => [
      ...line('SinkGD rows', 'rows', round === 0, false),
      ...line('SinkGD columns', 'columns', false, true),
    ]).flat(),
    dispatchOf(sinkSquares, { label: 'SinkGD squares', ...shared.table, x, after }, traits, 'optimizer', `${n}`),
    dispatchOf(
      sinkScales,
      { label: 'SinkGD scales', table, section: lines.tensors, before: partials, after, norm, scale },
      traits,
      'optimizer',
      `${n}`,
    ),
    dispatchOf(
      sinkApply,
      { label: 'SinkGD', ...shared.table, sink: table, owners: lines.owners, w, x, scale, norm, mask },
      traits,
      'optimizer',
      `${n}`,
    ),
  ];
}
