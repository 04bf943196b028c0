/** The decode experiments on a trained model: what they vary, and the fits they report. Spec: attention-and-kv 8.2. */
import type { Corpus } from '@/data/corpus';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import {
  type AttentionForm,
  type AttentionShape,
  F32_FORM,
  type PreparedAttention,
  attentionVariant,
  prepareAttention,
} from '@/decode/bandwidth';
import { type Calibration, calibrationRatio } from '@/decode/calibration';
import { Decoder, type Weights } from '@/decode/decoder';
import { type ScoreBatch, scoreStore } from '@/decode/score';
import type { EngineDevice } from '@/engine/device';
import { repeatsFor } from '@/engine/probe';
import { QUANTA } from '@/engine/roofline';
import { F32_FORMAT, type KvDtype, type KvFormat } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import type { KvStore } from '@/models/layers';
import { STREAM, drawBatch } from './batches';
import { type Sample, fit } from './bpa/envelope';
import { affine, hill2, hill3 } from './bpa/models';
import { interleave } from './interleave';
import { clockQuantumNs } from './manifest/build';
import { median, spread } from './stats/summary';
import { type Watch, unwatched } from './watch';

export interface Subject {
  readonly engine: EngineDevice;
  readonly model: Gpt2Config;
  readonly weights: Weights;
}

export interface DecodePoint {
  readonly batch: number;
  readonly context: number;
  readonly cacheBytes: number;
  /** Milliseconds a submit (a token of every sequence), every sample; fenced by the queue. */
  readonly samplesMs: readonly number[];
  /** Submits of a sample, in a row: so many that it lasts at least QUANTA ticks of the clock. */
  readonly submitsPerSample: number;
  readonly medianMs: number;
  readonly tokensPerSecond: number;
}

/** Submits that together last `least` milliseconds, by the time of one; a time below the clock's tick counts as 10 microseconds. */
export const submitsFor = (oneMs: number, least: number): number =>
  Math.max(1, Math.min(1000, Math.ceil((1.2 * least) / Math.max(oneMs, 0.01))));

interface Place {
  readonly batch: number;
  /** Tokens in every cache, the new one among them. */
  readonly context: number;
}

/**
 * Times tokens at every place, all places in turn. Cache contents do not matter to the clock: rows are taken as seen. The decoders
 * of all batches are held together: at most twice the memory of the largest where each batch is twice the one before.
 */
export async function measureDecode(
  { engine, model, weights }: Subject,
  places: readonly Place[],
  rounds: number,
  watch: Watch = unwatched,
): Promise<DecodePoint[]> {
  const open = new Map<number, WebGpuDecoder>();
  const opened = async (batch: number): Promise<WebGpuDecoder> => {
    const known = open.get(batch);
    if (known) return known;
    const backend = await WebGpuDecoder.create(engine, model, { batch, chunk: 1, capacity: model.blockSize });
    open.set(batch, backend); // before the weights: a refused load is freed as well
    backend.load(weights);
    return backend;
  };
  try {
    const least = (QUANTA * (clockQuantumNs() ?? 0)) / 1e6;
    const total = places.length + rounds;
    const ready: { readonly submits: number; readonly sample: () => Promise<number> }[] = [];
    for (const [i, { batch, context }] of places.entries()) {
      watch(`${batch} ${batch === 1 ? 'sequence' : 'sequences'}, ${context} tokens`, i, total);
      const decoder = new Decoder(await opened(batch));
      const tokens = Array.from({ length: batch }, () => 0);
      const sample = async (submits: number): Promise<number> => {
        const begin = performance.now();
        for (let n = 0; n < submits; n++) {
          decoder.reset(context - 1);
          await decoder.step(tokens);
        }
        return (performance.now() - begin) / submits;
      };
      await sample(1);
      const submits = submitsFor(await sample(1), least);
      ready.push({ submits, sample: () => sample(submits) });
    }
    const samples = await interleave(
      ready.map(({ sample }) => sample),
      rounds,
      (round) => watch(`round ${round + 1} of ${rounds}`, places.length + round, total),
    );
    return places.map(({ batch, context }, i) => {
      const medianMs = median(samples[i]!);
      return {
        batch,
        context,
        cacheBytes: open.get(batch)!.cacheBytes,
        samplesMs: samples[i]!,
        submitsPerSample: ready[i]!.submits,
        medianMs,
        tokensPerSecond: (1000 * batch) / medianMs,
      };
    });
  } finally {
    for (const backend of open.values()) backend.destroy();
  }
}

/** A fit, or why there is none. */
function attempt<T>(body: () => T): T | { readonly reason: string } {
  try {
    return body();
  } catch (error) {
    if (error instanceof RangeError) return { reason: error.message };
    throw error;
  }
}

/** Tokens/s against batch at the model's full context, with the Hill and the affine law. */
export async function saturation(
  subject: Subject,
  batches: readonly number[],
  samples: number,
  watch: Watch = unwatched,
) {
  const context = subject.model.blockSize;
  const places = batches.map((batch) => ({ batch, context }));
  const points = await measureDecode(subject, places, samples, watch);
  const rate: Sample[] = points.map((p) => ({ x: p.batch, y: p.tokensPerSecond }));
  const time: Sample[] = points.map((p) => ({ x: p.batch, y: p.medianMs }));
  return {
    points,
    hill: attempt(() => fit(hill3, rate)),
    hill_gamma_1: attempt(() => fit(hill2, rate)),
    affine: attempt(() => fit(affine('B', 'sequences'), time)),
  };
}

/** Milliseconds a token against context at one batch, with the affine law. */
export async function contextScaling(
  subject: Subject,
  batch: number,
  contexts: readonly number[],
  samples: number,
  watch: Watch = unwatched,
) {
  const places = contexts.map((context) => ({ batch, context }));
  const points = await measureDecode(subject, places, samples, watch);
  const time: Sample[] = points.map((p) => ({ x: p.context, y: p.medianMs }));
  return { points, affine: attempt(() => fit(affine('T', 'tokens'), time)) };
}

const formatOf = (dtype: KvDtype, options: Partial<KvFormat> = {}): KvFormat => ({ ...F32_FORMAT, ...options, dtype });

const FUSION_ROUNDS = 9;

/** One attention, four ways to store and read the same K and V, in turn. */
export async function fusion({ engine }: Pick<Subject, 'engine'>, shape: AttentionShape, watch: Watch = unwatched) {
  const both = (dtype: KvDtype, fused: boolean): AttentionForm => ({ k: formatOf(dtype), v: formatOf(dtype), fused });
  const forms = { f32: F32_FORM, f16: both('f16', true), int4_unpacked_first: both('int4', false), int4_fused: both('int4', true) }; // prettier-ignore
  const names = Object.keys(forms) as (keyof typeof forms)[];
  const open: PreparedAttention[] = [];
  try {
    const samplers: (() => Promise<number>)[] = [];
    for (const [i, name] of names.entries()) {
      watch(name.replaceAll('_', ' '), i, names.length + FUSION_ROUNDS);
      const attention = await prepareAttention(engine, shape, forms[name]);
      open.push(attention);
      const repeats = await repeatsFor(attention.run);
      samplers.push(async () => (await attention.run(repeats)) / repeats);
    }
    const times = await interleave(samplers, FUSION_ROUNDS, (round) =>
      watch(`round ${round + 1} of ${FUSION_ROUNDS}`, names.length + round, names.length + FUSION_ROUNDS),
    );
    const rows = names.map((name, i) => {
      const { bytes, programs } = open[i]!;
      const over = spread(times[i]!.map((ms, round) => times[0]![round]! / ms));
      return {
        name, ms: median(times[i]!), cache_bytes: bytes, dispatches: programs.length, variant: attentionVariant(programs),
        speed_up_over_f32: over.median, speed_up_least: over.least, speed_up_greatest: over.greatest,
      }; // prettier-ignore
    });
    return { shape, rows };
  } finally {
    for (const attention of open) attention.destroy();
  }
}

/** Held-out windows, the same that the run's evaluation draws. */
export const heldOut = (
  corpus: Corpus,
  [rows, seq]: readonly [number, number],
  seed: number,
  n: number,
): ScoreBatch[] =>
  Array.from({ length: n }, (_, i) =>
    drawBatch(corpus.val, { rows, seq, sampling: corpus.sampling }, seed, STREAM.EVAL, i, 0),
  );

export interface StoreScore {
  readonly k: KvDtype;
  readonly v: KvDtype;
  readonly loss: number;
  readonly perplexity: number;
  /** Against f32 for both, in per cent. */
  readonly delta_perplexity_pct: number;
  readonly cache_bytes: number;
}

export const ASYMMETRY_PAIRS: readonly (readonly [KvDtype, KvDtype])[] = [
  ['f16', 'f16'], ['f16', 'int8'], ['f16', 'int4'], ['int8', 'int8'], ['int8', 'int4'], ['int4', 'int8'], ['int4', 'int4'],
]; // prettier-ignore

/** Held-out perplexity with K and V stored in each pair of formats, f32 first. */
export async function asymmetry(
  { engine, model, weights }: Subject,
  rows: number,
  batches: readonly ScoreBatch[],
  pairs: readonly (readonly [KvDtype, KvDtype])[],
  options: Partial<KvFormat> & { readonly preBiasK?: boolean; readonly fused?: boolean },
  watch: Watch = unwatched,
): Promise<StoreScore[]> {
  const { preBiasK = false, fused = true, ...format } = options;
  const scores: StoreScore[] = [];
  for (const [k, v] of [['f32', 'f32'] as const, ...pairs]) {
    watch(`K ${k}, V ${v}`, scores.length, pairs.length + 1);
    const store: KvStore = { k: formatOf(k, format), v: formatOf(v, format), fused, preBiasK };
    const { loss, cacheBytes } = await scoreStore(engine, model, [rows, model.blockSize], store, weights, batches);
    const perplexity = Math.exp(loss);
    const base = scores[0]?.perplexity ?? perplexity;
    const delta = 100 * (perplexity / base - 1);
    scores.push({ k, v, loss, perplexity, delta_perplexity_pct: delta, cache_bytes: cacheBytes });
  }
  return scores;
}

/** Above this ratio the source of the rule keeps keys exact. */
export const KEEP_KEYS_ABOVE = 3;

/** Damage of INT6 keys over that of INT8 keys, on `n` held-out windows of the model's block. */
export async function calibration(
  { engine, model, weights }: Subject,
  corpus: Corpus,
  seed: number,
  n: number,
  watch: Watch = unwatched,
): Promise<Calibration & { readonly keepKeysExact: boolean }> {
  watch(`${n} prompts`, 0, 1);
  const prompts = heldOut(corpus, [1, model.blockSize], seed, n).map(({ ids }) => Array.from(ids));
  const shape = { batch: 1, chunk: Math.min(64, model.blockSize), capacity: model.blockSize };
  const backend = await WebGpuDecoder.create(engine, model, shape);
  try {
    backend.load(weights);
    const found = await calibrationRatio(backend, prompts);
    return { ...found, keepKeysExact: found.ratio > KEEP_KEYS_ABOVE };
  } finally {
    backend.destroy();
  }
}

/** Adds a constant to every key bias: what attention cannot see without rotary positions, and quantisation can. */
export function injectKeyBias(weights: Weights, nEmbd: number, bias: number): Weights {
  const out = new Map(weights);
  for (const [name, { data }] of weights) {
    if (!name.endsWith('attn.c_attn.bias')) continue;
    const k = data.length / nEmbd === 3 ? 1 : 0; // q, k, v; a tied model has no key of its own
    if (k === 0) throw new RangeError('a key bias can be injected only where keys are not shared with the values');
    out.set(name, { data: data.map((x, i) => (Math.floor(i / nEmbd) === k ? x + bias : x)) });
  }
  return out;
}
