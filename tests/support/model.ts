/** A small GPT-2 with any attention, its values in the f64 reference, and its logits. */
import { type RefValues, type Tensor, runReference } from '@/graph';
import { initialValues } from '@/experiment/init';
import { type AttentionConfig, BASELINE_ATTENTION } from '@/models/attention/config';
import type { Gpt2Config } from '@/models/config';
import { type Gpt2TrainingGraph, buildGpt2Training } from '@/models/gpt2';
import { testContext } from './reference';

export const SMALL: Gpt2Config = {
  nLayer: 2, nHead: 3, nEmbd: 12, blockSize: 7, vocabSize: 11, bias: true, dropout: 0, gelu: 'gelu_erf', weightTying: true,
  attention: BASELINE_ATTENTION,
}; // prettier-ignore

export interface SmallModel {
  readonly model: Gpt2TrainingGraph;
  readonly values: RefValues;
  parameter(name: string): Tensor;
  /** The stored values of a parameter, to be changed in place. */
  of(name: string): Float64Array;
  /** Runs forward and backward; logits [batch, seq, vocab]. */
  run(ids?: readonly number[]): Float64Array;
  gradient(name: string): Float64Array;
}

export const IDS = [1, 2, 3, 2, 1, 10, 0, 1, 5, 5, 7, 4, 9, 8];

/** Batch 2, 7 tokens each; weights as a run would draw them, times `gain` so that attention is not uniform. */
export function smallModel(
  attention: Partial<AttentionConfig>,
  overrides: Partial<Gpt2Config> = {},
  gain = 12,
): SmallModel {
  const config = { ...SMALL, ...overrides, attention: { ...BASELINE_ATTENTION, ...attention } };
  const model = buildGpt2Training(config, 2, 7);
  const values: RefValues = new Map();
  model.graph.parameters.forEach((p, i) => {
    const init = Float64Array.from(initialValues(p, i, 3));
    const normal = p.source.kind === 'parameter' && p.source.init.kind === 'normal';
    values.set(p.id, normal ? init.map((x) => gain * x) : init);
  });
  values.set(model.targets.id, Int32Array.from(IDS.map((t) => (t + 3) % 11)));
  values.set(model.lossScale.id, Float64Array.of(1 / 14));
  const parameter = (name: string): Tensor => {
    const found = model.graph.parameters.find((p) => p.name === `transformer.${name}` || p.name === name);
    if (!found) throw new Error(`no parameter ${name}`);
    return found;
  };
  return {
    model,
    values,
    parameter,
    of: (name) => values.get(parameter(name).id) as Float64Array,
    run(ids = IDS) {
      values.set(model.ids.id, Uint32Array.from(ids));
      runReference(model.graph, values, testContext);
      return Float64Array.from(values.get(model.logits.id)!);
    },
    gradient: (name) => values.get(model.gradients.get(parameter(name))!.id) as Float64Array,
  };
}

export const worstDifference = (a: Float64Array, b: Float64Array): number =>
  a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i]!)), 0);
