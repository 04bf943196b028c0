/**
 * Tensors as a static graph: every shape and dtype is known when a node is made, nothing is computed until an executor
 * runs the graph (the f64 reference in reference.ts, or the WebGPU engine).
 */
import type { Graph } from './graph';

export type DType = 'f32' | 'u32' | 'i32';
export type Shape = readonly number[];

/** How a parameter starts: GPT-2's normal draws, constants, or an orthonormal matrix; equal keys give transposes of one draw. */
export type Init =
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'orthogonal'; readonly key: number; readonly transpose?: boolean };

export type TensorSource =
  | { readonly kind: 'parameter'; readonly init: Init; readonly decay: boolean }
  | { readonly kind: 'input' }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'node'; readonly node: Node; readonly output: number };

export interface Tensor {
  readonly id: number;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: TensorSource;
}

export interface Node<A = unknown> {
  readonly id: number;
  readonly op: Op<A>;
  readonly attrs: A;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Where in the model the node belongs ("h.0.attn"), for profiles and error messages. */
  readonly scope: string;
}

export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Arithmetic and traffic of one node. A multiply-add counts 2 FLOPs; bytes are f32 reads and writes at least once. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/** Values in the reference executor: f64 for f32 tensors, exact integers for ids. */
export type RefArray = Float64Array | Uint32Array | Int32Array;

/** What the reference needs beyond tensors: the keys of the counter-based random numbers. */
export interface RefContext {
  readonly seed: number;
  /** step * accumulation + micro-step; keys dropout masks. */
  readonly dropoutStream: number;
  /** Uniform in (0, 1) for dropout site `site`, element `index`: must equal the WGSL generator bit for bit. */
  uniform(site: number, index: number): number;
}

/**
 * One operation. Shape inference fails at build time; `gradient` adds nodes to the graph; `reference` is the f64 twin of
 * every kernel that implements the operation.
 */
export interface Op<A = unknown> {
  readonly name: string;
  /** Output shapes, or a thrown ShapeError naming the op and the shapes. */
  infer(inputs: readonly TensorSpec[], attrs: A): readonly TensorSpec[];
  /** Gradients with respect to each input (null: none). `dOutputs[i]` is null where output i has no gradient. */
  gradient(graph: Graph, node: Node<A>, dOutputs: readonly (Tensor | null)[]): readonly (Tensor | null)[];
  cost(node: Node<A>): Cost;
  reference(node: Node<A>, inputs: readonly RefArray[], outputs: readonly RefArray[], context: RefContext): void;
}

/** A wrong shape, with the op's name and the shapes in the message. */
export class ShapeError extends Error {
  override name = 'ShapeError';
  constructor(
    readonly op: string,
    readonly what: string,
    readonly shapes: readonly Shape[],
  ) {
    super(`${op}: ${what}; got ${shapes.map((s) => `[${s.join(', ')}]`).join(' and ')}`);
  }
}

/** Raised by `gradient` of ops that end a differentiation path. */
export class GradientError extends Error {
  override name = 'GradientError';
}

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
export const colsOf = (shape: Shape): number => shape[shape.length - 1] ?? 1;
export const rowsOf = (shape: Shape): number => sizeOf(shape) / colsOf(shape);
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((n, i) => n === b[i]);
export const bytesOf = (...tensors: readonly TensorSpec[]): number =>
  tensors.reduce((sum, t) => sum + 4 * sizeOf(t.shape), 0);

/** Narrows a node to the op that made it. */
export function isOp<A>(node: Node | undefined | null, op: Op<A>): node is Node<A> {
  return node?.op === (op as Op);
}

/** The node that computes a tensor, or null for parameters, inputs and constants. */
export const producer = (tensor: Tensor): Node | null => (tensor.source.kind === 'node' ? tensor.source.node : null);
