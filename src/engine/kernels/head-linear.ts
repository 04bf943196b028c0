import source from '@shaders/decode/head_linear.wgsl?raw';
import { type HeadLinearAttrs, headLinearSizes } from '@/graph';
import { type Operand, rowsOf, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

export interface HeadLinearArgs {
  readonly label: string;
  readonly x: Operand;
  readonly weight: Operand;
  readonly bias: Operand | null;
  readonly y: Operand;
  readonly attrs: HeadLinearAttrs;
}

export const headLinear = single<HeadLinearArgs>('head_linear', ({ label, x, weight, bias, y, attrs }) => {
  const { nHead, headDim, column, transposed } = attrs;
  const { from, to } = headLinearSizes(weight.shape, attrs);
  const [rows, units] = [rowsOf(x.shape), transposed ? to : Math.ceil(to / 4)];
  const items = rows * nHead * units;
  const windows = [from, to, headDim, column].every((n) => n % 4 === 0) ? 4 : 1;
  const accessors = new Accessors([x, weight, bias, y], windows);
  accessors.add('x', x, from);
  accessors.add('w', weight, headDim);
  if (bias) accessors.add('bias', { ...bias, shape: [1, sizeOf(bias.shape)], rowStride: 0 }, headDim);
  accessors.add('y', y, to);
  return assemble({
    label, family: 'head_linear', accessors, source,
    env: {
      MAIN: flatMain(items), UNITS: units, H: nHead, D: headDim, FROM: from, TO: to, COLUMN: column, BIAS: bias ? 1 : 0,
      TRANSPOSED: transposed ? 1 : 0,
    },
    workgroups: spread(Math.ceil(items / 64)), flops: 2 * rows * nHead * from * to,
    bytes: 4 * (sizeOf(x.shape) + sizeOf(y.shape) + weight.shape[0]! * nHead * headDim),
  }); // prettier-ignore
});
