/**
 * Buffers and regions. A region is a 256-byte aligned window of one buffer; kernels bind regions, so two layers with equal
 * shapes share one pipeline and differ only in their bind groups.
 *
 * Buffers are split by role because a buffer may not be bound read-only and read-write in one dispatch.
 */
import { type Graph, type Tensor, sizeOf } from '@/graph';
import { align } from './memory';

export type BufferName =
  | 'parameters'
  | 'gradients'
  | 'exp_avg'
  | 'exp_avg_sq'
  | 'max_exp_avg_sq'
  | 'momentum_buffer'
  | 'sinkgd scratch'
  | 'masks'
  | 'movement'
  | 'initial weights'
  | 'pruning scratch'
  | 'activations'
  | 'gradient slabs'
  | 'corpus'
  | 'metrics'
  | 'tables'
  | 'kv cache'
  | 'drawn tokens';

export interface Region {
  readonly buffer: BufferName;
  readonly offset: number;
  readonly bytes: number;
}

/** Where each parameter lives in the flat arenas (the same element offsets in parameters, gradients and moments). */
export interface ArenaEntry {
  readonly tensor: Tensor;
  readonly name: string;
  readonly shape: readonly number[];
  /** Element offset, a multiple of 64 (256 bytes). */
  readonly offset: number;
  readonly size: number;
  readonly decay: boolean;
}

export interface ParameterArena {
  readonly entries: readonly ArenaEntry[];
  /** Elements of the arena, padding included. Padding is zero and stays zero. */
  readonly elements: number;
}

export function layOutParameters(graph: Graph): ParameterArena {
  let offset = 0;
  const entries = graph.parameters.map((tensor): ArenaEntry => {
    const size = sizeOf(tensor.shape);
    const decay = tensor.source.kind === 'parameter' && tensor.source.decay;
    const entry = { tensor, name: tensor.name, shape: tensor.shape, offset, size, decay };
    offset += align(4 * size) / 4;
    return entry;
  });
  return { entries, elements: offset };
}

/** Hands out region ids and keeps the size of every buffer. */
export class Storage {
  readonly regions: Region[] = [];
  readonly #sizes = new Map<BufferName, number>();
  readonly #ids = new Map<string, number>();

  /** A window of a buffer; the buffer grows to hold it. Equal windows get equal ids. */
  region(buffer: BufferName, offset: number, bytes: number): number {
    const key = `${buffer}:${offset}:${bytes}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.regions.length;
    this.regions.push({ buffer, offset, bytes });
    this.#ids.set(key, id);
    this.#sizes.set(buffer, Math.max(this.bytesOf(buffer), align(offset + bytes)));
    return id;
  }

  /** A new window at the end of a buffer. */
  append(buffer: BufferName, bytes: number): number {
    return this.region(buffer, this.bytesOf(buffer), align(bytes));
  }

  bytesOf(buffer: BufferName): number {
    return this.#sizes.get(buffer) ?? 0;
  }

  get buffers(): { name: BufferName; bytes: number }[] {
    return [...this.#sizes].map(([name, bytes]) => ({ name, bytes }));
  }
}
