/**
 * GEMM in its native NN, NT, TN and TT forms with fused epilogues. Variants are register tiles of several sizes, tiles staged in
 * workgroup memory (hardware) and tiles of a four-lane subgroup (SwiftShader); `naive` is the named slow twin. All variants
 * sum k ascending in one f32 accumulator: equal bits.
 */
import geluLibrary from '@shaders/lib/gelu.wgsl?raw';
import registerSource from '@shaders/gemm/register.wgsl?raw';
import subgroupSource from '@shaders/gemm/subgroup4.wgsl?raw';
import workgroupSource from '@shaders/gemm/workgroup.wgsl?raw';
import type { GeluKind } from '@/graph';
import {
  Bindings,
  type DeviceTraits,
  type KernelFamily,
  type KernelProgram,
  type Operand,
  type Variant,
  colsOf,
} from '../kernel';
import { expandTemplate } from '../wgsl';
import { type BoundOperand, type EpilogueOperands, finishFunction, vectorLibrary } from './gemm-epilogue';

export interface GemmArgs {
  readonly label: string;
  readonly a: Operand;
  readonly b: Operand;
  /** [m, n], or [splitK, m, n] slabs. */
  readonly c: Operand;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** [n], added to every row. */
  readonly bias?: Operand;
  /** c = gelu(u); u is also written to `preact` when given. */
  readonly activation?: { readonly kind: GeluKind; readonly preact: Operand | null };
  /** c = u * gelu'(preact). */
  readonly gradActivation?: { readonly kind: GeluKind; readonly preact: Operand };
  /** Added last; in another region than c. */
  readonly residual?: Operand;
  /** [splitK, n]: column sums of op(B) over each slab's share of k. */
  readonly colSum?: Operand;
  readonly accumulate?: boolean;
  /** >= 1; slabs cover contiguous shares of k. */
  readonly splitK: number;
}

const tile = (tm: number, tn: number, wx: number, wy: number): Variant => ({
  name: `register-${tm}x${tn}-${wx}x${wy}`,
  params: { TM: tm, TN: tn, WX: wx, WY: wy },
});
/** A subgroup of exactly four lanes computes tm rows by 4 tn columns. */
const lanes4 = (tm: number, tn: number): Variant => ({
  name: `subgroup4-${tm}x${4 * tn}`,
  params: { TM: tm, TN: tn, WX: 1, WY: 2, LANES: 4 },
});
/** A workgroup stages kb values of k of its tm wy rows and tn wx columns. */
const staged = (tm: number, tn: number, wx: number, wy: number, kb: number): Variant => ({
  name: `workgroup-${tm * wy}x${tn * wx}x${kb}-${wx}x${wy}`,
  params: { TM: tm, TN: tn, WX: wx, WY: wy, KB: kb },
});
const NAIVE: Variant = { name: 'naive', params: { TM: 4, TN: 4, WX: 8, WY: 8 } };

/** Few rows, as in decoding: the rows there are, and no more. */
const fewRows = (m: number, device: DeviceTraits): readonly Variant[] =>
  device.software ? [tile(m, 8, 16, 1), tile(m, 4, 32, 1)] : [tile(m, 4, 32, 1), tile(m, 8, 16, 1)];

function variants({ m, n }: GemmArgs, device: DeviceTraits): readonly Variant[] {
  if (m < 4) return [...fewRows(m, device), NAIVE];
  const subgroups = device.subgroupSize === 4 ? [lanes4(16, 16), lanes4(16, 8), lanes4(8, 8), lanes4(8, 4)] : [];
  const software = [...subgroups, tile(16, 16, 8, 2), tile(8, 16, 8, 2), tile(8, 8, 8, 2)];
  const hardware = [
    ...[staged(4, 4, 16, 16, 32), staged(8, 4, 16, 8, 32), staged(8, 8, 16, 16, 16), staged(4, 4, 8, 8, 32)],
    ...[tile(4, 4, 16, 16), tile(8, 4, 16, 8), tile(4, 4, 8, 8), tile(8, 8, 8, 8)],
  ];
  const fits = ({ params: { TM = 1, TN = 1, WX = 1, WY = 1, LANES = 1, KB = 0 } }: Variant): boolean => {
    if (4 * KB * (TM * WY + TN * WX) > device.maxWorkgroupStorage || WX * WY > device.maxInvocations) return false;
    if (!device.software) return m * 2 > TM * WY && n * 2 > TN * WX;
    const waste = (size: number, step: number): number => (Math.ceil(size / step) * step) / size;
    return m * 2 > TM && n * 2 > TN * LANES && waste(m, TM) * waste(n, TN * LANES) < 1.6;
  };
  return [...(device.software ? software : hardware).filter(fits), NAIVE];
}

/** How many slabs the sum over k is split into: only hardware needs it, to fill the machine with small outputs. */
export function splitKFor(m: number, n: number, k: number, device: DeviceTraits): number {
  if (device.software) return 1;
  const tiles = Math.ceil(m / 64) * Math.ceil(n / 64);
  return Math.max(1, Math.min(16, Math.floor(256 / tiles), Math.floor(k / 128)));
}

/** The four lanes of a subgroup share row, column tile and slab, so control flow is uniform where it matters; WGSL cannot see it. */
const SUBGROUP_HEADER = 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n';

function build(args: GemmArgs, variant: Variant): KernelProgram {
  const { transA, transB, m, n, k, splitK, a, b, c } = args;
  const { TM = 4, TN = 4, WX = 8, WY = 8 } = variant.params;
  const { KB } = variant.params;
  const lanes = variant.params.LANES === 4;
  const source = lanes ? subgroupSource : KB ? workgroupSource : registerSource;
  const gelu = args.activation !== undefined || args.gradActivation !== undefined;
  const heavy = gelu || args.residual !== undefined;
  const ks = Math.ceil(Math.ceil(k / splitK) / 4) * 4;
  const edgeK = k % 4 !== 0;
  const bindings = new Bindings();
  const widths = new Map<number, 1 | 4>();
  const all = [a, b, c, args.bias, args.activation?.preact, args.gradActivation?.preact, args.residual, args.colSum];
  for (const o of all) {
    if (!o) continue;
    const aligned =
      !lanes && o.offset % 4 === 0 && o.rowStride % 4 === 0 && colsOf(o.shape) % 4 === 0 && o !== args.colSum;
    widths.set(o.region, aligned && widths.get(o.region) !== 1 ? 4 : 1);
  }
  const bound = (name: string, operand: Operand | null | undefined): BoundOperand | null => {
    if (!operand) return null;
    const width = widths.get(operand.region) ?? 1;
    return { variable: bindings.bind(name, operand, width), operand, width };
  };
  const boundA = bound('a', a)!;
  const boundB = bound('b', b)!;
  const boundC = bound('c', c)!;
  const colSum = bound('col_sum', args.colSum);
  const epilogue: EpilogueOperands = {
    c: boundC,
    bias: bound('bias', args.bias),
    preactOut: bound('preact', args.activation?.preact),
    preactIn: bound('preact', args.gradActivation?.preact),
    residual: bound('residual', args.residual),
  };
  if (heavy && args.accumulate)
    throw new Error(`gemm ${args.label}: accumulation cannot be combined with an activation or a residual`);
  if (args.residual?.region === c.region)
    throw new Error(`gemm ${args.label}: the residual must not share a region with c`);
  // Scalar loads only where a vec4 would straddle the end of a row.
  const vecA = boundA.width === 4 && (transA ? m % 4 === 0 : !edgeK);
  const vecB = boundB.width === 4 && (transB ? !edgeK : n % 4 === 0);
  const code = expandTemplate(source, {
    DECLARATIONS: bindings.declarations(),
    LIBRARY: `${gelu ? geluLibrary : ''}${lanes ? '' : loader('a', boundA) + loader('b', boundB) + vectorLibrary(epilogue)}`,
    FINISH: heavy ? 1 : 0,
    FINISH_CODE: finishFunction(args, epilogue, lanes ? 1 : 4),
    C_NAME: boundC.variable, OFF_C: c.offset, LDC: c.rowStride, BIAS: args.bias ? 1 : 0, BIAS_NAME: epilogue.bias?.variable ?? '',
    OFF_BIAS: args.bias?.offset ?? 0, ACCUMULATE: args.accumulate ? 1 : 0,
    A: boundA.variable, B: boundB.variable, SUM: colSum?.variable ?? '', COL_SUM: colSum ? 1 : 0, OFF_SUM: args.colSum?.offset ?? 0,
    TRANS_A: transA ? 1 : 0, TRANS_B: transB ? 1 : 0, VEC_A: vecA ? 1 : 0, VEC_B: vecB ? 1 : 0,
    M: m, N: n, K: k, KS: ks, LDA: a.rowStride, LDB: b.rowStride, OFF_A: a.offset, OFF_B: b.offset,
    TM, TN, WX, WY, KB: KB ?? 0, EDGE_K: edgeK ? 1 : 0, EDGE_M: m % TM === 0 ? 0 : 1, EDGE_N: n % (lanes ? 4 * TN : TN) === 0 ? 0 : 1,
  }); // prettier-ignore
  return {
    label: args.label,
    family: 'gemm',
    variant: variant.name,
    code: lanes ? `${SUBGROUP_HEADER}${code}` : code,
    regions: bindings.regions,
    access: bindings.access,
    usesScalars: false,
    workgroups: [Math.ceil(Math.ceil(n / (lanes ? 4 * TN : TN)) / WX), Math.ceil(Math.ceil(m / TM) / WY), splitK],
    flops: 2 * m * n * k,
    bytes: 4 * (m * k + k * n + m * n * splitK),
  };
}

/** Element access whatever the binding's element type. */
const loader = (name: string, { variable, width }: BoundOperand): string =>
  `fn load_${name}(i: u32) -> f32 { return ${variable}${width === 4 ? '[i / 4u][i % 4u]' : '[i]'}; }\n`;

export const gemm: KernelFamily<GemmArgs> = { name: 'gemm', variants, build };
