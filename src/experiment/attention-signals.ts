/**
 * What the attention of a model does at some weights, in one forward pass over held-out sequences without dropout. Spec:
 * attention-and-kv 2.2, 3, 6.1.
 *   fisher     F1 of every head, 1 - E|p|^2, beside that of uniform attention
 *   gate       mean of sigmoid(x W + b) over tokens and channels, and its mean binary entropy in nats: ln 2 at one half
 *   beta       weight of the reciprocal branch: tanh(a), 0.0625 (fixed), w_r (fold, lens; mean of the heads), sigmoid(l) (leak)
 *   mixing     rms of what the branch adds over rms of what it is added to; none where the scores are mixed (fold, lens, leak)
 */
import type { Corpus } from '@/data/corpus';
import type { EngineDevice } from '@/engine/device';
import { headTrace, uniformTrace } from '@/fisher/trace';
import { type Graph, type Tensor, add, isOp, mul, producer, scale, sigmoid, tanh } from '@/graph';
import { type LayerAttention, resolveAttention } from '@/models/attention/config';
import { FIXED_RECIPROCAL } from '@/models/attention/reciprocal';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2 } from '@/models/gpt2';
import type { NamedTensors } from './backend';
import { STREAM, drawBatch } from './batches';
import type { AttentionEvent, FisherEvent } from './events';
import { attentionNodes, queryKey } from './fisher-trace';
import { type TensorValues, openProbe } from './graph-probe';
import { mean } from './stats/summary';

export interface AttentionSignalsRequest {
  /** null: the f64 reference. */
  readonly engine: EngineDevice | null;
  readonly model: Gpt2Config;
  readonly corpus: Corpus;
  readonly weights: NamedTensors;
  readonly seed: number;
  /** Of the weights; only named in the events. */
  readonly step: number;
  /** Sequences that the trace averages over. */
  readonly sequences: number;
  /** Sequences of the forward pass, at least `sequences`: those of a training step have its kernels compiled already. */
  readonly rows: number;
  /** What to measure. */
  readonly fisher: boolean;
  readonly mixing: boolean;
}

export interface AttentionSignals {
  readonly fisher: FisherEvent | null;
  /** null where the model has neither gates nor reciprocal layers. */
  readonly attention: AttentionEvent | null;
}

/** Math.exp differs in the last bit between JavaScript engines. */
const portable = (x: number): number => Number(x.toPrecision(8));

const layerOf = (scope: string): number => Number(/^h\.(\d+)\.attn/.exec(scope)?.[1] ?? NaN);

/** Gates [B, T, C] by layer. */
function gateTensors(graph: Graph): ReadonlyMap<number, Tensor> {
  const gates = graph.nodes.filter(
    (n) => isOp(n, sigmoid) && n.outputs[0]!.shape.length === 3 && !Number.isNaN(layerOf(n.scope)),
  );
  return new Map(gates.map((n) => [layerOf(n.scope), n.outputs[0]!]));
}

/** Is this what a reciprocal branch adds: tanh(a) times something, or the fixed share of the swapped attention? */
function isBranch(tensor: Tensor): boolean {
  const node = producer(tensor);
  if (!node) return false;
  if (isOp(node, mul)) {
    const factor = producer(node.inputs[1]!);
    return factor !== null && isOp(factor, tanh);
  }
  return isOp(node, scale) && node.attrs.factor === FIXED_RECIPROCAL;
}

/** By layer: what the reciprocal branch is added to, and what it adds. */
function branchTensors(graph: Graph): ReadonlyMap<number, readonly [kept: Tensor, added: Tensor]> {
  const sums = graph.nodes.filter((n) => isOp(n, add) && !Number.isNaN(layerOf(n.scope)) && isBranch(n.inputs[1]!));
  return new Map(sums.map((n) => [layerOf(n.scope), [n.inputs[0]!, n.inputs[1]!] as const]));
}

function rms(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum / values.length);
}

/** Mean and mean binary entropy of gate values. */
function gateStatistics(values: ArrayLike<number>): { readonly mean: number; readonly entropy: number } {
  let sum = 0;
  let entropy = 0;
  const part = (p: number): number => (p > 0 ? -p * Math.log(p) : 0);
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    entropy += part(values[i]!) + part(1 - values[i]!);
  }
  return { mean: portable(sum / values.length), entropy: portable(entropy / values.length) };
}

/** The weight that a layer's form gives its reciprocal part, from the learned scalars. */
export function reciprocalWeight({ ra, nHead }: LayerAttention, layer: number, weights: NamedTensors): number | null {
  if (!ra) return null;
  const scalar = (name: string): number => weights.get(`transformer.h.${layer}.attn.${name}`)!.data[0]!;
  const heads = Array.from({ length: nHead }, (_, h) => h);
  switch (ra.form) {
    case 'learned':
    case 'delta':
      return portable(Math.tanh(scalar('ra_logit')));
    case 'fixed':
      return FIXED_RECIPROCAL;
    case 'leak':
      return portable(1 / (1 + Math.exp(-scalar('ra_logit'))));
    case 'fold':
      return portable(mean(heads.map((h) => Math.max(0, scalar(`ra_fold.${h}.reciprocal`)))));
    case 'lens':
      return portable(
        mean(
          heads.map((h) => {
            const [s, r, d] = ['standard', 'reciprocal', 'direction'].map((w) => Math.exp(scalar(`ra_lens.${h}.${w}`)));
            return r! / (s! + r! + d!);
          }),
        ),
      );
  }
}

function fisherOf(
  { model, sequences, step }: AttentionSignalsRequest,
  graph: Graph,
  values: TensorValues,
): FisherEvent {
  const uniform = uniformTrace(model.blockSize).trace;
  const heads = attentionNodes(graph)
    .filter(({ branch }) => branch === 'standard')
    .map((of) => {
      const qk = { ...queryKey(of, values), batch: sequences };
      return Array.from({ length: qk.nHead }, (_, head) => portable(headTrace(qk, head).trace));
    });
  const trace = heads.map((of) => portable(mean(of)));
  return { event: 'fisher', step, sequences, uniform: portable(uniform), trace, heads };
}

/** Names the layers by index; layers without the mechanism are null. */
function mixingOf(
  { model, weights, step }: AttentionSignalsRequest,
  graph: Graph,
  values: TensorValues,
): AttentionEvent | null {
  const layers = resolveAttention(model.attention, model);
  const gates = gateTensors(graph);
  const branches = branchTensors(graph);
  const gate = layers.map((_, i) => (gates.has(i) ? gateStatistics(values.get(gates.get(i)!)!) : null));
  const beta = layers.map((layer, i) => reciprocalWeight(layer, i, weights));
  const mixing = layers.map((_, i) => {
    const [kept, added] = branches.get(i) ?? [];
    return kept && added ? portable(rms(values.get(added)!) / rms(values.get(kept)!)) : null;
  });
  const gated = gate.some((g) => g !== null);
  if (!gated && beta.every((b) => b === null)) return null;
  return {
    event: 'attention',
    step,
    ...(gated
      ? { gate_mean: gate.map((g) => g?.mean ?? null), gate_entropy: gate.map((g) => g?.entropy ?? null) }
      : {}),
    ...(beta.some((b) => b !== null) ? { beta } : {}),
    ...(mixing.some((m) => m !== null) ? { mixing } : {}),
  };
}

/** Buffers are held for the length of the call alone. Throws WeightsError or DeviceError. */
export async function attentionSignals(request: AttentionSignalsRequest): Promise<AttentionSignals> {
  const { engine, model, corpus, weights, seed, sequences, fisher, mixing } = request;
  const rows = Math.max(request.rows, sequences);
  const { graph, ids } = buildGpt2(model, rows, model.blockSize);
  const read = [
    ...(fisher ? attentionNodes(graph).flatMap(({ node }) => node.inputs.slice(0, 2)) : []),
    ...(mixing ? [...gateTensors(graph).values(), ...[...branchTensors(graph).values()].flat()] : []),
  ];
  if (read.length === 0) return { fisher: null, attention: mixing ? mixingOf(request, graph, new Map()) : null };
  const probe = await openProbe(engine, { graph, weights, read: [...new Set(read)], seed });
  try {
    const shape = { rows, seq: model.blockSize, sampling: corpus.sampling };
    const values = await probe.run(new Map([[ids, drawBatch(corpus.val, shape, seed, STREAM.EVAL, 0, 0).ids]]));
    return {
      fisher: fisher ? fisherOf(request, graph, values) : null,
      attention: mixing ? mixingOf(request, graph, values) : null,
    };
  } finally {
    probe.destroy();
  }
}
