/**
 * Epilogues of the GEMM kernels. Bias and accumulation are where the accumulators start; GELU, its derivative and the
 * residual finish the tile in a loop after it was stored. Both kernels add in the same order.
 */
import { type Operand, colsOf } from '../kernel';
import type { GemmArgs } from './gemm';

const NAMES = ['x', 'y', 'z', 'w'] as const;

export interface BoundOperand {
  readonly variable: string;
  readonly operand: Operand;
  readonly width: 1 | 4;
}

export interface EpilogueOperands {
  readonly c: BoundOperand;
  readonly bias: BoundOperand | null;
  readonly preactOut: BoundOperand | null;
  readonly preactIn: BoundOperand | null;
  readonly residual: BoundOperand | null;
}

const address = ({ operand }: BoundOperand): string => `${operand.offset}u + row * ${operand.rowStride}u + col`;

/** `load_<name>(row, col) -> vec4f` and `store_<name>`: four columns from `col`; the last ones may not exist. */
function vectorAccess(name: string, b: BoundOperand, store: boolean): string {
  const base = address(b);
  const n = colsOf(b.operand.shape);
  const inside = (q: number): string => (q > 0 && n % 4 !== 0 ? `if (col + ${q}u < ${n}u) ` : '');
  const gather = NAMES.map((_, q) =>
    inside(q)
      ? `${b.variable}[select(${base}, ${base} + ${q}u, col + ${q}u < ${n}u)]`
      : `${b.variable}[${base} + ${q}u]`,
  );
  const load = b.width === 4 ? `${b.variable}[(${base}) / 4u]` : `vec4f(${gather.join(', ')})`;
  const read = `fn load_${name}(row: u32, col: u32) -> vec4f { return ${load}; }\n`;
  if (!store) return read;
  const writes =
    b.width === 4
      ? `${b.variable}[(${base}) / 4u] = v;`
      : `if (col >= ${n}u) { return; } ${NAMES.map((x, q) => `${inside(q)}{ ${b.variable}[${base} + ${q}u] = v.${x}; }`).join(' ')}`;
  return `${read}fn store_${name}(row: u32, col: u32, v: vec4f) { ${writes} }\n`;
}

/** Accessors of the register kernel, which works on four columns at a time. */
export function vectorLibrary(o: EpilogueOperands): string {
  return [
    vectorAccess('c', o.c, true),
    o.bias ? vectorAccess('bias', o.bias, false) : '',
    o.residual ? vectorAccess('residual', o.residual, false) : '',
    o.preactOut ? vectorAccess('preact_out', o.preactOut, true) : '',
    o.preactIn ? vectorAccess('preact_in', o.preactIn, false) : '',
  ].join('');
}

/** `finish(row, col)`: the epilogue of four columns (lanes 4) or one (lanes 1); '' where there is none. */
export function finishFunction(args: GemmArgs, o: EpilogueOperands, lanes: 1 | 4): string {
  const { activation, gradActivation } = args;
  if (!activation && !gradActivation && !o.residual) return '';
  const read = (name: string, b: BoundOperand): string =>
    lanes === 4 ? `load_${name}(row, col)` : `${b.variable}[${address(b)}]`;
  const write = (name: string, b: BoundOperand, v: string): string =>
    lanes === 4 ? `store_${name}(row, col, ${v});` : `${b.variable}[${address(b)}] = ${v};`;
  const map = (f: string, v: string): string =>
    lanes === 4 ? `vec4f(${NAMES.map((x) => `${f}(${v}.${x})`).join(', ')})` : `${f}(${v})`;
  const lines = [`var v = ${read('c', o.c)};`];
  if (o.preactOut) lines.push(write('preact_out', o.preactOut, 'v'));
  if (activation) lines.push(`v = ${map(activation.kind, 'v')};`);
  if (gradActivation && o.preactIn)
    lines.push(`let u = ${read('preact_in', o.preactIn)};`, `v *= ${map(`${gradActivation.kind}_derivative`, 'u')};`);
  if (o.residual) lines.push(`v += ${read('residual', o.residual)};`);
  lines.push(write('c', o.c, 'v'));
  return `fn finish(row: u32, col: u32) {
  if (row >= ${args.m}u || col >= ${args.n}u) { return; }
  ${lines.join('\n  ')}
}`;
}
