import columnSumSource from '@shaders/reduce/column_sum.wgsl?raw';
import copySource from '@shaders/reduce/copy.wgsl?raw';
import { type Operand, colsOf, rowsOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

export interface ColumnSumArgs {
  readonly label: string;
  readonly x: Operand;
  /** [1, cols]. */
  readonly out: Operand;
}

export const columnSum = single<ColumnSumArgs>('column_sum', (args) => {
  const rows = rowsOf(args.x.shape);
  const nv = Math.ceil(colsOf(args.x.shape) / 4);
  const accessors = new Accessors([args.x, args.out]);
  accessors.add('x', args.x);
  accessors.add('out', args.out);
  return assemble({
    label: args.label, family: 'column_sum', accessors, source: columnSumSource, env: { MAIN: flatMain(nv, 32), ROWS: rows },
    workgroups: spread(Math.ceil(nv / 32)), flops: 4 * rows * nv, bytes: 16 * rows * nv,
  }); // prettier-ignore
});

export interface CopyArgs {
  readonly label: string;
  readonly x: Operand;
  readonly y: Operand;
}

export const copy2d = single<CopyArgs>('copy', (args) => {
  const c = colsOf(args.x.shape);
  const n = rowsOf(args.x.shape) * c;
  const accessors = new Accessors([]);
  accessors.add('x', args.x);
  accessors.add('y', args.y);
  return assemble({
    label: args.label, family: 'copy', accessors, source: copySource, env: { MAIN: flatMain(n), C: c },
    workgroups: spread(Math.ceil(n / 64)), flops: 0, bytes: 8 * n,
  }); // prettier-ignore
});
