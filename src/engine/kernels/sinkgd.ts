/** SinkGD over the flat arenas: balanced lines in a scratch arena, then one scaled step. Slow twin: src/optim/sinkgd.ts. */
import applySource from '@shaders/sinkgd/apply.wgsl?raw';
import linesSource from '@shaders/sinkgd/lines.wgsl?raw';
import scalesSource from '@shaders/sinkgd/scales.wgsl?raw';
import squaresSource from '@shaders/sinkgd/squares.wgsl?raw';
import { type Operand, sizeOf, spread } from '../kernel';
import { Accessors, flatMain } from './access';
import { assemble, single } from './make';
import { type SegmentTable, asRow } from './optimizer';

interface Section {
  /** First word. */
  readonly at: number;
  readonly count: number;
}

export interface SinkTable {
  readonly data: Uint32Array<ArrayBuffer>;
  readonly rows: Section;
  readonly columns: Section;
  readonly vectors: Section;
  /** First block and blocks of each tensor. */
  readonly tensors: Section;
  /** Tensor of each block. */
  readonly owners: Section;
}

export interface SinkTensor {
  readonly offset: number;
  readonly shape: readonly number[];
}

/** Lines of every tensor; `block` is the block size of the segment table, whose tensors stand in the same order. */
export function sinkTable(tensors: readonly SinkTensor[], block: number): SinkTable {
  const rows: number[] = [];
  const columns: number[] = [];
  const vectors: number[] = [];
  const ranges: number[] = [];
  const owners: number[] = [];
  tensors.forEach(({ offset, shape }, t) => {
    const cols = shape.at(-1) ?? 1;
    const size = sizeOf(shape);
    const height = size / cols;
    if (shape.length < 2) vectors.push(offset, 1, cols);
    else {
      for (let r = 0; r < height; r++) rows.push(offset + r * cols, 1, cols);
      for (let c = 0; c < cols; c++) columns.push(offset + c, cols, height);
    }
    const blocks = Math.ceil(size / block);
    ranges.push(owners.length, blocks);
    for (let b = 0; b < blocks; b++) owners.push(t);
  });
  const lists = [rows, columns, vectors, ranges, owners];
  const at = lists.map((_, i) => lists.slice(0, i).reduce((sum, list) => sum + list.length, 0));
  const section = (i: number, width: number): Section => ({ at: at[i]!, count: lists[i]!.length / width });
  return {
    data: Uint32Array.from(lists.flat()),
    rows: section(0, 3), columns: section(1, 3), vectors: section(2, 3), tensors: section(3, 2), owners: section(4, 1),
  }; // prettier-ignore
}

export interface SinkLinesArgs {
  readonly label: string;
  readonly table: Operand;
  readonly section: Section;
  readonly x: Operand;
  /** Given in the first half round: x starts as the clipped gradient. */
  readonly from: { readonly g: Operand; readonly norm: Operand } | null;
  readonly tanh: boolean;
}

export const sinkLines = single<SinkLinesArgs>('sink_lines', ({ label, table, section, x, from, tanh }) => {
  const n = sizeOf(x.shape);
  const accessors = new Accessors([]);
  accessors.add('table', asRow(table));
  accessors.add('x', asRow(x));
  if (from) {
    accessors.add('g', asRow(from.g));
    accessors.add('norm', asRow(from.norm));
  }
  return assemble({
    label, family: 'sink_lines', accessors, source: linesSource,
    env: { MAIN: flatMain(section.count, 32), AT: section.at, FROM_G: from ? 1 : 0, TANH: tanh ? 1 : 0 },
    workgroups: spread(Math.ceil(section.count / 32)), flops: 3 * n, bytes: 12 * n,
  }); // prettier-ignore
});

export interface SinkSquaresArgs {
  readonly label: string;
  readonly table: Operand;
  readonly layout: SegmentTable;
  readonly x: Operand;
  readonly after: Operand;
}

export const sinkSquares = single<SinkSquaresArgs>('sink_squares', ({ label, table, layout, x, after }) => {
  const accessors = new Accessors([]);
  accessors.add('table', asRow(table));
  accessors.add('x', asRow(x));
  accessors.add('after', asRow(after));
  return assemble({
    label, family: 'sink_squares', accessors, source: squaresSource, env: { MAIN: flatMain(layout.blocks, 32) },
    workgroups: spread(Math.ceil(layout.blocks / 32)), flops: 2 * sizeOf(x.shape), bytes: 4 * sizeOf(x.shape),
  }); // prettier-ignore
});

export interface SinkScalesArgs {
  readonly label: string;
  readonly table: Operand;
  readonly section: Section;
  readonly before: Operand;
  readonly after: Operand;
  readonly norm: Operand;
  readonly scale: Operand;
}

export const sinkScales = single<SinkScalesArgs>('sink_scales', ({ label, table, section, ...operands }) => {
  const accessors = new Accessors([]);
  accessors.add('table', asRow(table));
  for (const name of ['before', 'after', 'norm', 'scale'] as const) accessors.add(name, asRow(operands[name]));
  return assemble({
    label, family: 'sink_scales', accessors, source: scalesSource,
    env: { MAIN: flatMain(section.count, 32), AT: section.at },
    workgroups: spread(Math.ceil(section.count / 32)), flops: 0, bytes: 8 * sizeOf(operands.before.shape),
  }); // prettier-ignore
});

export interface SinkApplyArgs {
  readonly label: string;
  readonly table: Operand;
  readonly layout: SegmentTable;
  readonly sink: Operand;
  readonly owners: Section;
  readonly w: Operand;
  readonly x: Operand;
  readonly scale: Operand;
  readonly norm: Operand;
  readonly mask: Operand | null;
}

export const sinkApply = single<SinkApplyArgs>('sink_apply', ({ label, layout, owners, mask, ...operands }) => {
  const n = sizeOf(operands.w.shape);
  const accessors = new Accessors([]);
  for (const name of ['table', 'sink', 'w', 'x', 'scale', 'norm'] as const) accessors.add(name, asRow(operands[name]));
  if (mask) accessors.add('mask', asRow(mask));
  return assemble({
    label, family: 'sink_apply', accessors, source: applySource,
    env: { MAIN: flatMain(layout.blocks, 32), AT: owners.at, DECAY: layout.decay, MASKED: mask ? 1 : 0 },
    usesScalars: true, workgroups: spread(Math.ceil(layout.blocks / 32)), flops: 3 * n, bytes: 12 * n,
  }); // prettier-ignore
});
