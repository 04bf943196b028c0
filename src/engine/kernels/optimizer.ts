/** Kernels over the flat parameter arenas: gradient sum with sum of squares, global norm, SPAM's clip, Adam and SGD updates. */
import adamSource from '@shaders/optimizer/adam.wgsl?raw';
import normSource from '@shaders/optimizer/grad_norm.wgsl?raw';
import reduceSource from '@shaders/optimizer/grad_reduce.wgsl?raw';
import sgdSource from '@shaders/optimizer/sgd.wgsl?raw';
import spamClipSource from '@shaders/optimizer/spam_clip.wgsl?raw';
import { type Operand, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

export const asRow = (o: Operand): Operand => ({ ...o, shape: [1, sizeOf(o.shape)], rowStride: 0 });
export const BLOCK = 512;
const IN_PLACE = 0xffffffff;
/** Bits of 1.0f. */
const ONE = 0x3f800000;

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
  /** Words where the slab strides begin, the decay bits, and the learning-rate factors (null: there are none). */
  readonly strides: number;
  readonly decay: number;
  readonly rates: number | null;
}

/** The block table that the optimizer kernels read; `rated`: with a learning-rate factor (f32, 1) a window of 64 elements. */
export function segmentTable(segments: readonly Segment[], elements: number, rated = false): SegmentTable {
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
  const rates = decay + Math.ceil(elements / 64 / 32);
  const data = new Uint32Array(rates + (rated ? elements / 64 : 0)).fill(ONE, rates);
  blocks.forEach(([first, n, slab, count, stride], b) => {
    data.set([first, n, slab, count], 4 * b);
    data[strides + b] = stride;
  });
  for (const segment of segments)
    if (segment.decay)
      for (let w = segment.offset / 64; w < (segment.offset + segment.size) / 64; w++)
        data[decay + Math.floor(w / 32)]! |= 1 << (w % 32);
  return { data, blocks: blocks.length, strides, decay, rates: rated ? rates : null };
}

export interface TableArgs {
  readonly label: string;
  readonly table: Operand;
  readonly layout: SegmentTable;
}

export interface GradReduceArgs extends TableArgs {
  readonly slabs: Operand | null;
  readonly grad: Operand;
  /** [blocks]. */
  readonly partials: Operand;
  /** Keep bits, [elements / 32] u32. */
  readonly mask: Operand | null;
}

export const gradReduce = single<GradReduceArgs>('grad_reduce', (args) => {
  const { blocks, strides } = args.layout;
  const n = sizeOf(args.grad.shape);
  const accessors = new Accessors([asRow(args.grad)]);
  accessors.add('table', asRow(args.table));
  if (args.slabs) accessors.add('slabs', asRow(args.slabs));
  accessors.add('grad', asRow(args.grad));
  accessors.add('partials', asRow(args.partials));
  if (args.mask) accessors.add('mask', asRow(args.mask));
  return assemble({
    label: args.label, family: 'grad_reduce', accessors, source: reduceSource,
    env: { MAIN: flatMain(blocks, 32), SLABS: args.slabs ? 1 : 0, STRIDES: strides, MASKED: args.mask ? 1 : 0 },
    usesScalars: args.slabs !== null, workgroups: spread(Math.ceil(blocks / 32)), flops: 2 * n, bytes: 4 * n,
  }); // prettier-ignore
});

/** What SPAM adds to the norm: its queue [100] and spam_clip's counts [blocks]. */
export interface SpamOperands {
  readonly queue: Operand;
  readonly clipped: Operand;
  /** Soft-reset factors, as WGSL literals. */
  readonly soft: { readonly m: number; readonly v: number };
  readonly minQueue: number;
}

export interface GradNormArgs {
  readonly label: string;
  readonly partials: Operand;
  /** [norm, clip coefficient, ok, m scale, v scale, z, clipped]. */
  readonly out: Operand;
  readonly spam: SpamOperands | null;
}

export const gradNorm = single<GradNormArgs>('grad_norm', (args) => {
  const n = sizeOf(args.partials.shape);
  const { spam } = args;
  const accessors = new Accessors([]);
  accessors.add('partials', asRow(args.partials));
  accessors.add('out', asRow(args.out));
  if (spam) {
    accessors.add('queue', asRow(spam.queue));
    accessors.add('clipped', asRow(spam.clipped));
  }
  const queue = spam
    ? {
        SPAM: 1,
        QUEUE: sizeOf(spam.queue.shape),
        MIN_QUEUE: spam.minQueue,
        SOFT_M: `${spam.soft.m}`,
        SOFT_V: `${spam.soft.v}`,
      }
    : { SPAM: 0 };
  return assemble({
    label: args.label, family: 'grad_norm', accessors, source: normSource,
    env: { N: n, SHARE: Math.ceil(n / 256), ...queue }, usesScalars: true, workgroups: [1, 1, 1], flops: n, bytes: 4 * n,
  }); // prettier-ignore
});

export interface SpamClipArgs extends TableArgs {
  readonly grad: Operand;
  readonly v: Operand;
  readonly partials: Operand;
  readonly clipped: Operand;
}

export const spamClip = single<SpamClipArgs>('spam_clip', (args) => {
  const { blocks } = args.layout;
  const n = sizeOf(args.grad.shape);
  const accessors = new Accessors([]);
  accessors.add('table', asRow(args.table));
  for (const name of ['grad', 'v', 'partials', 'clipped'] as const) accessors.add(name, asRow(args[name]));
  return assemble({
    label: args.label, family: 'spam_clip', accessors, source: spamClipSource, env: { MAIN: flatMain(blocks, 32) },
    usesScalars: true, workgroups: spread(Math.ceil(blocks / 32)), flops: 5 * n, bytes: 12 * n,
  }); // prettier-ignore
});

interface UpdateArgs extends TableArgs {
  readonly w: Operand;
  readonly g: Operand;
  /** Output of gradNorm. */
  readonly norm: Operand;
  /** Keep bits, [elements / 32] u32. */
  readonly mask: Operand | null;
  /** What of a pruned weight's state becomes 0; the weight always does. */
  readonly maskState: 'all' | 'moments' | 'none';
}

export interface AdamArgs extends UpdateArgs {
  readonly m: Operand;
  readonly v: Operand;
  /** max_exp_avg_sq of AMSGrad. */
  readonly peak: Operand | null;
  /** Adam's decay enters the gradient. */
  readonly coupled: boolean;
  /** Whether SPAM scales the moments; `fixed` clears `peak` at resets too. */
  readonly spam: 'none' | 'repo' | 'fixed';
}

export const adam = single<AdamArgs>('adam', (args) => {
  const n = sizeOf(args.w.shape);
  const arenas = { w: args.w, g: args.g, m: args.m, v: args.v, ...(args.peak ? { peak: args.peak } : {}) };
  const accessors = new Accessors(Object.values(arenas).map(asRow));
  accessors.add('table', asRow(args.table));
  for (const [name, operand] of Object.entries(arenas)) accessors.add(name, asRow(operand));
  accessors.add('norm', asRow(args.norm));
  if (args.mask) accessors.add('mask', asRow(args.mask));
  const env = {
    MAIN: flatMain(n / 4), DECAY: args.layout.decay, COUPLED: args.coupled ? 1 : 0, AMSGRAD: args.peak ? 1 : 0,
    SPAM: { none: 0, repo: 1, fixed: 2 }[args.spam], MASKED: args.mask ? 1 : 0,
    MASK_MOMENTS: args.maskState === 'none' ? 0 : 1, MASK_PEAK: args.maskState === 'all' ? 1 : 0,
    RATED: args.layout.rates === null ? 0 : 1, RATES: args.layout.rates ?? 0,
  }; // prettier-ignore
  return assemble({
    label: args.label, family: 'adam', accessors, source: adamSource, env, usesScalars: true,
    workgroups: spread(Math.ceil(n / 4 / 64)), flops: 15 * n, bytes: (args.peak ? 36 : 28) * n,
  }); // prettier-ignore
});

export interface SgdArgs extends UpdateArgs {
  readonly b: Operand;
}

export const sgd = single<SgdArgs>('sgd', (args) => {
  const n = sizeOf(args.w.shape);
  const accessors = new Accessors([args.w, args.g, args.b].map(asRow));
  accessors.add('table', asRow(args.table));
  for (const name of ['w', 'g'] as const) accessors.add(name, asRow(args[name]));
  accessors.add('mom', asRow(args.b)); // 'b' would collide: b_w is the variable of w
  accessors.add('norm', asRow(args.norm));
  if (args.mask) accessors.add('mask', asRow(args.mask));
  return assemble({
    label: args.label, family: 'sgd', accessors, source: sgdSource,
    env: {
      MAIN: flatMain(n / 4), DECAY: args.layout.decay, MASKED: args.mask ? 1 : 0, MASK_MOMENTS: args.maskState === 'none' ? 0 : 1,
    },
    usesScalars: true,
    workgroups: spread(Math.ceil(n / 4 / 64)), flops: 6 * n, bytes: 20 * n,
  }); // prettier-ignore
});
