/**
 * Element-wise chains, generated from the graph: one invocation an element, every operand read once. A second operand
 * whose shape is a suffix of the output's is indexed modulo its size.
 */
import geluLibrary from '@shaders/lib/gelu.wgsl?raw';
import philox from '@shaders/random/philox.wgsl?raw';
import { type DropoutAttrs, type Node, type Tensor, dropout, isElementwise, isOp, sizeOf } from '@/graph';
import { Bindings, type KernelFamily, type KernelProgram, type Operand, type Variant, colsOf, spread } from '../kernel';
import { DROPOUT_WGSL } from './dropout';

export interface ElementwiseArgs {
  readonly label: string;
  /** In evaluation order; each node's inputs are earlier nodes' outputs or keys of `operands`. Empty: fill with `value`. */
  readonly chain: readonly Node[];
  readonly operands: ReadonlyMap<number, Operand>;
  readonly out: Operand;
  readonly outTensor: Tensor;
  readonly value?: number;
}

const WORKGROUP = 64;

/** WGSL index of flat element `i` of a row-strided operand broadcast to the output. */
function index(operand: Operand, i: string): string {
  const cols = colsOf(operand.shape);
  const flat = `(${i} % ${sizeOf(operand.shape)}u)`;
  if (operand.rowStride === cols) return `${operand.offset}u + ${flat}`;
  return `${operand.offset}u + (${flat} / ${cols}u) * ${operand.rowStride}u + ${flat} % ${cols}u`;
}

function build({ label, chain, operands, out, outTensor, value }: ElementwiseArgs): KernelProgram {
  const bindings = new Bindings();
  const names = new Map<number, string>();
  const body: string[] = [];
  let n = 0;
  for (const [tensor, operand] of operands) {
    const variable = bindings.bind(`x${n}`, operand);
    body.push(`  let t${n} = ${variable}[${index(operand, 'i')}];`);
    names.set(tensor, `t${n++}`);
  }
  let usesRandom = false;
  for (const node of chain) {
    const args = node.inputs.map((t) => names.get(t.id) ?? '');
    if (args.includes('')) throw new Error(`element-wise chain ${label}: ${node.op.name} reads an unknown operand`);
    let expression: string;
    if (isOp(node, dropout)) {
      usesRandom = true;
      const { p, site } = node.attrs as DropoutAttrs;
      expression = `select(${args[0]!} * ${1 / (1 - p)}, 0.0, dropout_uniform(${site}u, i) < ${p})`;
    } else if (isElementwise(node.op)) expression = node.op.wgsl(args, node.attrs);
    else throw new Error(`element-wise chain ${label}: ${node.op.name} is not element-wise`);
    body.push(`  let t${n} = ${expression};`);
    names.set(node.outputs[0]!.id, `t${n++}`);
  }
  const result = chain.length > 0 ? names.get(outTensor.id)! : String(value ?? 0);
  const target = bindings.bind('out', out);
  const size = sizeOf(out.shape);
  const library = chain.some((node) => node.op.name.startsWith('gelu')) ? geluLibrary : '';
  const code = `${bindings.declarations()}
${library}${usesRandom ? `${philox}\n${DROPOUT_WGSL}` : ''}
// ${chain.map((node) => node.op.name).join(' -> ')}: ${size} elements, one invocation each.
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * ${WORKGROUP}u + lane;
  if (i >= ${size}u) { return; }
${body.join('\n')}
  ${target}[${index(out, 'i')}] = f32(${result});
}`;
  return {
    label, family: 'elementwise', variant: 'scalar', code, regions: bindings.regions, access: bindings.access,
    usesScalars: usesRandom, workgroups: spread(Math.ceil(size / WORKGROUP)),
    flops: chain.reduce((sum, node) => sum + node.op.cost(node).flops, 0), bytes: 4 * size * (operands.size + 1),
  }; // prettier-ignore
}

export const elementwise: KernelFamily<ElementwiseArgs> = {
  name: 'elementwise',
  variants: (): readonly Variant[] => [{ name: 'scalar', params: {} }],
  build,
};
