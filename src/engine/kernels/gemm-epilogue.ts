/** The store function of every GEMM kernel: alpha, bias, activation (or its derivative), residual, accumulation. */
import type { Operand } from '../kernel';
import type { GemmArgs } from './gemm';

const NAMES = ['x', 'y', 'z', 'w'] as const;

export interface BoundOperand {
  readonly variable: string;
  readonly operand: Operand;
  readonly width: 1 | 4;
}

/** WGSL of one vec4 at (row, col) of a bound operand; scalar bindings are gathered. */
function load({ variable, operand, width }: BoundOperand, row: string): string {
  const base = `${operand.offset}u + ${row} * ${operand.rowStride}u + col`;
  if (width === 4) return `${variable}[(${base}) / 4u]`;
  return `vec4f(${NAMES.map((_, q) => `${variable}[${base} + ${q}u]`).join(', ')})`;
}

export interface EpilogueOperands {
  readonly c: BoundOperand;
  readonly bias: BoundOperand | null;
  readonly preactOut: BoundOperand | null;
  readonly preactIn: BoundOperand | null;
  readonly residual: BoundOperand | null;
}

/**
 * `store` writes one vec4 of results (alpha, bias, residual and accumulation inline); with a transcendental epilogue
 * `finish` then reads it back and completes it. Columns beyond n and rows beyond m are dropped.
 */
export function storeFunction(args: GemmArgs, o: EpilogueOperands): string {
  const { m, n } = args;
  const heavy = args.activation !== undefined || args.gradActivation !== undefined;
  const assign = (target: BoundOperand, value: string): string => {
    const base = `${target.operand.offset}u + r * ${target.operand.rowStride}u + col`;
    if (target.width === 4) return `${target.variable}[(${base}) / 4u] = ${value};`;
    const guard = (q: number): string => (q > 0 && n % 4 !== 0 ? `if (col + ${q}u < ${n}u) ` : '');
    return NAMES.map((name, q) => `${guard(q)}{ ${target.variable}[${base} + ${q}u] = ${value}.${name}; }`).join(
      '\n  ',
    );
  };
  const light: string[] = [];
  if (args.alpha !== undefined && args.alpha !== 1) light.push(`v *= ${float(args.alpha)};`);
  if (o.bias) light.push(`v += ${load(o.bias, '0u')};`);
  const last: string[] = [];
  if (o.residual) last.push(`v += ${load(o.residual, 'r')};`);
  if (args.accumulate) last.push(`v += ${load(o.c, 'r')};`);
  const store = `fn store(slab: u32, row: u32, col: u32, value: vec4f) {
  if (row >= ${m}u || col >= ${n}u) { return; }
  let r = slab * ${m}u + row;
  var v = value;
  ${[...light, ...(heavy ? [] : last), assign(o.c, 'v')].join('\n  ')}
}`;
  if (!heavy) return store;
  if (args.accumulate || o.residual?.variable === o.c.variable)
    throw new Error(`gemm ${args.label}: an activation cannot be combined with accumulation into its own output`);
  const finish: string[] = [`var v = ${load(o.c, 'r')};`];
  if (o.preactOut) finish.push(assign(o.preactOut, 'v'));
  if (args.activation) finish.push(`v = ${map4(args.activation.kind, 'v')};`);
  if (args.gradActivation && o.preactIn)
    finish.push(`let u = ${load(o.preactIn, 'r')};`, `v *= ${map4(`${args.gradActivation.kind}_derivative`, 'u')};`);
  return `${store}
fn finish(row: u32, col: u32) {
  if (row >= ${m}u || col >= ${n}u) { return; }
  let r = row;
  ${[...finish, ...last, assign(o.c, 'v')].join('\n  ')}
}`;
}

const map4 = (f: string, v: string): string => `vec4f(${NAMES.map((name) => `${f}(${v}.${name})`).join(', ')})`;
const float = (x: number): string => (Number.isInteger(x) ? `${x}.0` : String(x));
