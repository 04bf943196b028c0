/**
 * The execution plan of a training run: one storage, four sequences, five where weights are pruned.
 *
 *   train   draw a micro-batch, forward, backward, sum the gradient slabs (once a micro-step)
 *   update  gradient norm and clip coefficient, the update rule over the flat arenas (once a step)
 *   prune   scores, exact selection, new masks (at mask events, after the update)
 *   eval    draw a held-out batch, forward, add to the mean loss (once an evaluation batch)
 *   sample  forward of one sequence to logits
 *
 * Pure: needs no adapter, so `wb check` and the menu's cost display use it too.
 */
import type { DeviceTraits } from '@/engine/kernel';
import { drawBatch } from '@/engine/kernels/draw-batch';
import { lossReduce } from '@/engine/kernels/classifier';
import { type LoweredGraph, lowerGraph } from '@/engine/lower';
import { type Dispatch, type ExecutionPlan, type MemorySummary, dispatchOf } from '@/engine/plan';
import { SCALAR_SLOT_BYTES } from '@/engine/scalars';
import { type ParameterArena, Storage, layOutParameters } from '@/engine/storage';
import type { CorpusShape } from '@/data/corpus';
import type { Tensor } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import { type Gpt2TrainingGraph, buildGpt2, buildGpt2Training, forwardFlopsPerToken } from '@/models/gpt2';
import { STATE_SLOTS, type StateSlot } from '@/optim/kinds';
import type { ExperimentConfig } from './config';
import { type OptimizerPlan, METRIC, flat, planOptimizer } from './optimizer-plan';
import { maskStateOf } from '@/pruning/config';
import { type PruningPlan, planMask, planPruning } from './pruning-plan';

export { METRIC };
const METRICS_BYTES = 256;
const RING_DEPTH = 3;

export interface TrainingPlan {
  readonly plan: ExecutionPlan;
  readonly arena: ParameterArena;
  readonly model: Gpt2TrainingGraph;
  readonly memory: MemorySummary;
  readonly dispatchesPerStep: number;
  readonly flopsPerToken: number;
  /** Constant tables to upload once: region -> contents. */
  readonly tables: ReadonlyMap<number, Uint32Array>;
  /** Learning-rate factors in a table (optimizer-plan.ts); null: there are none. */
  readonly rates: OptimizerPlan['rates'];
  /** null: nothing is pruned. */
  readonly pruning: PruningPlan | null;
  readonly regions: {
    readonly parameters: number;
    readonly gradients: number;
    /** Optimizer state: one arena a slot. */
    readonly slots: ReadonlyMap<StateSlot, number>;
    /** SPAM's queue of norms, or null. */
    readonly spamQueue: number | null;
    readonly metrics: number;
    readonly train: number;
    readonly val: number;
    readonly ids: number;
    readonly targets: number;
    readonly lossScale: number;
    readonly evalLogits: number;
    readonly sampleIds: number;
    readonly sampleLogits: number;
  };
}

export interface PlanOptions {
  readonly traits: DeviceTraits;
  readonly choice?: (key: string) => string | undefined;
  /** Batches are written into the `ids`, `targets` and `lossScale` regions by the caller instead of being drawn (benchmarks). */
  readonly externalBatches?: boolean;
}

/** Throws ModelConfigError or ShapeError for configurations that cannot be built. */
export function planTraining(
  config: ExperimentConfig,
  modelConfig: Gpt2Config,
  corpus: CorpusShape,
  { traits, choice, externalBatches = false }: PlanOptions,
): TrainingPlan {
  const { batchSize, gradientAccumulation, evalBatches } = config.training;
  const seq = modelConfig.blockSize;
  const model = buildGpt2Training(modelConfig, batchSize, seq);
  const evalModel = buildGpt2Training(modelConfig, batchSize, seq, false);
  const sampleModel = buildGpt2(modelConfig, 1, seq);
  const arena = layOutParameters(model.graph);
  const storage = new Storage();
  const floatRegions = new Set<number>();
  const all = (buffer: 'parameters' | 'gradients' | StateSlot): number => storage.region(buffer, 0, 4 * arena.elements);
  const parameters = all('parameters');
  const gradients = all('gradients');
  for (const region of [parameters, gradients, ...STATE_SLOTS[config.optimizer.kind].map(all)])
    floatRegions.add(region);
  const metrics = storage.append('metrics', METRICS_BYTES);
  const train = storage.append('corpus', 4 * corpus.trainTokens);
  const val = storage.append('corpus', 4 * corpus.valTokens);
  const common = { storage, arena, traits, floatRegions, ...(choice ? { choice } : {}) };

  const lowered = lowerGraph(model.graph, {
    ...common,
    gradients: model.gradients,
    roots: [model.loss],
    pinned: [model.ids, model.targets, model.lossScale, model.lossRows],
    accumulate: gradientAccumulation > 1,
  });
  const noGradients: ReadonlyMap<Tensor, Tensor> = new Map();
  const evaluation = lowerGraph(evalModel.graph, {
    ...common,
    gradients: noGradients,
    roots: [evalModel.loss],
    pinned: [evalModel.ids, evalModel.targets, evalModel.lossScale, evalModel.lossRows, evalModel.logits],
    accumulate: false,
  });
  const sample = lowerGraph(sampleModel.graph, {
    ...common,
    gradients: noGradients,
    roots: [sampleModel.logits],
    pinned: [sampleModel.ids, sampleModel.logits],
    accumulate: false,
  });

  const wrap = (graph: LoweredGraph, m: Gpt2TrainingGraph, region: number, nTokens: number): Dispatch[] => {
    const draw = {
      label: 'draw batch',
      corpus: flat(region, nTokens, 'read', 'u32'),
      inputs: graph.operand(m.ids),
      targets: graph.operand(m.targets),
      lossScale: graph.operand(m.lossScale),
      batch: batchSize,
      seq,
      nTokens,
      sampling: corpus.sampling,
    };
    const reduce = {
      label: 'mean loss',
      lossRows: graph.operand(m.lossRows),
      lossScale: graph.operand(m.lossScale),
      out: { ...flat(metrics, 1), offset: METRIC.LOSS },
    };
    const key = `${batchSize}x${seq}`;
    return [
      ...(externalBatches ? [] : [dispatchOf(drawBatch, draw, traits, 'data', key)]),
      ...graph.dispatches,
      dispatchOf(lossReduce, reduce, traits, 'head', key),
    ];
  };

  const mask = config.pruning ? planMask(storage, arena) : null;
  const optimizer = planOptimizer(arena, lowered, config.optimizer, {
    storage,
    parameters,
    gradients,
    metrics,
    traits,
    mask,
    maskState: config.pruning ? maskStateOf(config.pruning) : 'all',
  });
  const pruning =
    mask && config.pruning
      ? planPruning(arena, config.pruning, {
          storage,
          traits,
          parameters,
          gradients,
          slots: optimizer.slots,
          norm: optimizer.norm,
          mask,
        })
      : null;
  const update = pruning?.everyStep
    ? optimizer.update.toSpliced(optimizer.afterNorm, 0, pruning.everyStep)
    : optimizer.update;
  const trainSequence = [...wrap(lowered, model, train, corpus.trainTokens), optimizer.reduce];
  const sequences: Record<string, readonly Dispatch[]> = {
    train: trainSequence,
    update,
    ...(pruning ? { prune: pruning.sequence } : {}),
    eval: wrap(evaluation, evalModel, val, corpus.valTokens),
    sample: sample.dispatches,
  };
  const stagingBytes = METRICS_BYTES;
  const scalarSlots = Math.max(gradientAccumulation, evalBatches, 1);
  const plan: ExecutionPlan = {
    buffers: storage.buffers,
    regions: storage.regions,
    floatRegions,
    sequences,
    scalarSlots,
    stagingBytes,
    ringDepth: RING_DEPTH,
  };
  return {
    plan,
    arena,
    model,
    memory: summarise(plan, lowered, arena, [...optimizer.slots.keys()]),
    dispatchesPerStep: trainSequence.length * gradientAccumulation + update.length,
    flopsPerToken: 3 * forwardFlopsPerToken(model),
    tables: new Map([...optimizer.tables, ...(pruning?.tables ?? [])]),
    pruning,
    rates: optimizer.rates,
    regions: {
      parameters, gradients, slots: optimizer.slots, spamQueue: optimizer.spamQueue, metrics, train, val, ids: lowered.operand(model.ids).region, targets: lowered.operand(model.targets).region, lossScale: lowered.operand(model.lossScale).region,
      evalLogits: evaluation.operand(evalModel.logits).region,
      sampleIds: sample.operand(sampleModel.ids).region, sampleLogits: sample.operand(sampleModel.logits).region,
    }, // prettier-ignore
  };
}

/** Planned bytes by category: exactly the buffers that the executor allocates. */
function summarise(
  plan: ExecutionPlan,
  lowered: LoweredGraph,
  arena: ParameterArena,
  slots: readonly StateSlot[],
): MemorySummary {
  const categories = plan.buffers.map(({ name, bytes }) => ({ name: name as string, bytes }));
  categories.push({ name: 'uniforms', bytes: plan.scalarSlots * SCALAR_SLOT_BYTES });
  categories.push({ name: 'read-back ring', bytes: plan.ringDepth * plan.stagingBytes });
  const largest = [
    ...lowered.layout.intervals.map(({ tensor, bytes }) => ({ name: tensor.name, bytes })),
    ...arena.entries.map((e) => ({
      name: `${e.name} (${['weights', 'gradient', ...slots].join(', ')})`,
      bytes: 4 * (2 + slots.length) * e.size,
    })),
  ];
  largest.sort((a, b) => b.bytes - a.bytes);
  return { categories, totalBytes: categories.reduce((sum, c) => sum + c.bytes, 0), largest: largest.slice(0, 8) };
}

/** A plan that a device cannot hold, with what is largest and what would shrink it. */
export class PlanRefusedError extends Error {
  override name = 'PlanRefusedError';
}

const GIB = 2 ** 30;
const human = (bytes: number): string =>
  bytes >= GIB ? `${(bytes / GIB).toFixed(2)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** Throws PlanRefusedError when a buffer or binding exceeds the device's limits. */
export function checkFits(plan: TrainingPlan, limits: Readonly<Record<string, number>>): void {
  const bufferLimit = limits.maxBufferSize ?? Infinity;
  const bindingLimit = limits.maxStorageBufferBindingSize ?? Infinity;
  const tooLarge = plan.plan.buffers.find((b) => b.bytes > bufferLimit);
  const region = plan.plan.regions.find((r) => r.bytes > bindingLimit);
  if (!tooLarge && !region) return;
  const what = tooLarge
    ? `the ${tooLarge.name} buffer needs ${human(tooLarge.bytes)}, the device allows ${human(bufferLimit)} a buffer`
    : `a binding of the ${region!.buffer} needs ${human(region!.bytes)}, the device allows ${human(bindingLimit)}`;
  const tensors = plan.memory.largest.slice(0, 4).map((t) => `${t.name} (${human(t.bytes)})`);
  throw new PlanRefusedError(
    `this model does not fit the device: ${what}. Planned in all: ${human(plan.memory.totalBytes)}. ` +
      `Largest tensors: ${tensors.join(', ')}. ` +
      'These options shrink them: BATCH_SIZE (with GRADIENT_ACCUMULATION to keep the effective batch), GPT2_BLOCK_SIZE, ' +
      'GPT2_N_EMBD, GPT2_N_LAYER, a tokenizer with a smaller vocabulary.',
  );
}
