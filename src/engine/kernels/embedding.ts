import backwardSource from '@shaders/embedding/backward.wgsl?raw';
import forwardSource from '@shaders/embedding/forward.wgsl?raw';
import linksSource from '@shaders/embedding/links.wgsl?raw';
import positionSource from '@shaders/embedding/position_backward.wgsl?raw';
import { type Operand, colsOf, rowsOf, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';

const asRow = (o: Operand): Operand => ({ ...o, shape: [1, sizeOf(o.shape)], rowStride: 0 });

export interface EmbeddingForwardArgs {
  readonly label: string;
  readonly ids: Operand;
  readonly wte: Operand;
  readonly wpe: Operand | null;
  /** u32 [batch]: earlier tokens of each sequence, in a decoder. */
  readonly positions?: Operand | null;
  readonly y: Operand;
  readonly seq: number;
}

export const embeddingForward = single<EmbeddingForwardArgs>('embedding', (args) => {
  const rows = rowsOf(args.y.shape);
  const nv = Math.ceil(colsOf(args.y.shape) / 4);
  const accessors = new Accessors([args.wte, args.wpe, args.y]);
  accessors.add('ids', asRow(args.ids));
  accessors.add('wte', args.wte);
  if (args.wpe) accessors.add('wpe', args.wpe);
  if (args.positions) accessors.add('positions', asRow(args.positions));
  accessors.add('y', args.y);
  const { seq, wpe } = args;
  const row = args.positions
    ? `min(r % ${seq}u + positions(0u, r / ${seq}u), ${rowsOf(wpe!.shape) - 1}u)`
    : `r % ${seq}u`;
  return assemble({
    label: args.label, family: 'embedding', accessors, source: forwardSource,
    env: { MAIN: flatMain(rows * nv), NV: nv, POS: wpe ? 1 : 0, ROW: row },
    workgroups: spread(Math.ceil((rows * nv) / 64)), flops: 4 * rows * nv, bytes: 32 * rows * nv,
  }); // prettier-ignore
});

export interface TokenLinksArgs {
  readonly label: string;
  readonly ids: Operand;
  /** i32 [2, rows]: next position with the same id or -1; 1 where the position is the id's first. */
  readonly links: Operand;
}

export const tokenLinks = single<TokenLinksArgs>('token_links', (args) => {
  const rows = sizeOf(args.ids.shape);
  const accessors = new Accessors([]);
  accessors.add('ids', asRow(args.ids));
  accessors.add('links', args.links);
  return assemble({
    label: args.label, family: 'token_links', accessors, source: linksSource,
    env: { MAIN: flatMain(rows), ROWS: rows }, workgroups: spread(Math.ceil(rows / 64)), flops: 0, bytes: 12 * rows,
  }); // prettier-ignore
});

export interface EmbeddingBackwardArgs {
  readonly label: string;
  readonly ids: Operand;
  readonly links: Operand;
  readonly dy: Operand;
  /** Added to: fill it with zeros first where nothing else wrote it. */
  readonly dwte: Operand;
}

export const embeddingBackward = single<EmbeddingBackwardArgs>('embedding_backward', (args) => {
  const rows = rowsOf(args.dy.shape);
  const nv = Math.ceil(colsOf(args.dy.shape) / 4);
  const accessors = new Accessors([args.dy, args.dwte]);
  accessors.add('ids', asRow(args.ids));
  accessors.add('links', args.links);
  accessors.add('dy', args.dy);
  accessors.add('dwte', args.dwte);
  return assemble({
    label: args.label, family: 'embedding_backward', accessors, source: backwardSource,
    env: { MAIN: flatMain(rows * nv), NV: nv }, workgroups: spread(Math.ceil((rows * nv) / 64)),
    flops: 4 * rows * nv, bytes: 32 * rows * nv,
  }); // prettier-ignore
});

export interface PositionBackwardArgs {
  readonly label: string;
  readonly dy: Operand;
  readonly dwpe: Operand;
  readonly batch: number;
  readonly seq: number;
}

export const positionBackward = single<PositionBackwardArgs>('position_backward', (args) => {
  const rows = rowsOf(args.dwpe.shape);
  const nv = Math.ceil(colsOf(args.dwpe.shape) / 4);
  const accessors = new Accessors([args.dy, args.dwpe]);
  accessors.add('dy', args.dy);
  accessors.add('dwpe', args.dwpe);
  return assemble({
    label: args.label, family: 'position_backward', accessors, source: positionSource,
    env: { MAIN: flatMain(rows * nv), NV: nv, SEQ: args.seq, BATCH: args.batch },
    workgroups: spread(Math.ceil((rows * nv) / 64)), flops: 4 * rows * nv * args.batch, bytes: 16 * rows * nv * args.batch,
  }); // prettier-ignore
});
