/**
 * Element-wise operations. The second operand of a binary op may be a suffix of the first one's shape (a bias [C] on
 * [B, T, C]) or a scalar [1]; it is broadcast over the leading dimensions. `wgsl` is the expression from which the engine
 * generates fused chains; `value` is its f64 twin.
 */
import { type Op, type Tensor, ShapeError, bytesOf, sameShape, sizeOf } from '../types';
import type { Graph } from '../graph';
import { sumTo } from './sum-to';
import { erf } from '../math';

export type GeluKind = 'gelu_erf' | 'gelu_tanh';

/** An element-wise op: what the fuser needs beside the usual contract. */
export interface ElementwiseOp<A> extends Op<A> {
  readonly elementwise: true;
  /** WGSL expression of one element in terms of operand names (each already a f32 or vec4f expression). */
  wgsl(operands: readonly string[], attrs: A): string;
}

export const isElementwise = (op: Op): op is ElementwiseOp<unknown> => 'elementwise' in op;

const float = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

function broadcastable(a: readonly number[], b: readonly number[]): boolean {
  if (sizeOf(b) === 1) return true;
  return b.length <= a.length && b.every((n, i) => n === a[a.length - b.length + i]);
}

function binary(
  name: string,
  value: (x: number, y: number) => number,
  wgsl: (x: string, y: string) => string,
  grad: (graph: Graph, d: Tensor, x: Tensor, y: Tensor) => [Tensor, Tensor],
): ElementwiseOp<object> {
  return {
    name,
    elementwise: true,
    infer([a, b]) {
      if (!a || !b) throw new ShapeError(name, 'needs two inputs', []);
      if (!broadcastable(a.shape, b.shape))
        throw new ShapeError(name, 'the second shape must equal the first or be a suffix of it', [a.shape, b.shape]);
      return [{ shape: a.shape, dtype: 'f32' }];
    },
    gradient(graph, node, [d]) {
      if (!d) return [null, null];
      const [x, y] = node.inputs as [Tensor, Tensor];
      const [dx, dy] = grad(graph, d, x, y);
      if (sizeOf(dy.shape) === sizeOf(y.shape)) return [dx, dy];
      // Columns first: a sum of everything to one element would be one invocation's work.
      const columns =
        sizeOf(y.shape) === 1 && dy.shape.length > 1 ? graph.apply1(sumTo, [dy], { shape: dy.shape.slice(-1) }) : dy;
      return [dx, sizeOf(columns.shape) === 1 ? columns : graph.apply1(sumTo, [columns], { shape: y.shape })];
    },
    cost: (node) => ({ flops: sizeOf(node.outputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
    reference(_node, [a, b], [out]) {
      const period = b!.length;
      for (let i = 0; i < out!.length; i++) out![i] = value(a![i]!, b![i % period]!);
    },
    wgsl: ([x, y]) => wgsl(x!, y!),
  };
}

export const add = binary(
  'add',
  (x, y) => x + y,
  (x, y) => `(${x} + ${y})`,
  (_graph, d) => [d, d],
);

export const sub = binary(
  'sub',
  (x, y) => x - y,
  (x, y) => `(${x} - ${y})`,
  (graph, d) => [d, graph.apply1(scale, [d], { factor: -1 })],
);

export const mul = binary(
  'mul',
  (x, y) => x * y,
  (x, y) => `(${x} * ${y})`,
  (graph, d, x, y) => [graph.apply1(mul, [d, y], {}), graph.apply1(mul, [d, x], {})],
);

function unary<A extends object>(
  name: string,
  value: (x: number, attrs: A) => number,
  wgsl: (x: string, attrs: A) => string,
  grad: (graph: Graph, d: Tensor, x: Tensor, y: Tensor, attrs: A) => Tensor,
  flops = 1,
): ElementwiseOp<A> {
  return {
    name,
    elementwise: true,
    infer([a]) {
      if (!a) throw new ShapeError(name, 'needs one input', []);
      return [{ shape: a.shape, dtype: 'f32' }];
    },
    gradient: (graph, node, [d]) => [d ? grad(graph, d, node.inputs[0]!, node.outputs[0]!, node.attrs) : null],
    cost: (node) => ({
      flops: flops * sizeOf(node.outputs[0]!.shape),
      bytes: bytesOf(...node.inputs, ...node.outputs),
    }),
    reference(node, [a], [out]) {
      for (let i = 0; i < out!.length; i++) out![i] = value(a![i]!, node.attrs);
    },
    wgsl: ([x], attrs) => wgsl(x!, attrs),
  };
}

export const scale: ElementwiseOp<{ factor: number }> = unary(
  'scale',
  (x, { factor }) => x * factor,
  (x, { factor }) => `(${x} * ${float(factor)})`,
  (graph, d, _x, _y, attrs) => graph.apply1(scale, [d], attrs),
);

export const sigmoid: ElementwiseOp<object> = unary(
  'sigmoid',
  (x) => 1 / (1 + Math.exp(-x)),
  (x) => `(1.0 / (1.0 + exp(-${x})))`,
  (graph, d, _x, y) => {
    const dy = graph.apply1(mul, [d, y], {});
    return graph.apply1(sub, [dy, graph.apply1(mul, [dy, y], {})], {});
  },
  4,
);

export const tanh: ElementwiseOp<object> = unary(
  'tanh',
  Math.tanh,
  (x) => `tanh(clamp(${x}, ${'-15.0'}, ${'15.0'}))`,
  (graph, d, _x, y) => graph.apply1(sub, [d, graph.apply1(mul, [graph.apply1(mul, [d, y], {}), y], {})], {}),
  4,
);

export const exp: ElementwiseOp<object> = unary(
  'exp',
  Math.exp,
  (x) => `exp(${x})`,
  (graph, d, _x, y) => graph.apply1(mul, [d, y], {}),
  4,
);

export const inverse: ElementwiseOp<object> = unary(
  'inverse',
  (x) => 1 / x,
  (x) => `(1.0 / ${x})`,
  (graph, d, _x, y) => graph.apply1(scale, [graph.apply1(mul, [graph.apply1(mul, [d, y], {}), y], {})], { factor: -1 }),
  2,
);

const SQRT_FLOOR = 1e-8;

/** sqrt(max(x, 1e-8)), and so without a gradient at and below the floor. */
export const sqrtFloored: ElementwiseOp<object> = unary(
  'sqrt_floored',
  (x) => Math.sqrt(Math.max(x, SQRT_FLOOR)),
  (x) => `sqrt(max(${x}, ${SQRT_FLOOR}))`,
  (graph, d, x) => graph.apply1(mul, [d, graph.apply1(sqrtFlooredSlope, [x], {})], {}),
  2,
);

/** d sqrtFloored / dx. */
const sqrtFlooredSlope: ElementwiseOp<object> = unary(
  'sqrt_floored_slope',
  (x) => (x > SQRT_FLOOR ? 0.5 / Math.sqrt(x) : 0),
  (x) => `select(0.0, 0.5 / sqrt(max(${x}, ${SQRT_FLOOR})), ${x} > ${SQRT_FLOOR})`,
  () => {
    throw new Error('sqrt_floored has no second derivative');
  },
  3,
);

const INV_SQRT2 = Math.SQRT1_2;
const INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);

/** GELU in f64: the exact erf form, or GPT-2's tanh approximation. */
export function geluValue(x: number, kind: GeluKind): number {
  if (kind === 'gelu_erf') return 0.5 * x * (1 + erf(x * INV_SQRT2));
  return 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x)));
}

/** d gelu / dx in f64; for the erf form Phi(x) + x phi(x). */
export function geluDerivative(x: number, kind: GeluKind): number {
  if (kind === 'gelu_erf') return 0.5 * (1 + erf(x * INV_SQRT2)) + x * INV_SQRT_2PI * Math.exp(-0.5 * x * x);
  const t = Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x);
}

export const gelu: ElementwiseOp<{ kind: GeluKind }> = unary(
  'gelu',
  (x, { kind }) => geluValue(x, kind),
  (x, { kind }) => `${kind}(${x})`,
  (graph, d, x, _y, attrs) => graph.apply1(geluBackward, [d, x], attrs),
  10,
);

/** dx = dy * gelu'(u): inputs dy, u. */
export const geluBackward: ElementwiseOp<{ kind: GeluKind }> = {
  name: 'gelu_backward',
  elementwise: true,
  infer([d, u]) {
    if (!d || !u || !sameShape(d.shape, u.shape))
      throw new ShapeError('gelu_backward', 'shapes must be equal', [d?.shape ?? [], u?.shape ?? []]);
    return [{ shape: d.shape, dtype: 'f32' }];
  },
  gradient() {
    throw new Error('gelu_backward has no second derivative');
  },
  cost: (node) => ({ flops: 12 * sizeOf(node.outputs[0]!.shape), bytes: bytesOf(...node.inputs, ...node.outputs) }),
  reference(node, [d, u], [out]) {
    for (let i = 0; i < out!.length; i++) out![i] = d![i]! * geluDerivative(u![i]!, node.attrs.kind);
  },
  wgsl: ([d, u], { kind }) => `(${d!} * ${kind}_derivative(${u!}))`,
};
