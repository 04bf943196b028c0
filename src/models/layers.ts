/** The building blocks that every architecture shares: parameters named and initialised as GPT-2 does. */
import { type Graph, type KvFormat, type Tensor, add, dropout, layerNorm, matmul } from '@/graph';

/** A decoder under construction: `keep` decides what is stored. See attention/keep.ts. */
export interface Past {
  /** u32 [B]: rows that each sequence has seen. */
  readonly positions: Tensor;
  /** Rows a sequence can hold. */
  readonly capacity: number;
  /** How rows are stored; absent: f32. */
  readonly store?: KvStore;
  /** Expands latents where their projections could be absorbed: the slow twin. */
  readonly expand?: boolean;
  readonly kept: Kept[];
}

/** Formats of keys (and of queries, latents and codes) and of values. */
export interface KvStore {
  readonly k: KvFormat;
  readonly v: KvFormat;
  /** Attention unpacks rows in registers; otherwise they are written out before it. */
  readonly fused: boolean;
  /** Stores k - b_K, which attention without rotary positions cannot tell from k. */
  readonly preBiasK: boolean;
}

export interface Kept {
  /** Scope of the layer, and what of it is stored. */
  readonly name: string;
  /** Storage as it was before the chunk. */
  readonly cache: Tensor;
  /** The same storage with the chunk's rows in place. */
  readonly current: Tensor;
}

/** What a layer needs to know while it is being built. */
export interface BuildContext {
  readonly graph: Graph;
  readonly bias: boolean;
  readonly dropout: number;
  /** Standard deviation of residual projections: 0.02 / sqrt(2 n_layer). */
  readonly residualStd: number;
  /** Set while a decoder is built. */
  readonly past?: Past;
  /** Hands out the ids that key dropout masks. */
  nextSite(): number;
}

export const INIT_STD = 0.02;
export const LN_EPS = 1e-5;

/** W [in, out] (the Hugging Face GPT-2 layout) and, in a model with biases, b. Only W decays. */
export function linearParameters(
  { graph, bias }: BuildContext,
  name: string,
  [width, out]: readonly [number, number],
  std = INIT_STD,
): { readonly weight: Tensor; readonly bias: Tensor | null } {
  const weight = graph.parameter(`${name}.weight`, [width, out], { kind: 'normal', std }, true);
  return { weight, bias: bias ? graph.parameter(`${name}.bias`, [out], { kind: 'constant', value: 0 }) : null };
}

/** y = x W + b. */
export function linear(ctx: BuildContext, name: string, x: Tensor, out: number, std = INIT_STD): Tensor {
  const { weight, bias } = linearParameters(ctx, name, [x.shape[x.shape.length - 1]!, out], std);
  const y = ctx.graph.apply1(matmul, [x, weight], { transA: false, transB: false });
  return bias ? ctx.graph.apply1(add, [y, bias], {}) : y;
}

export function norm(ctx: BuildContext, name: string, x: Tensor): Tensor {
  const shape = [x.shape[x.shape.length - 1]!];
  const inputs = [x, ctx.graph.parameter(`${name}.weight`, shape, { kind: 'constant', value: 1 })];
  if (ctx.bias) inputs.push(ctx.graph.parameter(`${name}.bias`, shape, { kind: 'constant', value: 0 }));
  return ctx.graph.apply1(layerNorm, inputs, { eps: LN_EPS });
}

/** Dropout with its own random stream; nothing at all when p = 0. */
export function drop(ctx: BuildContext, x: Tensor): Tensor {
  return ctx.dropout > 0 ? ctx.graph.apply1(dropout, [x], { p: ctx.dropout, site: ctx.nextSite() }) : x;
}
