/** Pruning during a run on the reference backend, in f64: the twin of pruning-webgpu.ts. */
import { philox4x32 } from '@/data/random';
import type { StateSlot } from '@/optim/kinds';
import { median } from '@/optim/layer-lr';
import { type PruningConfig, isMaskEvent, maskStateOf, masksSlot } from '@/pruning/config';
import { budgetOf, prunableTensors } from '@/pruning/domains';
import { PRUNE_PURPOSE } from '@/pruning/kernels';
import { sparsityAt } from '@/pruning/ramps';
import { type PrunerTensor, accumulateMovement, updateMasks } from '@/pruning/reference';
import { SCORE_NEEDS } from '@/pruning/scores';
import { packMask, unpackMask } from '@/pruning/select';
import { ConfigError } from './config-reader';
import type { PruneEvent } from './events';
import { type ReadMoment, sampleMoments } from './moment-sample';
import { type StateTensor, type TrainingState, stateTensor } from './training-state';

export interface ReferenceParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly w: Float64Array;
  readonly slots: Readonly<Partial<Record<StateSlot, Float64Array>>>;
}

export class ReferencePruner {
  readonly tensors: readonly PrunerTensor[];
  #eps: number;
  readonly #slots: ReadonlyMap<string, ReferenceParameter['slots']>;

  /** Throws ConfigError when there is nothing to prune, BudgetError when RATIO cannot hold. */
  constructor(
    readonly config: PruningConfig,
    parameters: readonly ReferenceParameter[],
    readonly seed: number,
  ) {
    this.#eps = config.eps;
    const needs = SCORE_NEEDS[config.score];
    const all = parameters.map(({ name, shape, w, slots }) => ({
      name, shape, w, size: w.length, offset: 0, keep: new Uint8Array(w.length).fill(1),
      m: slots.exp_avg ?? null, v: slots.exp_avg_sq ?? null,
      movement: needs.includes('movement') ? new Float64Array(w.length) : null,
      initial: needs.includes('initial') ? w.slice() : null,
    })); // prettier-ignore
    this.tensors = prunableTensors(all, config.set);
    if (this.tensors.length === 0) throw new ConfigError('PRUNING_SET', 'this model has no prunable matrices');
    budgetOf(this.tensors, config.scope, { ...config, sparsity: config.target });
    this.#slots = new Map(parameters.map(({ name, slots }) => [name, slots]));
  }

  /** Whether masks are recomputed after update number `done`. */
  due(done: number): boolean {
    return isMaskEvent(done, this.config);
  }

  /** Where epsilon follows v: takes it from the state that the update finds. */
  async resolveEps(read: ReadMoment): Promise<void> {
    if (this.config.epsOfMedian) this.#eps = this.config.eps * median(await sampleMoments(this.tensors, read));
  }

  /** Before clipping: pruned weights have no gradient. */
  maskGradients(gradients: ReadonlyMap<string, Float64Array>): void {
    if (maskStateOf(this.config) === 'none') return;
    for (const { name, keep } of this.tensors) zero(gradients.get(name)!, keep);
  }

  /** With the clip coefficient, before the update. */
  observe(gradients: ReadonlyMap<string, Float64Array>, coefficient: number): void {
    for (const { name, movement, w } of this.tensors)
      if (movement) accumulateMovement(movement, gradients.get(name)!, w, coefficient);
  }

  /** Pruned weights, and their state as far as it is masked, are exactly 0. */
  apply(): void {
    const state = maskStateOf(this.config);
    for (const { name, keep, w } of this.tensors) {
      zero(w, keep);
      for (const [slot, values] of Object.entries(this.#slots.get(name)!))
        if (masksSlot(state, slot)) zero(values, keep);
    }
  }

  /** The mask event after update `done`, when there is one. */
  event(done: number, corrections: { readonly correction1: number; readonly correction2: number }): PruneEvent | null {
    const { config } = this;
    if (!this.due(done)) return null;
    const sparsity = sparsityAt(done, config);
    const count = [...this.#slots.values()].map((slots) => Object.keys(slots).length)[0] ?? 0;
    const weights = this.tensors.reduce((sum, { size }) => sum + 8 * size, 0);
    const report = updateMasks(this.tensors, {
      score: config.score,
      settings: { eps: this.#eps, q: config.q, ...corrections },
      budget: budgetOf(this.tensors, config.scope, { ...config, sparsity }),
      target: sparsity,
      sampling:
        config.sample === null
          ? null
          : {
              fraction: config.sample,
              word: (draw) => philox4x32([draw, done - 1, 1, 0], [this.seed, PRUNE_PURPOSE])[0],
            },
      random: (index) => philox4x32([index, 0, 0, 0], [this.seed, PRUNE_PURPOSE])[0] / 2 ** 32,
      bytes: { weights, gradients: weights, optimizer: weights * count, masks: weights / 8 },
    });
    this.apply();
    return { event: 'prune', step: done - 1, ...report, ...(config.epsOfMedian ? { eps: this.#eps } : {}) };
  }

  save(state: Map<string, StateTensor>): void {
    for (const { name, shape, keep, movement, initial } of this.tensors) {
      const data = packMask(keep);
      state.set(`mask.${name}`, { dtype: 'U32', shape: [data.length], data });
      if (movement) state.set(`movement.${name}`, { dtype: 'F64', shape, data: movement.slice() });
      if (initial) state.set(`initial.${name}`, { dtype: 'F64', shape, data: initial.slice() });
    }
  }

  load(state: TrainingState): void {
    for (const { name, size, keep, movement, initial } of this.tensors) {
      keep.set(unpackMask(stateTensor(state, `mask.${name}`, Math.ceil(size / 32), 'U32').data, size));
      movement?.set(stateTensor(state, `movement.${name}`, size, 'F64', 'F32').data);
      initial?.set(stateTensor(state, `initial.${name}`, size, 'F64', 'F32').data);
    }
  }
}

function zero(values: Float64Array, keep: Uint8Array): void {
  for (let i = 0; i < values.length; i++) if (!keep[i]) values[i] = 0;
}
