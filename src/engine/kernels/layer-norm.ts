import backwardSource from '@shaders/layer_norm/backward.wgsl?raw';
import forwardSource from '@shaders/layer_norm/forward.wgsl?raw';
import { type DeviceTraits, type Operand, colsOf, rowsOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

export interface LayerNormForwardArgs {
  readonly label: string;
  readonly x: Operand;
  readonly weight: Operand;
  readonly bias: Operand | null;
  readonly y: Operand;
  readonly mean: Operand;
  readonly rstd: Operand;
  readonly eps: number;
}

export interface LayerNormBackwardArgs {
  readonly label: string;
  readonly dy: Operand;
  readonly x: Operand;
  readonly weight: Operand;
  readonly mean: Operand;
  readonly rstd: Operand;
  readonly dx: Operand;
  /** Residual gradient added to dx; may be dx itself. */
  readonly addTo: Operand | null;
  /** [P, C] partial sums; P = layerNormPartials(rows). */
  readonly dWeight: Operand;
  readonly dBias: Operand | null;
}

/** A [n] tensor read as one row. */
const asRow = (o: Operand): Operand => ({ ...o, shape: [1, o.shape.reduce((a, b) => a * b, 1)], rowStride: 0 });
/** Slabs [P, ..., C] read as P rows. */
const asSlabs = (o: Operand): Operand => {
  const n = o.shape.slice(1).reduce((a, b) => a * b, 1);
  return { ...o, shape: [o.shape[0]!, n], rowStride: n };
};
/** Zeroes the columns beyond C that a composed vec4 holds. */
const tailMask = (c: number): string =>
  c % 4 === 0
    ? ''
    : ` * select(vec4f(0.0), vec4f(1.0), vec4u(4u * c, 4u * c + 1u, 4u * c + 2u, 4u * c + 3u) < vec4u(${c}u))`;

export const layerNormForward = single<LayerNormForwardArgs>('layer_norm', (args) => {
  const c = colsOf(args.x.shape);
  const rows = rowsOf(args.x.shape);
  const weight = asRow(args.weight);
  const bias = args.bias && asRow(args.bias);
  const accessors = new Accessors([args.x, weight, bias, args.y]);
  accessors.add('x', args.x);
  accessors.add('weight', weight);
  if (bias) accessors.add('bias', bias);
  accessors.add('y', args.y);
  accessors.add('mean', asRow(args.mean));
  accessors.add('rstd', asRow(args.rstd));
  return assemble({
    label: args.label, family: 'layer_norm', accessors, source: forwardSource,
    env: { MAIN: flatMain(rows), NV: Math.ceil(c / 4), C: c, EPS: args.eps.toFixed(12), BIAS: bias ? 1 : 0, TAIL: tailMask(c) },
    workgroups: spread(Math.ceil(rows / 64)), flops: 8 * rows * c, bytes: 8 * rows * c,
  }); // prettier-ignore
});

/** Row blocks of the weight and bias gradients: deterministic in the row count and the adapter class. */
export function layerNormPartials(rows: number, device: DeviceTraits): number {
  const block = device.software ? 128 : 32;
  return Math.max(1, Math.min(64, Math.ceil(rows / block)));
}

export const layerNormBackward = single<LayerNormBackwardArgs>('layer_norm_backward', (args) => {
  const c = colsOf(args.x.shape);
  const rows = rowsOf(args.x.shape);
  const weight = asRow(args.weight);
  const dWeight = asSlabs(args.dWeight);
  const dBias = args.dBias && asSlabs(args.dBias);
  const partials = args.dWeight.shape[0]!;
  const accessors = new Accessors([args.x, args.dy, weight, args.dx, args.addTo, dWeight, dBias]);
  accessors.add('dy', args.dy);
  accessors.add('x', args.x);
  accessors.add('weight', weight);
  accessors.add('mean', asRow(args.mean));
  accessors.add('rstd', asRow(args.rstd));
  accessors.add('dx', args.dx);
  if (args.addTo) accessors.add('add_to', args.addTo);
  accessors.add('dweight', dWeight);
  if (dBias) accessors.add('dbias', dBias);
  const nv = Math.ceil(c / 4);
  const items = rows + partials * nv;
  return assemble({
    label: args.label, family: 'layer_norm_backward', accessors, source: backwardSource,
    env: {
      MAIN: flatMain(items), NV: nv, C: c, ROWS: rows, BLOCK: Math.ceil(rows / partials), ADD: args.addTo ? 1 : 0,
      BIAS: dBias ? 1 : 0,
    },
    workgroups: spread(Math.ceil(items / 64)), flops: 12 * rows * c, bytes: 16 * rows * c,
  }); // prettier-ignore
});
