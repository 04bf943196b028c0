/** Kernels of incremental decoding: rows into a cache, split-K attention to it. Spec: attention-and-kv 8.1. */
import appendSource from '@shaders/decode/append.wgsl?raw';
import combineSource from '@shaders/decode/attention_combine.wgsl?raw';
import splitSource from '@shaders/decode/attention_split.wgsl?raw';
import { type Operand, colsOf, rowsOf, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
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

export interface CachedAttentionArgs {
  readonly label: string;
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
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

const split = single<CachedAttentionArgs>('attention_cached', (a) => {
  const { queries, windows, env } = common(a);
  const accessors = new Accessors([a.q, a.k, a.v, a.parts], windows);
  accessors.add('positions', asRow(a.positions));
  accessors.add('q', a.q, a.headDim);
  accessors.add('k', a.k, a.headDim);
  accessors.add('v', a.v, a.headDimV);
  accessors.addBased('k', a.k, a.headDim);
  accessors.addBased('v', a.v, a.headDimV);
  accessors.add('parts', a.parts);
  const items = queries * a.splits;
  const moved = a.batch * a.capacity * a.nHead * (a.headDim + a.headDimV);
  return assemble({
    label: a.label, family: 'attention_cached', variant: `split-${a.splits}`, accessors, source: splitSource,
    env: { ...env, MAIN: flatMain(items, WORKGROUP), SCALE: a.scale.toPrecision(9) },
    workgroups: spread(Math.ceil(items / WORKGROUP)), flops: 2 * a.rows * moved, bytes: 4 * moved,
  }); // prettier-ignore
});

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
