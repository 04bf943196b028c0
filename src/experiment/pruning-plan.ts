/**
 * Pruning's part of the plan: keep bits, scratch, the sequence of a mask event, and the reading of its statistics.
 *
 *   prune   scores -> keys, exact selection, the same for magnitude (for comparison), statistics, masks take effect
 */
import type { DeviceTraits, Operand } from '@/engine/kernel';
import { type Dispatch, dispatchOf } from '@/engine/plan';
import type { ArenaEntry, ParameterArena, Storage } from '@/engine/storage';
import type { StateSlot } from '@/optim/kinds';
import { type PruningConfig, maskStateOf, masksSlot } from '@/pruning/config';
import { budgetOf, prunableTensors } from '@/pruning/domains';
import * as kernels from '@/pruning/kernels';
import { QUANTILE_SAMPLES } from '@/pruning/report';
import { SCORE_NEEDS } from '@/pruning/scores';
import { drawCount } from '@/pruning/sampling';
import { planSampledSelection, planSelection } from '@/pruning/selection-plan';
import { ConfigError } from './config-reader';
import { flat } from './optimizer-plan';

export interface PruningPlan {
  readonly config: PruningConfig;
  readonly tensors: readonly ArenaEntry[];
  readonly table: kernels.ChunkTable;
  readonly domains: number;
  /** Dispatches of a mask event. */
  readonly sequence: readonly Dispatch[];
  /** Runs every step between the norm and the update, or null. */
  readonly everyStep: Dispatch | null;
  readonly tables: ReadonlyMap<number, Uint32Array>;
  readonly regions: {
    readonly mask: number;
    readonly fresh: number;
    readonly magnitude: number;
    readonly budget: number;
    /** Draws that lie at or below each threshold; null: exact selection. */
    readonly sampledBudget: number | null;
    readonly stats: number;
    readonly sample: number;
    readonly keys: number;
    readonly movement: number | null;
    readonly initial: number | null;
  };
  readonly maskWords: number;
}

export interface PruningStorage {
  readonly storage: Storage;
  readonly traits: DeviceTraits;
  readonly parameters: number;
  readonly gradients: number;
  readonly slots: ReadonlyMap<StateSlot, number>;
  readonly norm: Operand;
  readonly mask: Operand;
}

/** What a sampled threshold needs beside the exact selection's scratch. */
function planSample(table: kernels.ChunkTable, fraction: number, domains: number, { storage }: PruningStorage) {
  const draws = kernels.drawTable(table, (n) => drawCount(n, fraction));
  const drawsRegion = storage.append('tables', 4 * draws.data.length);
  const drawnRegion = storage.append('pruning scratch', 4 * draws.elements);
  const budgetRegion = storage.append('tables', 4 * domains);
  return {
    operands: {
      draws: flat(drawsRegion, draws.data.length, 'read', 'u32'),
      drawn: flat(drawnRegion, draws.elements, 'read_write', 'u32'),
      budget: flat(budgetRegion, domains, 'read', 'u32'),
    },
    table: [drawsRegion, draws.data] as const,
  };
}

/** Keep bits of the whole arena. */
export const planMask = (storage: Storage, { elements }: ParameterArena): Operand =>
  flat(storage.append('masks', elements / 8), elements / 32, 'read_write', 'u32');

/** Throws ConfigError when the model has nothing to prune, BudgetError when RATIO cannot hold. */
export function planPruning(arena: ParameterArena, config: PruningConfig, s: PruningStorage): PruningPlan {
  const { storage, traits, mask } = s;
  const tensors = prunableTensors(arena.entries, config.set);
  if (tensors.length === 0) throw new ConfigError('PRUNING_SET', 'this model has no prunable matrices');
  const { domainOf, pruned } = budgetOf(tensors, config.scope, { ...config, sparsity: config.target });
  const table = kernels.chunkTable(tensors, domainOf);
  const n = arena.elements;
  const words = n / 32;
  const scratch = (size: number): Operand =>
    flat(storage.append('pruning scratch', 4 * size), size, 'read_write', 'u32');
  const chunkRegion = storage.append('tables', 4 * table.data.length);
  const budgetRegion = storage.append('tables', 4 * pruned.length);
  const chunks = flat(chunkRegion, table.data.length, 'read', 'u32');
  const selection = {
    chunks,
    budget: flat(budgetRegion, pruned.length, 'read', 'u32'),
    keys: scratch(table.elements),
    counts: scratch(256 * pruned.length),
    selection: scratch(kernels.SELECTION_WORDS * pruned.length),
    ties: scratch(table.chunks),
  };
  const [fresh, stats] = [scratch(words), scratch(kernels.STAT_WORDS * table.chunks)];
  const needs = SCORE_NEEDS[config.score];
  const maskState = maskStateOf(config);
  const arenaOf = (buffer: 'movement' | 'initial weights'): Operand => flat(storage.region(buffer, 0, 4 * n), n);
  const movement = needs.includes('movement') ? arenaOf('movement') : null;
  const initial = needs.includes('initial') ? arenaOf('initial weights') : null;
  const slot = (name: StateSlot): Operand | null => (s.slots.has(name) ? flat(s.slots.get(name)!, n) : null);
  const w = flat(s.parameters, n);
  const state = {
    w,
    expAvg: slot('exp_avg'),
    expAvgSq: slot('exp_avg_sq'),
    movement,
    initial,
    mask,
    keys: selection.keys,
    chunks,
  };
  const bySize = config.score === 'magnitude' ? fresh : scratch(words);
  const sample = scratch(Math.min(QUANTILE_SAMPLES, table.elements));
  const sampled = config.sample === null ? null : planSample(table, config.sample, pruned.length, s);
  const run = <A extends { readonly label: string }>(family: Parameters<typeof dispatchOf<A>>[0], args: A): Dispatch =>
    dispatchOf(family, args, traits, 'pruning', args.label);
  const compared =
    bySize === fresh
      ? []
      : [
          run(kernels.scoreKeys, { label: 'magnitude scores', ...state, score: 'magnitude', stats: scratch(kernels.STAT_WORDS * table.chunks) }),
          ...planSelection({ ...selection, fresh: bySize }, 'magnitude', traits),
        ]; // prettier-ignore
  const sequence = [
    run(kernels.scoreKeys, { label: `${config.score} scores`, ...state, score: config.score, stats }),
    run(kernels.sampleKeys, { label: 'score sample', keys: selection.keys, sample }),
    ...(sampled
      ? planSampledSelection({ ...selection, ...sampled.operands, fresh }, 'selection', traits)
      : planSelection({ ...selection, fresh }, 'selection', traits)),
    ...compared,
    run(kernels.compareMasks, { label: 'mask statistics', chunks, mask, fresh, magnitude: bySize, stats }),
    run(kernels.applyMask, {
      label: 'apply mask', chunks, mask, fresh, arenas: [w, ...[...s.slots].flatMap(([slot, region]) => (masksSlot(maskState, slot) ? [flat(region, n)] : []))],
    }),
  ]; // prettier-ignore
  return {
    config,
    tensors,
    table,
    domains: pruned.length,
    sequence,
    everyStep: movement
      ? run(kernels.accumulateMovement, { label: 'movement', w, g: flat(s.gradients, n), movement, norm: s.norm })
      : null,
    tables: new Map([[chunkRegion, table.data], ...(sampled ? [sampled.table] : [])]),
    regions: {
      mask: mask.region, fresh: fresh.region, magnitude: bySize.region, budget: budgetRegion, sampledBudget: sampled?.operands.budget.region ?? null, stats: stats.region,
      sample: sample.region, keys: selection.keys.region, movement: movement?.region ?? null, initial: initial?.region ?? null,
    },
    maskWords: words,
  }; // prettier-ignore
}
