/** A tiny experiment with every setting overridable, on a synthetic corpus. */
import type { Corpus } from '@/data/corpus';
import type { EngineDevice } from '@/engine/device';
import { meterMemory } from '@/engine/memory-meter';
import type { ExperimentConfig, ModelConfig, OptimizerConfig, TrainingConfig } from '@/experiment/config';
import { BASELINE_ATTENTION } from '@/models/attention/config';
import type { Gpt2Config } from '@/models/config';
import type { PruningConfig } from '@/pruning/config';
import { testDevice } from './gpu';

const PRUNING: PruningConfig = {
  method: 'state', score: 'bitter7', eps: 1e-8, q: 0, target: 0.5, start: 2, end: 12, every: 2, ramp: 'cubic',
  scope: 'global', set: 'blocks', rebalance: true, sample: null, maskState: 'all', epsOfMedian: false,
}; // prettier-ignore

export interface Overrides {
  readonly model?: Partial<ModelConfig>;
  readonly training?: Partial<TrainingConfig>;
  readonly optimizer?: Partial<OptimizerConfig>;
  readonly pruning?: Partial<PruningConfig>;
  readonly vocab?: number;
}

export function testExperiment({ model, training, optimizer, pruning, vocab = 65 }: Overrides = {}): {
  config: ExperimentConfig;
  model: Gpt2Config;
  corpus: Corpus;
} {
  const config: ExperimentConfig = {
    model: {
      nLayer: 2, nHead: 3, nEmbd: 48, blockSize: 33, bias: true, dropout: 0, gelu: 'gelu_erf', weightTying: true,
      vocabMultiple: 1, attention: BASELINE_ATTENTION, ...model,
    },
    dataset: { kind: 'moby-dick' },
    tokenizer: { kind: 'byte' },
    optimizer: {
      kind: 'adamw', learningRate: 1e-3, minLr: 1e-4, warmupSteps: 5, decayLr: true, weightDecay: 0.1, beta1: 0.9,
      beta2: 0.95, eps: 1e-8, gradClip: 1, momentum: 0.9, spam: null, decayGroups: 'clean', layerLr: null, ...optimizer,
    },
    pruning: pruning ? { ...PRUNING, ...pruning } : null,
    training: {
      batchSize: 3, gradientAccumulation: 1, maxIters: 20, maxSeconds: 0, evalInterval: 0, evalBatches: 2, earlyStopPatience: 0, checkpointInterval: 0, seed: 7,
      ...training,
    },
  }; // prettier-ignore
  // A noisy chain: learnable, with every token frequent.
  const stream = (n: number, seed: number): Uint32Array => {
    let state = seed;
    let token = 0;
    return Uint32Array.from({ length: n }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      token = (token * 7 + (state % 10 === 0 ? 3 : 1)) % vocab;
      return token;
    });
  };
  return {
    config,
    model: { ...config.model, vocabSize: vocab },
    corpus: testCorpus(stream(4000, 1), stream(1000, 2)),
  };
}

const testCorpus = (train: Uint32Array, val: Uint32Array): Corpus =>
  ({ name: 'chain', train, val, sampling: 'window', vocabSize: 65, metric: null }) as unknown as Corpus;

export async function testEngine(): Promise<EngineDevice> {
  const device = await testDevice();
  meterMemory(device); // as openDevice does
  const limits = {
    maxBufferSize: device.limits.maxBufferSize,
    maxStorageBufferBindingSize: device.limits.maxStorageBufferBindingSize,
  };
  return {
    device,
    adapter: {
      vendor: '',
      architecture: 'swiftshader',
      device: '',
      description: 'test',
      software: true,
      features: [],
      limits,
    },
    traits: { software: true, subgroupSize: 4, maxWorkgroupStorage: 16384, maxInvocations: 256 },
  };
}
