/**
 * `kvs-single`, what the published 63.08 and 83.85 measured: one head of width r in place of all heads. Spec:
 * attention-and-kv 5.1.
 *   c = x W_E, z = LN?(c W_c) (the only tensor a decoder keeps), q = z A, [k | v] = z D, rotated over r
 *   o = Att(q, k, v), m = o F, y = m W_E^T + m G + g_0
 * W_E is both encoder and output map. W_c starts orthonormal; G at zero as documented (the source redraws it).
 */
import { type Tensor, add, matmul, sliceLast } from '@/graph';
import { type BuildContext, INIT_STD, linear, norm } from '../layers';
import { attend } from './attend';
import { keep, rotate } from './keep';

export interface SingleHeadOptions {
  readonly latent: number;
  readonly rank: number;
  readonly norm: boolean;
  readonly rotary: boolean;
  /** Keys the orthogonal draw of W_c. */
  readonly key: number;
}

export function singleHead(ctx: BuildContext, name: string, x: Tensor, options: SingleHeadOptions): Tensor {
  const { graph } = ctx;
  const { latent, rank } = options;
  const width = x.shape[x.shape.length - 1]!;
  const bare = { ...ctx, bias: false };
  const product = (a: Tensor, b: Tensor, transB = false): Tensor =>
    graph.apply1(matmul, [a, b], { transA: false, transB });
  const encoder = graph.parameter(`${name}.kv_down.weight`, [width, latent], { kind: 'normal', std: INIT_STD }, true);
  const down = graph.parameter(
    `${name}.splice_down.weight`,
    [latent, rank],
    { kind: 'orthogonal', key: options.key, transpose: true },
    true,
  );
  const code = product(product(x, encoder), down);
  const z = options.norm ? norm(ctx, `${name}.splice_ln`, code) : code;
  const kv = linear(bare, `${name}.code_kv`, keep(ctx, name, 'code', z), 2 * rank);
  const turn = (rows: 'new' | 'kept', t: Tensor): Tensor => (options.rotary ? rotate(ctx, rows, t, 1) : t);
  const part = (start: number): Tensor => graph.apply1(sliceLast, [kv], { start, size: rank });
  const o = attend(ctx, 1, turn('new', linear(bare, `${name}.code_q`, z, rank)), turn('kept', part(0)), part(rank));
  const m = linear(bare, `${name}.code_out`, o, latent);
  const weight = graph.parameter(`${name}.correction.weight`, [latent, width], { kind: 'constant', value: 0 }, true);
  const y = graph.apply1(add, [product(m, encoder, true), product(m, weight)], {});
  if (!ctx.bias) return y;
  return graph.apply1(
    add,
    [y, graph.parameter(`${name}.correction.bias`, [width], { kind: 'constant', value: 0 })],
    {},
  );
}
