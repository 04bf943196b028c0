/** The optimizer's part of a configuration. Symbols: src/optim/Kconfig. */
import type { DecayGroups, OptimizerKind } from '@/optim/kinds';
import type { LayerLrConfig, LayerLrSignal } from '@/optim/layer-lr';
import type { SpamConfig } from '@/optim/spam';
import type { OptimizerSettings } from '@/optim/update';
import { ConfigError, type Reader } from './config-reader';

export interface OptimizerConfig extends OptimizerSettings {
  readonly decayGroups: DecayGroups;
  /** null: one learning rate for all. */
  readonly layerLr: LayerLrConfig | null;
}

const KINDS: readonly (readonly [string, OptimizerKind])[] = [
  ['OPTIMIZER_SGD', 'sgd'],
  ['OPTIMIZER_ADAM', 'adam'],
  ['OPTIMIZER_ADAMW', 'adamw'],
  ['OPTIMIZER_ADAMWADV', 'adamwadv'],
  ['OPTIMIZER_ADAMWSPAM', 'adamwspam'],
  ['OPTIMIZER_ADAMWPRUNE', 'adamw'], // AdamW's arithmetic; its masks are the pruning configuration
  ['OPTIMIZER_SINKGD', 'sinkgd'],
];

function spamOf(read: Reader): SpamConfig {
  const mode = read.choice<SpamConfig['mode']>('SPAM', [
    ['SPAM_FIXED', 'fixed'],
    ['SPAM_REPO', 'repo'],
  ]);
  const interval = read.int('SPAM_INTERVAL');
  const warmup = read.int('SPAM_WARMUP');
  if (mode === 'fixed' && interval > 0 && 2 * warmup >= interval)
    throw new ConfigError(
      'SPAM_WARMUP',
      `SPAM_WARMUP=${warmup} must be below half of SPAM_INTERVAL=${interval}: the run would never leave the warm-up`,
    );
  return { mode, interval, warmup, theta: read.real('SPAM_THETA', 0, 1e9), zThreshold: read.real('SPAM_Z', 0, 1e9) };
}

const layerLrOf = (read: Reader): LayerLrConfig => ({
  signal: read.choice<LayerLrSignal>('LAYER_LR', [
    ['LAYER_LR_V', 'v'],
    ['LAYER_LR_SHUFFLED', 'shuffled'],
    ['LAYER_LR_DEPTH', 'depth'],
  ]),
  power: read.int('LAYER_LR_POWER'),
  start: read.int('LAYER_LR_START'),
  every: read.int('LAYER_LR_EVERY'),
  freeze: read.bool('LAYER_LR_FREEZE'),
});

/** Throws ConfigError. */
export function optimizerOf(read: Reader): OptimizerConfig {
  const kind = read.choice('OPTIMIZER', KINDS);
  const learningRate = read.real('LEARNING_RATE', 0, 10, 'min');
  const minLr = read.real('MIN_LR', 0, 10);
  if (minLr > learningRate)
    throw new ConfigError('MIN_LR', `MIN_LR=${minLr} is above LEARNING_RATE=${learningRate}: the cosine would rise`);
  return {
    kind,
    learningRate,
    minLr,
    warmupSteps: read.int('WARMUP_STEPS'),
    decayLr: read.bool('DECAY_LR'),
    weightDecay: read.real('WEIGHT_DECAY', 0, 10),
    decayGroups: read.choice<DecayGroups>('DECAY_GROUPS', [
      ['DECAY_GROUPS_CLEAN', 'clean'],
      ['DECAY_GROUPS_REPO', 'repo'],
    ]),
    momentum: kind === 'sgd' ? read.real('SGD_MOMENTUM', 0, 1, 'max') : 0,
    beta1: kind === 'sgd' || kind === 'sinkgd' ? 0 : read.real('BETA1', 0, 1, 'max'),
    beta2: kind === 'sgd' || kind === 'sinkgd' ? 0 : read.real('BETA2', 0, 1, 'max'),
    eps: kind === 'sgd' || kind === 'sinkgd' ? 1e-8 : read.real('ADAM_EPS', 0, 1, 'min'),
    gradClip: read.real('GRAD_CLIP', 0, 1e9),
    spam: kind === 'adamwspam' ? spamOf(read) : null,
    layerLr: kind !== 'sgd' && kind !== 'sinkgd' && read.bool('LAYER_LR') ? layerLrOf(read) : null,
  };
}
