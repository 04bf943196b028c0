/** The pruning part of a configuration. Symbols: src/pruning/Kconfig. */
import { type OptimizerKind, hasMoments } from '@/optim/kinds';
import type { PrunableSet, PruneMethod, PruneScope, PruningConfig } from '@/pruning/config';
import type { Ramp } from '@/pruning/ramps';
import { STATE_SCORES, type ScoreName, type StateScore } from '@/pruning/scores';
import { ConfigError, type Reader } from './config-reader';

const METHODS: readonly (readonly [string, PruneMethod | null])[] = [
  ['PRUNING_NONE', null],
  ['PRUNING_RANDOM', 'random'],
  ['PRUNING_MAGNITUDE', 'magnitude'],
  ['PRUNING_MOVEMENT', 'movement'],
  ['PRUNING_MOVEMENT_REPO', 'movementRepo'],
  ['PRUNING_STATE', 'state'],
];

const scoreSymbol = (score: StateScore): string =>
  `PRUNING_SCORE_${score.replace(/([a-z])(V|Vhat|M2)$/, '$1_$2').toUpperCase()}`;

/** null when nothing is pruned. Throws ConfigError. */
export function pruningOf(read: Reader, optimizer: OptimizerKind): PruningConfig | null {
  const method = read.choice('PRUNING', METHODS);
  if (method === null) return null;
  if (method === 'state' && !hasMoments(optimizer))
    throw new ConfigError(
      'PRUNING_STATE',
      'PRUNING_STATE scores weights by exp_avg and exp_avg_sq, which this optimizer does not keep: choose one of the Adam family',
    );
  const score: ScoreName =
    method === 'state'
      ? read.choice<StateScore>(
          'PRUNING_SCORE',
          STATE_SCORES.map((name) => [scoreSymbol(name), name] as const),
        )
      : method;
  const maxIters = read.int('MAX_ITERS');
  const start = read.int('PRUNING_START');
  const end = read.int('PRUNING_END') || Math.round(0.6 * maxIters);
  if (end > maxIters)
    throw new ConfigError(
      'PRUNING_END',
      `PRUNING_END=${end} is beyond MAX_ITERS=${maxIters}: the ramp would not reach its target`,
    );
  if (start >= end)
    throw new ConfigError('PRUNING_START', `PRUNING_START=${start} must come before the end of the ramp at ${end}`);
  return {
    method,
    score,
    eps: method === 'state' ? read.real('PRUNING_EPS', 0, 1) : 0,
    q: score.startsWith('generic') ? read.real('PRUNING_Q', 0, 4) : 0,
    target: read.real('PRUNING_TARGET_SPARSITY', 0, 1, 'max'),
    start,
    end,
    every: read.int('PRUNING_EVERY'),
    ramp: read.choice<Ramp>('PRUNING_RAMP', [
      ['PRUNING_RAMP_CUBIC', 'cubic'],
      ['PRUNING_RAMP_ZHU_GUPTA', 'zhuGupta'],
      ['PRUNING_RAMP_LINEAR', 'linear'],
    ]),
    scope: read.choice<PruneScope>('PRUNING_SCOPE', [
      ['PRUNING_SCOPE_GLOBAL', 'global'],
      ['PRUNING_SCOPE_TENSOR', 'tensor'],
      ['PRUNING_SCOPE_DEPTH', 'depth'],
      ['PRUNING_SCOPE_RATIO', 'ratio'],
    ]),
    set: read.choice<PrunableSet>('PRUNING_SET', [
      ['PRUNING_SET_BLOCKS', 'blocks'],
      ['PRUNING_SET_REPO', 'repo'],
    ]),
    maskState: read.choice<PruningConfig['maskState']>('PRUNING_MASK_STATE', [
      ['PRUNING_MASK_STATE_ALL', 'all'],
      ['PRUNING_MASK_STATE_REPO', 'repo'],
    ]),
    epsOfMedian: method === 'state' && read.bool('PRUNING_EPS_OF_MEDIAN'),
    rebalance: read.bool('PRUNING_REBALANCE'),
    sample: read.bool('PRUNING_SELECT_SAMPLE') ? read.real('PRUNING_SAMPLE_FRACTION', 0, 1, 'min') : null,
  };
}
