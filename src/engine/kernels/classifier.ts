import classifierSource from '@shaders/classifier/classifier.wgsl?raw';
import reduceSource from '@shaders/classifier/loss_reduce.wgsl?raw';
import { type Operand, colsOf, rowsOf, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

export interface ClassifierArgs {
  readonly label: string;
  readonly logits: Operand;
  /** i32, -1 = not counted. */
  readonly targets: Operand;
  /** [1]: 1 / counted targets. */
  readonly lossScale: Operand;
  readonly lossRows: Operand;
  /** May be the logits themselves; null for evaluation. */
  readonly dlogits: Operand | null;
}

const asRow = (o: Operand): Operand => ({ ...o, shape: [1, sizeOf(o.shape)], rowStride: 0 });

export const classifier = single<ClassifierArgs>('classifier', (args) => {
  const rows = rowsOf(args.logits.shape);
  const v = colsOf(args.logits.shape);
  const accessors = new Accessors([]);
  accessors.add('logits', args.logits);
  accessors.add('targets', asRow(args.targets));
  accessors.add('loss_scale', asRow(args.lossScale));
  accessors.add('loss_rows', asRow(args.lossRows));
  if (args.dlogits) accessors.add('dlogits', args.dlogits);
  return assemble({
    label: args.label, family: 'classifier', accessors, source: classifierSource,
    env: { MAIN: flatMain(rows, 32), V: v, GRAD: args.dlogits ? 1 : 0 },
    usesScalars: args.dlogits !== null, workgroups: spread(Math.ceil(rows / 32)),
    flops: 8 * rows * v, bytes: 8 * rows * v,
  }); // prettier-ignore
});

export interface LossReduceArgs {
  readonly label: string;
  readonly lossRows: Operand;
  readonly lossScale: Operand;
  readonly out: Operand;
}

export const lossReduce = single<LossReduceArgs>('loss_reduce', (args) => {
  const rows = sizeOf(args.lossRows.shape);
  const accessors = new Accessors([]);
  accessors.add('loss_rows', asRow(args.lossRows));
  accessors.add('loss_scale', asRow(args.lossScale));
  accessors.add('out', asRow(args.out));
  return assemble({
    label: args.label, family: 'loss_reduce', accessors, source: reduceSource,
    env: { ROWS: rows, SHARE: Math.ceil(rows / 64) }, usesScalars: true, workgroups: [1, 1, 1], flops: rows, bytes: 4 * rows,
  }); // prettier-ignore
});
