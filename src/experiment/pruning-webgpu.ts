/** Pruning during a run on WebGPU: budgets and scalars of a mask event, its report, masks in saved states. */
import type { Executor } from '@/engine/executor';
import type { StepScalars } from '@/engine/scalars';
import type { BufferName } from '@/engine/storage';
import type { OptimizerKind } from '@/optim/kinds';
import { median } from '@/optim/layer-lr';
import { isMaskEvent } from '@/pruning/config';
import { budgetOf } from '@/pruning/domains';
import { STAT, STAT_WORDS } from '@/pruning/kernels';
import { sparsityAt } from '@/pruning/ramps';
import { type PruneReport, jaccard, maskHash, quantiles } from '@/pruning/report';
import { sampledBudget } from '@/pruning/sampling';
import { SCORE_NEEDS } from '@/pruning/scores';
import { keyScore } from '@/pruning/select';
import type { PruneEvent } from './events';
import { type ReadMoment, sampleMoments } from './moment-sample';
import type { PruningPlan } from './pruning-plan';
import { type StateTensor, type TrainingState, stateTensor } from './training-state';

const STATE_BUFFERS: readonly BufferName[] = [
  'exp_avg',
  'exp_avg_sq',
  'max_exp_avg_sq',
  'momentum_buffer',
  'movement',
  'initial weights',
];

export class GpuPruner {
  #eps: number;

  constructor(
    readonly executor: Executor,
    readonly plan: PruningPlan,
    readonly optimizer: OptimizerKind,
  ) {
    this.#eps = plan.config.eps;
  }

  /** Keep everything; and the starting weights, where the score compares with them. */
  begin(parameters: number, elements: number): Promise<void> {
    const { mask, fresh, magnitude, initial } = this.plan.regions;
    const ones = new Uint32Array(this.plan.maskWords).fill(0xffffffff);
    for (const region of new Set([mask, fresh, magnitude])) this.executor.write(region, ones);
    if (initial === null) return Promise.resolve();
    return this.executor
      .read(parameters, 0, elements)
      .then((data) => this.executor.write(initial, new Float32Array(data)));
  }

  /** Whether masks are recomputed after update number `done`. */
  due(done: number): boolean {
    return isMaskEvent(done, this.plan.config);
  }

  scalars(correction1: number, correction2: number): StepScalars {
    return { prune_eps: this.#eps, prune_q: this.plan.config.q, correction1, correction2 };
  }

  /** Where epsilon follows v: takes it from the state that the update finds. Call before a mask event's scalars. */
  async resolveEps(read: ReadMoment): Promise<void> {
    const { config, tensors } = this.plan;
    if (config.epsOfMedian) this.#eps = config.eps * median(await sampleMoments(tensors, read));
  }

  /** Uploads the budgets of the event after update `done`; call before the submit. Returns the ramp's sparsity. */
  prepare(done: number): number {
    const { config, tensors, regions } = this.plan;
    const sparsity = sparsityAt(done, config);
    const budget = budgetOf(tensors, config.scope, { ...config, sparsity });
    this.executor.write(regions.budget, Uint32Array.from(budget.pruned));
    if (config.sample !== null && regions.sampledBudget !== null)
      this.executor.write(regions.sampledBudget, Uint32Array.from(sampledBudget(budget, tensors, config.sample)));
    return sparsity;
  }

  /** The event's report; call right after the submit, so that its reads precede later steps. */
  async collect(step: number, target: number): Promise<PruneEvent> {
    const { regions, table, config } = this.plan;
    const eps = config.epsOfMedian ? { eps: this.#eps } : {}; // before the reads: a later event may change it
    const [stats, sample, masks] = await Promise.all([
      this.executor.read(regions.stats, 0, STAT_WORDS * table.chunks),
      this.executor.read(regions.sample),
      this.masks(),
    ]);
    return {
      event: 'prune',
      step,
      ...this.#report(new Uint32Array(stats), new Uint32Array(sample), masks, target),
      ...eps,
    };
  }

  /** Keep bits by tensor. */
  async masks(): Promise<Map<string, Uint32Array<ArrayBuffer>>> {
    const words = new Uint32Array(await this.executor.read(this.plan.regions.mask, 0, this.plan.maskWords));
    return new Map(
      this.plan.tensors.map(({ name, offset, size }) => [
        name,
        words.slice(offset / 32, offset / 32 + Math.ceil(size / 32)),
      ]),
    );
  }

  #report(
    stats: Uint32Array,
    sample: Uint32Array,
    masks: ReadonlyMap<string, Uint32Array>,
    target: number,
  ): PruneReport {
    const { table, tensors, config } = this.plan;
    const sum = (row: number, tensor?: number): number =>
      table.tensorOf.reduce(
        (s, t, c) => s + (tensor === undefined || t === tensor ? stats[STAT_WORDS * c + row]! : 0),
        0,
      );
    const n = table.elements;
    const [pruned, regrown] = [sum(STAT.PRUNED), sum(STAT.REGROWN)];
    return {
      target,
      actual: pruned / n,
      pruned,
      prunable: n,
      churn: sum(STAT.CHANGED) / n,
      regrown,
      monotone: regrown === 0,
      jaccard_magnitude: jaccard(pruned, sum(STAT.MAGNITUDE), sum(STAT.BOTH)),
      sat_frac: SCORE_NEEDS[config.score].includes('exp_avg_sq') ? sum(STAT.SATURATED) / n : null,
      non_finite: sum(STAT.NON_FINITE),
      score: quantiles(this.#sampleScores(sample)),
      mask_hash: maskHash([...masks.values()]),
      density: Object.fromEntries(tensors.map(({ name, size }, t) => [name, 1 - sum(STAT.PRUNED, t) / size])),
      bytes: this.#bytes(),
    };
  }

  /** A random key is its own score; pruned weights of unsigned scores show as -1. */
  #sampleScores(sample: Uint32Array): number[] {
    if (this.plan.config.score === 'random') return Array.from(sample, (key) => (key === 0 ? -1 : key / 2 ** 32));
    return Array.from(sample, (key) => (key === 0 ? -1 : keyScore(key)));
  }

  #bytes(): PruneReport['bytes'] {
    const size = (name: BufferName): number => this.executor.plan.buffers.find((b) => b.name === name)?.bytes ?? 0;
    return {
      weights: size('parameters'),
      gradients: size('gradients'),
      optimizer: STATE_BUFFERS.reduce((sum, name) => sum + size(name), 0),
      masks: size('masks'),
    };
  }

  async save(state: Map<string, StateTensor>): Promise<void> {
    for (const [name, data] of await this.masks())
      state.set(`mask.${name}`, { dtype: 'U32', shape: [data.length], data });
  }

  load(state: TrainingState): void {
    const words = new Uint32Array(this.plan.maskWords).fill(0xffffffff);
    for (const { name, offset, size } of this.plan.tensors)
      words.set(stateTensor(state, `mask.${name}`, Math.ceil(size / 32), 'U32').data, offset / 32);
    for (const region of [this.plan.regions.mask, this.plan.regions.fresh]) this.executor.write(region, words);
  }
}
