/** Causal flash attention, forward and backward, in register tiles. Spec: attention-and-kv 0.2. */
import dkvSource from '@shaders/attention/backward_dkv.wgsl?raw';
import dqSource from '@shaders/attention/backward_dq.wgsl?raw';
import forwardSource from '@shaders/attention/forward.wgsl?raw';
import philox from '@shaders/random/philox.wgsl?raw';
import {
  type DeviceTraits,
  type KernelFamily,
  type KernelProgram,
  type Operand,
  type Variant,
  spread,
} from '../kernel';
import { Accessors, flatMain } from './access';
import { DROPOUT_WGSL } from './dropout';
import { assemble } from './make';

export interface AttentionForwardArgs {
  readonly label: string;
  readonly q: Operand;
  readonly k: Operand;
  readonly v: Operand;
  readonly o: Operand;
  readonly lse: Operand;
  readonly batch: number;
  readonly seq: number;
  readonly nHead: number;
  readonly headDim: number;
  readonly headDimV: number;
  readonly scale: number;
  readonly dropout: number;
  readonly dropoutKey: number;
}

export interface AttentionBackwardArgs extends AttentionForwardArgs {
  readonly do: Operand;
  readonly dq: Operand;
  readonly dk: Operand;
  readonly dv: Operand;
  /** [B*H*T], written by the dq kernel and read by the dk/dv kernel. */
  readonly delta: Operand;
}

const asRow = (o: Operand): Operand => ({ ...o, shape: [1, o.shape.reduce((a, b) => a * b, 1)], rowStride: 0 });

/** Mask factors of the probabilities: element (row, j) of the [B*H*T, T] matrix. */
const dropoutLibrary = ({ dropout, dropoutKey, seq }: AttentionForwardArgs): string =>
  dropout === 0
    ? ''
    : `${philox}\n${DROPOUT_WGSL}
fn dropout1(row: u32, j: u32) -> f32 { return select(${1 / (1 - dropout)}, 0.0, dropout_uniform(${dropoutKey}u, row * ${seq}u + j) < ${dropout}); }
fn dropout4(row: u32, j: u32) -> vec4f { return vec4f(dropout1(row, j), dropout1(row, j + 1u), dropout1(row, j + 2u), dropout1(row, j + 3u)); }
`;

/**
 * Rows a tile. Forward: four rows share each key load. Backward: two are as fast as four (215 against 262 ms a step) and
 * compile in a third of the time (2026-11-21, SwiftShader, 2 cores). Wide heads take fewer on hardware, for registers.
 */
const variants =
  (software: readonly number[]) =>
  (args: AttentionForwardArgs, device: DeviceTraits): readonly Variant[] => {
    const wide = Math.max(args.headDim, args.headDimV) > 32;
    const sizes = device.software ? software : wide ? [1, 2] : [1, 2, 4];
    return sizes.map((tq) => ({ name: `register-${tq}`, params: { TQ: tq } }));
  };

function build(
  args: AttentionForwardArgs,
  variant: Variant,
  family: string,
  source: string,
  operands: Readonly<Record<string, Operand>>,
  products: number,
): KernelProgram {
  const { batch, seq, nHead, headDim, headDimV, scale } = args;
  const tq = variant.params.TQ ?? 1;
  const tiles = Math.ceil(seq / tq);
  const windows = headDim % 4 === 0 && headDimV % 4 === 0 ? 4 : 1;
  const accessors = new Accessors(Object.values(operands), windows);
  for (const [name, operand] of Object.entries(operands)) {
    const cols = ['v', 'o', 'dout', 'dv'].includes(name) ? headDimV : headDim;
    if (name === 'lse' || name === 'delta') accessors.add(name, asRow(operand));
    else accessors.add(name, operand, cols);
  }
  const items = batch * nHead * tiles;
  const workgroup = 32;
  const pairs = (batch * nHead * seq * (seq + 1)) / 2;
  return assemble({
    label: args.label, family, variant: variant.name, accessors, source, library: dropoutLibrary(args),
    env: {
      MAIN: flatMain(items, workgroup), TILES: tiles, TQ: tq, T: seq, H: nHead, D: headDim, DV: headDimV,
      SCALE: scale.toPrecision(9), DROPOUT: args.dropout > 0 ? 1 : 0,
    },
    usesScalars: args.dropout > 0, workgroups: spread(Math.ceil(items / workgroup)),
    flops: pairs * products * (headDim + headDimV), bytes: 4 * batch * seq * nHead * (2 * headDim + 2 * headDimV),
  }); // prettier-ignore
}

export const attentionForward: KernelFamily<AttentionForwardArgs> = {
  name: 'attention',
  variants: variants([4, 2, 1]),
  build: (args, variant) => {
    const { q, k, v, o, lse } = args;
    return build(args, variant, 'attention', forwardSource, { q, k, v, o, lse }, 2);
  },
};

const dqFamily: KernelFamily<AttentionBackwardArgs> = {
  name: 'attention_backward_dq',
  variants: variants([2, 4, 1]),
  build: (args, variant) => {
    const { q, k, v, o, lse, dq, delta } = args;
    return build(args, variant, 'attention_backward_dq', dqSource, { q, k, v, o, lse, dout: args.do, dq, delta }, 3);
  },
};

const dkvFamily: KernelFamily<AttentionBackwardArgs> = {
  name: 'attention_backward_dkv',
  variants: variants([2, 4, 1]),
  build: (args, variant) => {
    const { q, k, v, lse, dk, dv, delta } = args;
    return build(args, variant, 'attention_backward_dkv', dkvSource, { q, k, v, lse, dout: args.do, dk, dv, delta }, 4);
  },
};

/** In dispatch order: dq also writes delta, which dk/dv reads. */
export const attentionBackward: readonly KernelFamily<AttentionBackwardArgs>[] = [dqFamily, dkvFamily];
