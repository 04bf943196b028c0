/**
 * Multi-head latent attention: k and v come from one latent c [B, T, L], the only tensor a decoder keeps. Spec:
 * attention-and-kv 4. With a splice the latent itself goes through a code of rank r (`kvs-head`, 5.1, 5.2):
 * z = LN?(c W_c), c' = z W_e, W_e starting as the transpose of the orthonormal W_c.
 */
import { type Tensor, matmul, sliceLast } from '@/graph';
import { type BuildContext, linear, norm } from '../layers';
import type { Heads } from './attend';
import { keep, rotate } from './keep';

export interface SpliceOptions {
  readonly rank: number;
  readonly norm: boolean;
  /** Keys the orthogonal draw that both matrices share. */
  readonly key: number;
}

export interface MlaOptions {
  readonly nHead: number;
  readonly latent: number;
  readonly rotary: boolean;
  readonly splice: SpliceOptions | null;
}

/** The latent [B, T, L] through its code of `rank` columns and back. */
export function splice(
  ctx: BuildContext,
  name: string,
  latent: Tensor,
  { rank, norm: ln, key }: SpliceOptions,
): Tensor {
  const width = latent.shape[latent.shape.length - 1]!;
  const init = { kind: 'orthogonal', key } as const;
  const product = (x: Tensor, w: Tensor): Tensor => ctx.graph.apply1(matmul, [x, w], { transA: false, transB: false });
  const code = product(
    latent,
    ctx.graph.parameter(`${name}.splice_down.weight`, [width, rank], { ...init, transpose: true }, true),
  );
  const stored = ln ? norm(ctx, `${name}.splice_ln`, code) : code;
  return product(
    keep(ctx, name, 'code', stored),
    ctx.graph.parameter(`${name}.splice_up.weight`, [rank, width], init, true),
  );
}

/** Queries of the rows at hand and latents, through their code if there is one, of all rows so far. */
export function queriesAndLatents(ctx: BuildContext, name: string, x: Tensor, options: MlaOptions) {
  const q = linear(ctx, `${name}.q`, x, x.shape[x.shape.length - 1]!);
  const down = linear(ctx, `${name}.kv_down`, x, options.latent);
  return { q, c: options.splice ? splice(ctx, name, down, options.splice) : keep(ctx, name, 'latent', down) };
}

export function mlaHeads(ctx: BuildContext, name: string, x: Tensor, options: MlaOptions): Heads {
  const { nHead, rotary } = options;
  const width = x.shape[x.shape.length - 1]!;
  const { q, c } = queriesAndLatents(ctx, name, x, options);
  const kv = linear(ctx, `${name}.kv_up`, c, 2 * width);
  const columns = (t: Tensor, start: number, size: number): Tensor => ctx.graph.apply1(sliceLast, [t], { start, size });
  const turn = (rows: 'new' | 'kept', t: Tensor): Tensor => (rotary ? rotate(ctx, rows, t, nHead) : t);
  const heads = { q: turn('new', q), k: turn('kept', columns(kv, 0, width)), v: columns(kv, width, width) };
  return {
    ...heads,
    tail: (from) => ({
      q: columns(heads.q, from, width - from),
      k: columns(heads.k, from, width - from),
      v: columns(heads.v, from, width - from),
    }),
  };
}
