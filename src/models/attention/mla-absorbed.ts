/**
 * MLA without rotation in a decoder of few rows: the up-projection moves from every kept latent to the queries and the output, and
 * attention reads latents, one row for all heads. Spec: attention-and-kv 4. Slow twin: mlaHeads and attend, which expand.
 *
 *   q~_h = q_h W_K,h^T,  o~_h = Att(q~_h, c, c),  o_h = o~_h W_V,h + b_V,h
 *
 * The key bias adds q_h . b_K,h to every score of a row, which the softmax does not see.
 */
import { type Tensor, attentionCached, headLinear } from '@/graph';
import { type BuildContext, linearParameters } from '../layers';
import { type MlaOptions, queriesAndLatents } from './mla';

/**
 * Whether `rows` new rows a sequence cost less this way, in multiply-adds a kept row: rows 2 H L against 2 L C + rows 2 C, C = H d.
 */
export function absorbs(
  { past }: BuildContext,
  rows: number,
  headDim: number,
  { latent, rotary }: MlaOptions,
): boolean {
  return past !== undefined && past.expand !== true && !rotary && rows * (latent - headDim) < latent * headDim;
}

/** x [B, S, C] -> [B, S, C] before the output projection. Only where `absorbs` says so. */
export function mlaAbsorbed(ctx: BuildContext, name: string, x: Tensor, options: MlaOptions): Tensor {
  const { graph, past } = ctx;
  if (!past) throw new Error(`${name}: only a decoder absorbs its projections`);
  const { nHead } = options;
  const width = x.shape[x.shape.length - 1]!;
  const headDim = width / nHead;
  const { q, c } = queriesAndLatents(ctx, name, x, options);
  const { weight, bias } = linearParameters(ctx, `${name}.kv_up`, [options.latent, 2 * width]);
  const query = graph.apply1(headLinear, [q, weight], { nHead, headDim, column: 0, transposed: true });
  const read = graph.apply1(attentionCached, [query, c, c, past.positions], {
    nHead, nKvHead: 1, scale: 1 / Math.sqrt(headDim),
  }); // prettier-ignore
  const inputs = bias ? [read, weight, bias] : [read, weight];
  return graph.apply1(headLinear, inputs, { nHead, headDim, column: width, transposed: false });
}
