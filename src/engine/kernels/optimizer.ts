/** Kernels over the flat parameter arenas: gradient sum with sum of squares, global norm, AdamW. */
import adamwSource from '@shaders/optimizer/adamw.wgsl?raw';
import normSource from '@shaders/optimizer/grad_norm.wgsl?raw';
import reduceSource from '@shaders/optimizer/grad_reduce.wgsl?raw';
import { type Operand, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

const asRow = (o: Operand): Operand => ({ ...o, shape: [1, sizeOf(o.shape)], rowStride: 0 });
const BLOCK = 512;
const IN_PLACE = 0xffffffff;

/** One parameter in the arena. Offsets in elements; `offset` is a multiple of 64. */
export interface Segment {
  readonly offset: number;
  readonly size: number;
  readonly decay: boolean;
  /** First element of its slabs, or null where the gradient is written in place. */
  readonly slabOffset: number | null;
  readonly slabs: number;
}

export interface SegmentTable {
  readonly data: Uint32Array<ArrayBuffer>;
  readonly blocks: number;
  /** Word where the slab strides begin, and where the decay bits begin. */
  readonly strides: number;
  readonly decay: number;
}

/** The block table that grad_reduce and adamw read. */
export function segmentTable(segments: readonly Segment[], elements: number): SegmentTable {
  const blocks: [number, number, number, number, number][] = [];
  for (const { offset, size, slabOffset, slabs } of segments)
    for (let at = 0; at < size; at += BLOCK)
      blocks.push([
        offset + at,
        Math.min(BLOCK, size - at),
        slabOffset === null ? IN_PLACE : slabOffset + at,
        slabs,
        size,
      ]);
  const strides = 4 * blocks.length;
  const decay = strides + blocks.length;
  const data = new Uint32Array(decay + Math.ceil(elements / 64 / 32));
  blocks.forEach(([first, n, slab, count, stride], b) => {
    data.set([first, n, slab, count], 4 * b);
    data[strides + b] = stride;
  });
  for (const segment of segments)
    if (segment.decay)
      for (let w = segment.offset / 64; w < (segment.offset + segment.size) / 64; w++)
        data[decay + Math.floor(w / 32)]! |= 1 << (w % 32);
  return { data, blocks: blocks.length, strides, decay };
}

interface TableArgs {
  readonly label: string;
  readonly table: Operand;
  readonly layout: SegmentTable;
}

export interface GradReduceArgs extends TableArgs {
  readonly slabs: Operand | null;
  readonly grad: Operand;
  /** [blocks]. */
  readonly partials: Operand;
}

export const gradReduce = single<GradReduceArgs>('grad_reduce', (args) => {
  const { blocks, strides } = args.layout;
  const n = sizeOf(args.grad.shape);
  const accessors = new Accessors([asRow(args.grad)]);
  accessors.add('table', asRow(args.table));
  if (args.slabs) accessors.add('slabs', asRow(args.slabs));
  accessors.add('grad', asRow(args.grad));
  accessors.add('partials', asRow(args.partials));
  return assemble({
    label: args.label, family: 'grad_reduce', accessors, source: reduceSource,
    env: { MAIN: flatMain(blocks, 32), SLABS: args.slabs ? 1 : 0, STRIDES: strides },
    usesScalars: args.slabs !== null, workgroups: spread(Math.ceil(blocks / 32)), flops: 2 * n, bytes: 4 * n,
  }); // prettier-ignore
});

export interface GradNormArgs {
  readonly label: string;
  readonly partials: Operand;
  /** [norm, clip coefficient, ok]. */
  readonly out: Operand;
}

export const gradNorm = single<GradNormArgs>('grad_norm', (args) => {
  const n = sizeOf(args.partials.shape);
  const accessors = new Accessors([]);
  accessors.add('partials', asRow(args.partials));
  accessors.add('out', asRow(args.out));
  return assemble({
    label: args.label, family: 'grad_norm', accessors, source: normSource,
    env: { N: n, SHARE: Math.ceil(n / 256) }, usesScalars: true, workgroups: [1, 1, 1], flops: n, bytes: 4 * n,
  }); // prettier-ignore
});

export interface AdamWArgs extends TableArgs {
  readonly w: Operand;
  readonly g: Operand;
  readonly m: Operand;
  readonly v: Operand;
  /** Output of gradNorm. */
  readonly norm: Operand;
}

export const adamw = single<AdamWArgs>('adamw', (args) => {
  const n = sizeOf(args.w.shape);
  const rows = [args.w, args.g, args.m, args.v].map(asRow);
  const accessors = new Accessors(rows);
  accessors.add('table', asRow(args.table));
  (['w', 'g', 'm', 'v'] as const).forEach((name, i) => accessors.add(name, rows[i]!));
  accessors.add('norm', asRow(args.norm));
  return assemble({
    label: args.label, family: 'adamw', accessors, source: adamwSource,
    env: { MAIN: flatMain(n / 4), DECAY: args.layout.decay }, usesScalars: true,
    workgroups: spread(Math.ceil(n / 4 / 64)), flops: 15 * n, bytes: 28 * n,
  }); // prettier-ignore
});
