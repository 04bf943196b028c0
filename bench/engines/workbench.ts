/** This project's engine on the benchmark's step: the same weights and tokens, Adam without decay or clipping, tanh GELU. */
import { BASELINE_ATTENTION } from '../../src/models/attention/config';
import { openDevice } from '../../src/engine/device';
import { Executor } from '../../src/engine/executor';
import type { ExperimentConfig } from '../../src/experiment/config';
import { METRIC, planTraining } from '../../src/experiment/training-plan';
import { biasCorrection } from '../../src/optim/adamw';
import { cfg, initWeights, type Engine } from '../spec';

const PARTS: readonly (readonly [string, string])[] = [
  ['ln_1.weight', 'ln1.g'], ['ln_1.bias', 'ln1.b'], ['attn.c_attn.weight', 'qkv.w'], ['attn.c_attn.bias', 'qkv.b'],
  ['attn.c_proj.weight', 'proj.w'], ['attn.c_proj.bias', 'proj.b'], ['ln_2.weight', 'ln2.g'], ['ln_2.bias', 'ln2.b'],
  ['mlp.c_fc.weight', 'fc.w'], ['mlp.c_fc.bias', 'fc.b'], ['mlp.c_proj.weight', 'out.w'], ['mlp.c_proj.bias', 'out.b'],
]; // prettier-ignore

/** Our parameter name -> the benchmark's. */
function benchName(name: string): string {
  const fixed: Record<string, string> = {
    'transformer.wte.weight': 'wte',
    'transformer.wpe.weight': 'wpe',
    'transformer.ln_f.weight': 'lnf.g',
    'transformer.ln_f.bias': 'lnf.b',
  };
  const known = fixed[name];
  if (known) return known;
  const [, layer = '', part = ''] = /^transformer\.h\.(\d+)\.(.+)$/.exec(name) ?? [];
  const found = PARTS.find(([ours]) => ours === part);
  if (!found) throw new Error(`no benchmark weight for ${name}`);
  return `h${layer}.${found[1]}`;
}

function experiment(): ExperimentConfig {
  const { nLayer, nHead, nEmbd, ctx, batch, lr, b1, b2, eps } = cfg;
  return {
    model: {
      nLayer, nHead, nEmbd, blockSize: ctx, bias: true, dropout: 0, gelu: 'gelu_tanh', weightTying: true, vocabMultiple: 1,
      attention: BASELINE_ATTENTION,
    },
    dataset: { kind: 'moby-dick' },
    tokenizer: { kind: 'byte' },
    optimizer: {
      kind: 'adamw', learningRate: lr, minLr: lr, warmupSteps: 0, decayLr: false, weightDecay: 0, beta1: b1, beta2: b2, eps,
      gradClip: 0, momentum: 0, spam: null,
      layerLr: null, decayGroups: 'clean',
    },
    pruning: null,
    training: {
      batchSize: batch, gradientAccumulation: 1, maxIters: 1000, maxSeconds: 0, evalInterval: 0, evalBatches: 1, earlyStopPatience: 0, checkpointInterval: 0,
      seed: 1,
    },
  }; // prettier-ignore
}

export async function workbenchEngine(gpu: GPU): Promise<Engine & { bytes: number; variants: string[] }> {
  const engine = await openDevice(gpu);
  const config = experiment();
  const shape = { trainTokens: 4096, valTokens: 4096, sampling: 'window' } as const;
  const model = { ...config.model, vocabSize: cfg.vocab };
  const training = planTraining(config, model, shape, { traits: engine.traits, externalBatches: true });
  const executor = await Executor.create(engine, training.plan, undefined, ['train', 'update']);
  for (const [region, data] of training.tables) executor.write(region, data);
  const weights = initWeights();
  for (const entry of training.arena.entries)
    executor.write(training.regions.parameters, weights[benchName(entry.name)]!.data, entry.offset);
  executor.write(training.regions.lossScale, Float32Array.of(1 / (cfg.batch * cfg.ctx)));
  const parts = [
    { sequence: 'train', slot: 0 },
    { sequence: 'update', slot: 0 },
  ];
  let t = 0;
  let last: Promise<ArrayBuffer> | null = null;
  return {
    name: 'workbench',
    bytes: executor.allocatedBytes,
    variants: [...new Set(training.plan.sequences.train!.map((d) => `${d.program.family}/${d.program.variant}`))],
    async step(xs, ys) {
      executor.write(training.regions.ids, Uint32Array.from(xs));
      executor.write(training.regions.targets, ys);
      const { stepSize, invSqrtC2 } = biasCorrection(cfg.lr, cfg.b1, cfg.b2, ++t);
      const scalars = {
        step: t, lr: cfg.lr, step_size: stepSize, inv_sqrt_c2: invSqrtC2, beta1: cfg.b1, beta2: cfg.b2, adam_eps: cfg.eps,
        grad_scale: 1, moment_keep: 1,
      }; // prettier-ignore
      const { result } = await executor.run(parts, [scalars], training.regions.metrics);
      last = result;
    },
    async loss() {
      return new Float32Array(await last!)[METRIC.LOSS]!;
    },
    dispose() {
      executor.destroy();
      engine.device.destroy();
    },
  };
}
