import source from '@shaders/data/draw_batch.wgsl?raw';
import philox from '@shaders/random/philox.wgsl?raw';
import { type Operand, sizeOf } from '../kernel';
import { Accessors } from './access';
import { PURPOSE } from './dropout';
import { assemble, single } from './make';

export interface DrawBatchArgs {
  readonly label: string;
  readonly corpus: Operand;
  readonly inputs: Operand;
  readonly targets: Operand;
  readonly lossScale: Operand;
  readonly batch: number;
  readonly seq: number;
  readonly nTokens: number;
  readonly sampling: 'window' | 'rows';
}

const asRow = (o: Operand): Operand => ({ ...o, shape: [1, sizeOf(o.shape)], rowStride: 0 });

export const drawBatch = single<DrawBatchArgs>('draw_batch', (args) => {
  const { batch, seq, nTokens, sampling } = args;
  const accessors = new Accessors([]);
  accessors.add('corpus', asRow(args.corpus));
  accessors.add('inputs', asRow(args.inputs));
  accessors.add('targets', asRow(args.targets));
  accessors.add('loss_scale', asRow(args.lossScale));
  return assemble({
    label: args.label, family: 'draw_batch', accessors, source, library: philox,
    env: { WINDOW: sampling === 'window' ? 1 : 0, N: nTokens, SEQ: seq, BATCH: batch, PURPOSE: PURPOSE.BATCH },
    usesScalars: true, workgroups: [1, 1, 1], flops: 0, bytes: 12 * batch * seq,
  }); // prettier-ignore
});
