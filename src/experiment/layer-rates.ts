/** Learning-rate factors of a run's blocks (optim/layer-lr.ts): when they are taken anew, and what of v they look at. */
import { PURPOSE, philox4x32 } from '@/data/random';
import { type LayerLrConfig, isLayerLrRefresh, layerMultipliers, median } from '@/optim/layer-lr';
import { type PrunableTensor, prunableTensors } from '@/pruning/domains';
import { type ReadMoment, sampleMoments } from './moment-sample';
import { type StateTensor, type TrainingState, stateTensor } from './training-state';

const KEY = 'train.layer_lr';
const layerOf = (name: string): string | null => /\.h\.(\d+)\./.exec(name)?.[1] ?? null;

export class LayerRates {
  readonly layers: readonly string[];
  readonly #tensors: readonly PrunableTensor[];
  #factors: number[];

  constructor(
    readonly config: LayerLrConfig,
    parameters: readonly PrunableTensor[],
    readonly seed: number,
  ) {
    this.#tensors = prunableTensors(parameters, 'blocks');
    this.layers = [...new Set(parameters.map(({ name }) => layerOf(name)).filter((layer) => layer !== null))];
    this.#factors = this.layers.map(() => 1);
  }

  due(step: number): boolean {
    return isLayerLrRefresh(step, this.config);
  }

  /** Before an update, from the state that it finds. */
  async refresh(read: ReadMoment): Promise<void> {
    const medians: number[] = [];
    for (const layer of this.layers) {
      const values = await sampleMoments(
        this.#tensors.filter(({ name }) => layerOf(name) === layer),
        read,
      );
      medians.push(values.length > 0 ? median(values) : 0);
    }
    const random = (i: number): number => philox4x32([i, 0, 0, 1], [this.seed, PURPOSE.PRUNE])[0];
    this.#factors = layerMultipliers(medians, this.config, random);
  }

  /** Factor of a parameter's learning rate. */
  of(name: string): number {
    const layer = layerOf(name);
    return layer === null ? 1 : this.#factors[this.layers.indexOf(layer)]!;
  }

  save(state: Map<string, StateTensor>): void {
    state.set(KEY, { dtype: 'F64', shape: [this.layers.length], data: Float64Array.from(this.#factors) });
  }

  load(state: TrainingState): void {
    this.#factors = Array.from(stateTensor(state, KEY, this.layers.length, 'F64').data);
  }
}
