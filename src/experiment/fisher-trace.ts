/**
 * The four things called "Fisher" on one checkpoint, layer by layer, beside their nulls. Spec: attention-and-kv 6.
 *   F1  attention Fisher trace of every head, over held-out text, no dropout, all rows (fisher/trace.ts)
 *   F2  mean squared probability of the same rows
 *   F3  mean squared gradient of the attention tensors, over single held-out sequences
 *   F4  mean exp_avg_sq of the attention tensors, where the optimizer has one
 * They answer different questions; the rank correlations say how far they agree here.
 */
import type { Corpus } from '@/data/corpus';
import type { EngineDevice } from '@/engine/device';
import { layerMeans } from '@/fisher/trace-layers';
import { type Spectrum, fisherMatrix, spectrumOf, uniformMatrix } from '@/fisher/trace-spectrum';
import { type HeadTrace, type QueryKey, headTrace, uniformTrace } from '@/fisher/trace';
import { type AttentionAttrs, type Graph, type Node, attention, colsOf, isOp } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2, buildGpt2Training } from '@/models/gpt2';
import type { NamedTensors } from './backend';
import { STREAM, drawBatch } from './batches';
import { type TensorValues, openProbe } from './graph-probe';
import { ranks, spearman } from './stats/correlation';

/** Largest matrix whose eigenvalues are computed: the context of the reported ones. */
export const SPECTRUM_POSITIONS = 128;

export interface AttentionNode {
  readonly layer: number;
  /** The second attention of a layer is its reciprocal branch. */
  readonly branch: 'standard' | 'reciprocal';
  readonly node: Node<AttentionAttrs>;
}

/** Every forward attention of a model, in order. */
export function attentionNodes(graph: Graph): readonly AttentionNode[] {
  const seen = new Set<number>();
  const found: AttentionNode[] = [];
  for (const node of graph.nodes) {
    const layer = Number(/^h\.(\d+)\.attn/.exec(node.scope)?.[1] ?? NaN);
    if (!isOp(node, attention) || Number.isNaN(layer)) continue;
    found.push({ layer, branch: seen.has(layer) ? 'reciprocal' : 'standard', node });
    seen.add(layer);
  }
  return found;
}

/** The queries and keys that a probe has read. */
export function queryKey({ node }: AttentionNode, values: TensorValues): QueryKey {
  const [q, k] = node.inputs;
  const { nHead, scale } = node.attrs;
  const [batch, seq] = q!.shape as [number, number, number];
  return { q: values.get(q!)!, k: values.get(k!)!, batch, seq, nHead, headDim: colsOf(q!.shape) / nHead, scale };
}

export interface LayerTrace extends HeadTrace {
  readonly layer: number;
  readonly branch: AttentionNode['branch'];
  /** trace / that of uniform attention: 1 says nothing but "diffuse". */
  readonly of_uniform: number;
  readonly heads: readonly HeadTrace[];
  /** Spectra of the heads over the first positions; null where not asked for. */
  readonly spectra: readonly Spectrum[] | null;
}

export interface FisherReport {
  readonly seq: number;
  readonly sequences: number;
  readonly uniform: HeadTrace & { readonly spectrum: Spectrum | null };
  readonly layers: readonly LayerTrace[];
  /** One value a layer: F1 and F2 of the standard attention, F3, and F4 where there is one. */
  readonly signals: { readonly f1: readonly number[]; readonly f2: readonly number[]; readonly f3: readonly number[]; readonly f4: readonly number[] | null }; // prettier-ignore
  /** Spearman's rank correlation of two signals over the layers; null where a signal is constant. */
  readonly rank_correlations: Readonly<Record<string, number | null>>;
}

export interface FisherRequest {
  readonly engine: EngineDevice | null;
  readonly model: Gpt2Config;
  readonly corpus: Corpus;
  readonly weights: NamedTensors;
  /** exp_avg_sq.<name> of the same step; null: no F4. */
  readonly moments: ReadonlyMap<string, ArrayLike<number>> | null;
  readonly seed: number;
  readonly sequences: number;
  readonly spectrum: boolean;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Statistics of one attention from its queries and keys. */
export function layerTrace(of: AttentionNode, values: TensorValues, spectrum: boolean): LayerTrace {
  const qk = queryKey(of, values);
  const each = Array.from({ length: qk.nHead }, (_, head) => head);
  const heads = each.map((head) => headTrace(qk, head));
  const over = (key: keyof HeadTrace): number => mean(heads.map((h) => h[key]));
  const trace = over('trace');
  return {
    layer: of.layer,
    branch: of.branch,
    trace,
    collision: over('collision'),
    entropy: over('entropy'),
    of_uniform: trace / uniformTrace(qk.seq).trace,
    heads,
    spectra: spectrum ? each.map((head) => spectrumOf(fisherMatrix(qk, head, SPECTRUM_POSITIONS))) : null,
  };
}

/** F1 and F2 of all layers over `sequences` held-out sequences. */
async function traces(request: FisherRequest): Promise<readonly LayerTrace[]> {
  const { engine, model, corpus, weights, seed, sequences, spectrum } = request;
  const { graph, ids } = buildGpt2(model, sequences, model.blockSize);
  const nodes = attentionNodes(graph);
  const read = [...new Set(nodes.flatMap(({ node }) => node.inputs.slice(0, 2)))];
  const probe = await openProbe(engine, { graph, weights, read, seed });
  try {
    const shape = { rows: sequences, seq: model.blockSize, sampling: corpus.sampling };
    const values = await probe.run(new Map([[ids, drawBatch(corpus.val, shape, seed, STREAM.EVAL, 0, 0).ids]]));
    return nodes.map((node) => layerTrace(node, values, spectrum));
  } finally {
    probe.destroy();
  }
}

/** F3 element by element: mean over held-out sequences of the squared gradient of their mean loss, by parameter. */
export async function gradientSquares(request: FisherRequest): Promise<ReadonlyMap<string, Float64Array>> {
  const { engine, model, corpus, weights, seed, sequences } = request;
  const training = buildGpt2Training({ ...model, dropout: 0 }, 1, model.blockSize);
  const { graph, gradients, ids, targets, lossScale, loss } = training;
  const probe = await openProbe(engine, { graph, weights, read: [], roots: [loss], gradients, seed });
  const squares = new Map<string, Float64Array>();
  try {
    const shape = { rows: 1, seq: model.blockSize, sampling: corpus.sampling };
    for (let s = 0; s < sequences; s++) {
      const batch = drawBatch(corpus.val, shape, seed, STREAM.EVAL, 0, s);
      const inputs = [[ids, batch.ids], [targets, batch.targets], [lossScale, Float32Array.of(batch.lossScale)]] as const; // prettier-ignore
      const values = await probe.run(new Map<(typeof inputs)[number][0], (typeof inputs)[number][1]>(inputs));
      for (const { name, shape: dims } of gradients.keys()) squares.set(name, squares.get(name) ?? new Float64Array(dims.reduce((a, b) => a * b, 1))); // prettier-ignore
      for (const parameter of gradients.keys()) {
        const sum = squares.get(parameter.name)!;
        const g = values.get(parameter)!;
        for (let i = 0; i < sum.length; i++) sum[i]! += g[i]! ** 2 / sequences;
      }
    }
  } finally {
    probe.destroy();
  }
  return squares;
}

const isConstant = (values: readonly number[]): boolean => new Set(ranks(values)).size < 2;

/** Throws WeightsError when the checkpoint does not belong to the model. */
export async function fisherReport(request: FisherRequest): Promise<FisherReport> {
  const { model, moments, sequences, spectrum } = request;
  const layers = await traces(request);
  const standard = layers.filter(({ branch }) => branch === 'standard');
  const f4 = moments && layerMeans(moments, model.nLayer);
  const signals = {
    f1: standard.map(({ trace }) => trace),
    f2: standard.map(({ collision }) => collision),
    f3: layerMeans(await gradientSquares(request), model.nLayer),
    f4: f4 && f4.every(Number.isFinite) ? f4 : null,
  };
  const given = Object.entries(signals).filter((entry): entry is [string, number[]] => entry[1] !== null);
  const pairs = given.flatMap(([a, x], i) =>
    given
      .slice(i + 1)
      .map(([b, y]) => [`${a}_${b}`, isConstant(x) || isConstant(y) ? null : spearman(x, y).r] as const),
  );
  const positions = Math.min(SPECTRUM_POSITIONS, model.blockSize);
  return {
    seq: model.blockSize,
    sequences,
    uniform: {
      ...uniformTrace(model.blockSize),
      spectrum: spectrum ? spectrumOf(uniformMatrix(positions)) : null,
    },
    layers,
    signals,
    rank_correlations: Object.fromEntries(pairs),
  };
}
