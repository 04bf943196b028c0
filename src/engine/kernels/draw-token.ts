/** Sampling on the GPU, so that several tokens fit in one submit. Slow twin: experiment/sampling.ts. */
import source from '@shaders/decode/draw_token.wgsl?raw';
import philox from '@shaders/random/philox.wgsl?raw';
import { type Operand, colsOf, rowsOf, sizeOf } from '../kernel';
import type { KernelFamily } from '../kernel';
import { Accessors } from './access';
import { PURPOSE } from './dropout';
import { assemble } from './make';

export interface DrawTokenArgs {
  readonly label: string;
  /** [B, 1, V] */
  readonly logits: Operand;
  /** u32 [B, 1]: the token that is decoded next. */
  readonly ids: Operand;
  /** u32 [B]: its position. */
  readonly positions: Operand;
  /** u32 [B, K]: tokens of a submit, column `scalars.micro`. */
  readonly drawn: Operand;
}

const asRow = (o: Operand): Operand => ({ ...o, shape: [1, sizeOf(o.shape)], rowStride: 0 });

/** A CPU adapter runs a workgroup on one thread: more lanes only cost it barriers. */
export const drawToken: KernelFamily<DrawTokenArgs> = {
  name: 'draw_token',
  variants: (_, { software }) => [
    { name: software ? 'lanes-16' : 'lanes-128', params: { lanes: software ? 16 : 128 } },
  ],
  build({ label, logits, ids, positions, drawn }, { name, params }) {
    const accessors = new Accessors([]);
    accessors.add('logits', logits);
    accessors.add('ids', asRow(ids));
    accessors.add('positions', asRow(positions));
    accessors.add('drawn', drawn);
    const rows = rowsOf(logits.shape);
    return assemble({
      label, family: 'draw_token', variant: name, accessors, source, library: philox,
      env: { WG: params.lanes!, PURPOSE: PURPOSE.SAMPLE }, usesScalars: true, workgroups: [rows, 1, 1],
      flops: 0, bytes: 4 * rows * colsOf(logits.shape),
    }); // prettier-ignore
  },
};
