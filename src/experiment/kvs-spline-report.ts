/**
 * kvs-spline on a checkpoint: the values of every head, calibrated on training text and judged on held-out text, beside plain PCA of
 * the same rank. Spec: attention-and-kv 5.7 (the source fits one geometry for all heads over pooled q, k and v; here each head has its own).
 */
import type { Corpus } from '@/data/corpus';
import type { EngineDevice } from '@/engine/device';
import { colsOf } from '@/graph';
import { cacheBytesPerToken } from '@/models/attention/cache';
import { resolveAttention } from '@/models/attention/config';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2 } from '@/models/gpt2';
import type { NamedTensors } from './backend';
import { STREAM, drawBatch } from './batches';
import { attentionNodes } from './fisher-trace';
import { openProbe } from './graph-probe';
import { fitCode, reconstructionError, untrainedCode } from './kvs-spline';
import { mean } from './stats/summary';

export interface SplineRequest {
  /** null: the f64 reference. */
  readonly engine: EngineDevice | null;
  readonly model: Gpt2Config;
  readonly corpus: Corpus;
  readonly weights: NamedTensors;
  readonly seed: number;
  /** Numbers kept of a head's value. */
  readonly rank: number;
  readonly knots: number;
  /** Tokens of each split. */
  readonly rows: number;
  readonly epochs: number;
}

export interface HeadCode {
  readonly layer: number;
  readonly head: number;
  /** Mean square of the held-out values: what keeping nothing would cost. */
  readonly power: number;
  /** Mean squared errors on held-out rows. */
  readonly pca_mse: number;
  readonly spline_mse: number;
  /** The same on the rows that were fitted; spline <= pca. */
  readonly calibration: { readonly pca_mse: number; readonly spline_mse: number };
  /** What to ship: the fit fell back to PCA, or did not. */
  readonly kept: 'spline' | 'pca';
}

export interface SplineReport {
  readonly rank: number;
  readonly head_width: number;
  readonly knots: number;
  readonly rows: number;
  readonly heads: readonly HeadCode[];
  /** Means over the heads, held-out. */
  readonly pca_mse: number;
  readonly spline_mse: number;
  /** f32 bytes a token of the whole model: as it is, and with the values' codes in place of the values. */
  readonly cache_bytes_per_token: number;
  readonly coded_bytes_per_token: number;
}

/** The subset of a probe's rows [n, width] that belongs to one head, `count` of them evenly spaced. */
function headRows(
  values: ArrayLike<number>,
  width: number,
  head: number,
  headDim: number,
  count: number,
): Float64Array {
  const total = values.length / width;
  return Float64Array.from({ length: count * headDim }, (_, i) => {
    const row = Math.floor((Math.floor(i / headDim) * total) / count);
    return values[row * width + head * headDim + (i % headDim)]!;
  });
}

/** Throws RangeError for what cannot be compressed, WeightsError for weights of another model. */
export async function splineReport(request: SplineRequest): Promise<SplineReport> {
  const { engine, model, corpus, weights, seed, rank, knots, rows, epochs } = request;
  const { nEmbd, nHead, nLayer, blockSize } = model;
  const layers = resolveAttention(model.attention, model);
  if (layers.some(({ core }) => core.kind !== 'mha' || core.kvTying))
    throw new RangeError(
      'kvs-spline codes stored values: it needs ATTN_MHA without ATTN_KV_TYING (a latent is a code already)',
    );
  const sequences = Math.max(2, Math.ceil(rows / blockSize));
  const { graph, ids } = buildGpt2(model, sequences, blockSize);
  const nodes = attentionNodes(graph).filter(({ branch }) => branch === 'standard');
  const values = nodes.map(({ node }) => node.inputs[2]!);
  const probe = await openProbe(engine, { graph, weights, read: values, seed });
  try {
    const shape = { rows: sequences, seq: blockSize, sampling: corpus.sampling };
    const read = (text: Uint32Array) =>
      probe.run(new Map([[ids, drawBatch(text, shape, seed, STREAM.EVAL, 0, 0).ids]]));
    const [fitted, judged] = [await read(corpus.train), await read(corpus.val)];
    const headDim = nEmbd / nHead;
    const heads = nodes.flatMap(({ layer }, at) =>
      Array.from({ length: nHead }, (_, head): HeadCode => {
        const tensor = values[at]!;
        const of = (from: typeof fitted) => headRows(from.get(tensor)!, colsOf(tensor.shape), head, headDim, rows);
        const [calibration, test] = [of(fitted), of(judged)];
        const pca = untrainedCode(calibration, headDim, rank, knots);
        const spline = fitCode(calibration, headDim, rank, epochs, undefined, knots);
        const own = {
          pca_mse: reconstructionError(pca, calibration),
          spline_mse: reconstructionError(spline, calibration),
        };
        return {
          layer,
          head,
          power: test.reduce((sum, x) => sum + x * x, 0) / test.length,
          pca_mse: reconstructionError(pca, test),
          spline_mse: reconstructionError(spline, test),
          calibration: own,
          kept: own.spline_mse < own.pca_mse ? 'spline' : 'pca',
        };
      }),
    );
    return {
      rank,
      head_width: headDim,
      knots,
      rows,
      heads,
      pca_mse: mean(heads.map((h) => h.pca_mse)),
      spline_mse: mean(heads.map((h) => h.spline_mse)),
      cache_bytes_per_token: cacheBytesPerToken(layers, nEmbd),
      coded_bytes_per_token: cacheBytesPerToken(layers, nEmbd) - 4 * (nEmbd - nHead * rank) * nLayer,
    };
  } finally {
    probe.destroy();
  }
}
