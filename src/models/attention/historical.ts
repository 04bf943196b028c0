/**
 * Earlier forms of reciprocal attention, each one attention over rearranged q and k of all heads. Spec: attention-and-kv 2.4.
 *
 *   fold  q' = [sqrt(w_s) q_std | sqrt(w_r) k_low], k' = [sqrt(w_s) k_std | sqrt(w_r) q_low]: the last FOLD_RANK channels of
 *         a head change places. Scores are w_s q_std.k_std + w_r k_low.q_low, two blocks and no cross terms: the function
 *         class of plain attention. At w_r = 0 the root's floor holds the gate there.
 *   lens  scores w_s S + w_r S^T + w_d (k_j . u), w = softmax of three logits a head, the mask afterwards: causal. The
 *         source's annealed route gate is left out.
 *   leak  (1 - p) Att + p Att', p = sigmoid(l): masks S, then transposes it, so that row i attends to j >= i, the future.
 *         A demonstration; the causality test must fail on it. The source's balance loss and hard switch are left out.
 */
import { type Tensor, add, concatLast, exp, inverse, mul, reverseTime, scale, sigmoid, sliceLast, sqrtFloored, sub } from '@/graph'; // prettier-ignore
import { ModelConfigError } from '../errors';
import { type BuildContext, INIT_STD } from '../layers';
import { attend } from './attend';
import { FOLD_RANK, type ScoreForm } from './config';
import { keep } from './keep';
import { plainHeads } from './mha';

/** exp(logit) of standard, reciprocal and direction at the start: weights of about 0.76, 0.15 and 0.09. */
const LENS_LOGITS = { standard: 2.2, reciprocal: 0.6, direction: 0.1 } as const;

interface Whole {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

export function historical(
  ctx: BuildContext,
  name: string,
  x: Tensor,
  { nHead, form }: { readonly nHead: number; readonly form: ScoreForm },
): Tensor {
  const whole = plainHeads(ctx, name, x);
  switch (form) {
    case 'fold':
      return fold(ctx, name, whole, nHead);
    case 'lens':
      return lens(ctx, name, whole, nHead);
    case 'leak':
      return leak(ctx, name, whole, nHead);
  }
}

const scalar = (ctx: BuildContext, name: string, value: number): Tensor =>
  ctx.graph.parameter(name, [1], { kind: 'constant', value });

function fold(ctx: BuildContext, name: string, { q, k, v }: Whole, nHead: number): Tensor {
  const { graph } = ctx;
  const width = q.shape[q.shape.length - 1]!;
  const d = width / nHead;
  const [queries, keys]: [Tensor[], Tensor[]] = [[], []];
  for (let h = 0; h < nHead; h++) {
    const root = (what: string, value: number): Tensor =>
      graph.apply1(sqrtFloored, [scalar(ctx, `${name}.ra_fold.${h}.${what}`, value)], {});
    const standard = root('standard', (d - FOLD_RANK) / d);
    const low = root('reciprocal', FOLD_RANK / d);
    const part = (t: Tensor, start: number, size: number, by: Tensor): Tensor =>
      graph.apply1(mul, [graph.apply1(sliceLast, [t], { start: h * d + start, size }), by], {});
    const cut = d - FOLD_RANK;
    queries.push(part(q, 0, cut, standard), part(k, cut, FOLD_RANK, low));
    keys.push(part(k, 0, cut, standard), part(q, cut, FOLD_RANK, low));
  }
  const joined = (parts: Tensor[]): Tensor => graph.apply1(concatLast, parts, {});
  return attend(ctx, nHead, joined(queries), keep(ctx, name, 'k', joined(keys)), keep(ctx, name, 'v', v));
}

function lens(ctx: BuildContext, name: string, { q, k, v }: Whole, nHead: number): Tensor {
  const { graph } = ctx;
  const d = q.shape[q.shape.length - 1]! / nHead;
  const [keptK, keptQ, keptV] = [keep(ctx, name, 'k', k), keep(ctx, name, 'q', q), keep(ctx, name, 'v', v)];
  const head = (t: Tensor, h: number): Tensor => graph.apply1(sliceLast, [t], { start: h * d, size: d });
  const times = (a: Tensor, b: Tensor): Tensor => graph.apply1(mul, [a, b], {});
  const plus = (a: Tensor, b: Tensor): Tensor => graph.apply1(add, [a, b], {});
  const [queries, keys]: [Tensor[], Tensor[]] = [[], []];
  for (let h = 0; h < nHead; h++) {
    const e = (what: keyof typeof LENS_LOGITS): Tensor =>
      graph.apply1(exp, [scalar(ctx, `${name}.ra_lens.${h}.${what}`, LENS_LOGITS[what])], {});
    const [es, er, ed] = [e('standard'), e('reciprocal'), e('direction')];
    const norm = graph.apply1(inverse, [plus(plus(es, er), ed)], {});
    const u = graph.parameter(`${name}.ra_lens.${h}.u`, [d], { kind: 'normal', std: INIT_STD });
    // attend scales by 1 / sqrt(2 d), the width of the joined heads; the lens is defined with 1 / sqrt(d).
    const wider = (t: Tensor): Tensor => graph.apply1(scale, [t], { factor: Math.SQRT2 });
    queries.push(wider(plus(times(head(q, h), times(es, norm)), times(u, times(ed, norm)))));
    queries.push(wider(times(head(k, h), times(er, norm))));
    keys.push(head(keptK, h), head(keptQ, h));
  }
  return attend(ctx, nHead, graph.apply1(concatLast, queries, {}), graph.apply1(concatLast, keys, {}), keptV);
}

function leak(ctx: BuildContext, name: string, { q, k, v }: Whole, nHead: number): Tensor {
  if (ctx.past) throw new ModelConfigError('RA_FORM_LEAK attends to the future: there is nothing to decode');
  const { graph } = ctx;
  const back = (t: Tensor): Tensor => graph.apply1(reverseTime, [t], {});
  const own = attend(ctx, nHead, q, k, v);
  const future = back(attend(ctx, nHead, back(k), back(q), back(v)));
  const p = graph.apply1(sigmoid, [scalar(ctx, `${name}.ra_logit`, 0)], {});
  return graph.apply1(add, [own, graph.apply1(mul, [graph.apply1(sub, [future, own], {}), p], {})], {});
}
