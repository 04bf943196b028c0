/** GPT-2: pre-LN blocks, learned positions, tied head. Spec: attention-and-kv 1. */
import { Graph, type Tensor, add, crossEntropy, embedding, gradients, matmul } from '@/graph';
import { attentionLayer } from './attention';
import type { LayerAttention } from './attention/config';
import { type Gpt2Config, validateGpt2 } from './config';
import { type BuildContext, INIT_STD, type Kept, type KvStore, type Past, drop, norm } from './layers';
import { PLAIN_MLP, mlpLayer } from './mlp';

export interface Gpt2Graph {
  readonly graph: Graph;
  readonly config: Gpt2Config;
  readonly ids: Tensor;
  readonly logits: Tensor;
}

export interface Gpt2TrainingGraph extends Gpt2Graph {
  readonly targets: Tensor;
  /** 1 / counted targets, [1]. */
  readonly lossScale: Tensor;
  readonly loss: Tensor;
  readonly lossRows: Tensor;
  /** Parameter -> gradient, in the parameters' order; empty for evaluation graphs. */
  readonly gradients: ReadonlyMap<Tensor, Tensor>;
}

/** Forward graph from ids [batch, seq] to logits [batch, seq, vocab]. */
export function buildGpt2(config: Gpt2Config, batch: number, seq: number, training = false): Gpt2Graph {
  return build(new Graph(), config, [batch, seq], training);
}

export interface Gpt2Decoder extends Gpt2Graph {
  /** u32 [batch]: tokens that each sequence has seen before the chunk. */
  readonly positions: Tensor;
  /** Stored tensors in the order of the layers. */
  readonly kept: readonly Kept[];
}

/**
 * Forward graph of `chunk` new tokens a sequence, behind those that the caches hold (at most `capacity` in all). Parameters
 * are those of `buildGpt2`, in the same order.
 */
export function buildGpt2Decoder(
  config: Gpt2Config,
  batch: number,
  chunk: number,
  capacity: number,
  store?: KvStore,
  expand = false,
): Gpt2Decoder {
  const graph = new Graph();
  const past: Past = {
    positions: graph.input('positions', [batch], 'u32'),
    capacity,
    kept: [],
    ...(store ? { store } : {}),
    expand,
  };
  const model = build(graph, config, [batch, chunk], false, past);
  return { ...model, positions: past.positions, kept: past.kept };
}

function build(
  graph: Graph,
  config: Gpt2Config,
  [batch, seq]: readonly [number, number],
  training: boolean,
  past?: Past,
): Gpt2Graph {
  const layers = validateGpt2(config);
  let sites = 0;
  const ctx: BuildContext = {
    graph,
    bias: config.bias,
    dropout: training ? config.dropout : 0,
    residualStd: INIT_STD / Math.sqrt(2 * config.nLayer),
    ...(past ? { past } : {}),
    nextSite: () => ++sites,
  };
  const ids = graph.input('ids', [batch, seq], 'u32');
  const wte = graph.parameter('transformer.wte.weight', [config.vocabSize, config.nEmbd], {
    kind: 'normal',
    std: INIT_STD,
  });
  const tables = [wte];
  if (config.attention.position !== 'rope')
    tables.push(
      graph.parameter('transformer.wpe.weight', [config.blockSize, config.nEmbd], { kind: 'normal', std: INIT_STD }),
    );
  if (past && tables.length > 1) tables.push(past.positions);
  let x = graph.scope('embed', () => drop(ctx, graph.apply1(embedding, [ids, ...tables], {})));
  for (let layer = 0; layer < config.nLayer; layer++) x = block(ctx, config, layer, layers[layer]!, x);
  const logits = graph.scope('head', () => {
    const h = norm(ctx, 'transformer.ln_f', x);
    const head = config.weightTying
      ? wte
      : graph.parameter('lm_head.weight', [config.vocabSize, config.nEmbd], { kind: 'normal', std: INIT_STD }, true);
    return graph.apply1(matmul, [h, head], { transA: false, transB: true });
  });
  return { graph, config, ids, logits };
}

function block(ctx: BuildContext, config: Gpt2Config, layer: number, attention: LayerAttention, x: Tensor): Tensor {
  const { graph } = ctx;
  const name = `transformer.h.${layer}`;
  const { attended, branch } = graph.scope(`h.${layer}.attn`, () => {
    const y = drop(ctx, attentionLayer(ctx, `${name}.attn`, norm(ctx, `${name}.ln_1`, x), attention));
    return { branch: y, attended: graph.apply1(add, [y, x], {}) };
  });
  return graph.scope(`h.${layer}.mlp`, () => {
    const options = { mlp: config.mlp ?? PLAIN_MLP, gelu: config.gelu, attention };
    const y = mlpLayer(ctx, `${name}.mlp`, norm(ctx, `${name}.ln_2`, attended), branch, options);
    return graph.apply1(add, [drop(ctx, y), attended], {});
  });
}

/** Adds the loss and, for training, the backward graph. */
export function buildGpt2Training(config: Gpt2Config, batch: number, seq: number, training = true): Gpt2TrainingGraph {
  const model = buildGpt2(config, batch, seq, training);
  const { graph, logits } = model;
  const targets = graph.input('targets', [batch, seq], 'i32');
  const lossScale = graph.input('loss_scale', [1], 'f32');
  const [loss, lossRows] = graph.scope('head', () => graph.apply(crossEntropy, [logits, targets, lossScale], {}));
  return {
    ...model,
    targets,
    lossScale,
    loss: loss!,
    lossRows: lossRows!,
    gradients: training ? gradients(graph, loss!) : new Map(),
  };
}

/** Forward FLOPs per token at full context: every node's own cost. Training is about three times this. */
export function forwardFlopsPerToken(model: Gpt2Graph): number {
  const tokens = model.ids.shape[0]! * model.ids.shape[1]!;
  const forward = model.graph.nodes.filter((n) => !n.scope.includes('backward'));
  return forward.reduce((sum, node) => sum + node.op.cost(node).flops, 0) / tokens;
}
