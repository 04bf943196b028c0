/**
 * Where tensors live. Activations share one arena by liveness: a tensor occupies its bytes from the operation that writes
 * it to the last one that reads it. Offsets are chosen greedily, largest tensor first, which for transformer graphs comes
 * within a few per cent of the peak of live bytes (the lower bound, reported beside it).
 */
import { type Tensor, sizeOf } from '@/graph';
import { type FusedGraph, readsOf, writesOf } from './fused-op';

/** WebGPU's default minStorageBufferOffsetAlignment. */
export const ALIGNMENT = 256;
export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export interface Interval {
  readonly tensor: Tensor;
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

export interface ArenaLayout {
  readonly offsets: ReadonlyMap<number, number>;
  readonly bytes: number;
  /** Largest sum of simultaneously live bytes: no layout can be smaller. */
  readonly peakLive: number;
  readonly intervals: readonly Interval[];
}

/** Follows aliases to the tensor that owns the storage. */
export function resolve(fused: FusedGraph, tensor: Tensor): { base: Tensor; columns: number } {
  let base = tensor;
  let columns = 0;
  for (let alias = fused.aliases.get(base.id); alias; alias = fused.aliases.get(base.id)) {
    columns += alias.columns;
    base = alias.base;
  }
  return { base, columns };
}

/** Live ranges of every tensor in the arena. `external` tensors (parameters, gradients) live elsewhere. */
export function liveIntervals(
  fused: FusedGraph,
  external: ReadonlySet<number>,
  pinned: readonly Tensor[],
): readonly Interval[] {
  const last = fused.ops.length - 1;
  const ranges = new Map<number, { tensor: Tensor; from: number; to: number }>();
  const touch = (tensor: Tensor, at: number): void => {
    const { base } = resolve(fused, tensor);
    if (external.has(base.id)) return;
    const range = ranges.get(base.id);
    if (range) {
      range.from = Math.min(range.from, at);
      range.to = Math.max(range.to, at);
    } else ranges.set(base.id, { tensor: base, from: at, to: at });
  };
  fused.ops.forEach((op, at) => {
    for (const tensor of [...readsOf(op), ...writesOf(op), ...op.scratch]) touch(tensor, at);
  });
  for (const tensor of pinned) {
    touch(tensor, 0);
    touch(tensor, last);
  }
  return [...ranges.values()].map((r) => ({ ...r, bytes: align(4 * sizeOf(r.tensor.shape)) }));
}

/** Assigns byte offsets so that no two tensors that live at the same time overlap. */
export function layOutArena(intervals: readonly Interval[]): ArenaLayout {
  const offsets = new Map<number, number>();
  const placed: (Interval & { offset: number })[] = [];
  let bytes = 0;
  const order = [...intervals].sort((a, b) => b.bytes - a.bytes || a.from - b.from || a.tensor.id - b.tensor.id);
  for (const item of order) {
    const clashes = placed.filter((p) => p.from <= item.to && item.from <= p.to).sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const other of clashes) {
      if (offset + item.bytes <= other.offset) break;
      offset = Math.max(offset, other.offset + other.bytes);
    }
    placed.push({ ...item, offset });
    offsets.set(item.tensor.id, offset);
    bytes = Math.max(bytes, offset + item.bytes);
  }
  const events = new Map<number, number>();
  for (const { from, to, bytes: size } of intervals) {
    events.set(from, (events.get(from) ?? 0) + size);
    events.set(to + 1, (events.get(to + 1) ?? 0) - size);
  }
  let live = 0;
  let peakLive = 0;
  for (const at of [...events.keys()].sort((a, b) => a - b)) {
    live += events.get(at)!;
    peakLive = Math.max(peakLive, live);
  }
  return { offsets, bytes, peakLive, intervals };
}
