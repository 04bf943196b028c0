/** Row operations of the graph (graph/ops/rows.ts): one invocation a row. */
import type { RowOp } from '@/graph';
import { type Operand, colsOf, rowsOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

export interface RowsArgs {
  readonly label: string;
  readonly x: Operand;
  readonly y: Operand;
  readonly seq: number;
  readonly op: RowOp<unknown>;
  readonly attrs: unknown;
}

export const rowsKernel = single<RowsArgs>('rows', ({ label, x, y, seq, op, attrs }) => {
  const n = rowsOf(x.shape);
  const cols = colsOf(x.shape);
  const accessors = new Accessors([]);
  accessors.add('x', x);
  accessors.add('y', y);
  const source = `const COLS = ${cols}u;\nconst SEQ = ${seq}u;\n${flatMain(n, 32)}\n  let r = i;\n${op.wgsl(attrs)}\n}`;
  return assemble({
    label, family: 'rows', variant: op.name, accessors, source, env: {},
    workgroups: spread(Math.ceil(n / 32)), flops: 5 * n * cols, bytes: 12 * n * cols,
  }); // prettier-ignore
});
