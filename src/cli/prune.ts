/** wb prune: prunes a trained checkpoint once and evaluates it. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { openDevice } from '@/engine/device';
import { experimentConfig } from '@/experiment/config';
import { calibrate } from '@/experiment/calibration';
import { openStrict, symbolValues } from '@/experiment/kconfig-tree';
import {
  ONE_SHOT_SCORES,
  type OneShotScore,
  isStateScore,
  missingSlot,
  needsCalibration,
  pruneOnce,
} from '@/experiment/one-shot';
import { openRun } from '@/experiment/open-run';
import { readSafetensors } from '@/experiment/safetensors';
import { dawn } from './dawn';
import { UsageError, loaders, print } from './options';
import { lastCheckpoint, runFile, savedState } from './run-files';

interface PruneOptions {
  readonly run: string;
  readonly score: string;
  readonly sparsity: string;
  readonly scope: string;
  readonly eps: string;
  readonly seed: string;
  readonly sequences: string;
  readonly backend: string;
  readonly json?: boolean;
}

export function registerPrune(program: Command): void {
  program
    .command('prune')
    .description('prune the last checkpoint of a run once, without training, and evaluate it')
    .requiredOption('--run <dir>', 'run directory')
    .option('--score <list>', `comma-separated: ${ONE_SHOT_SCORES.join(', ')}`, 'magnitude')
    .option('--sparsity <x>', 'share of the block weights, in [0, 1)', '0.5')
    .option('--scope <name>', 'global or tensor', 'global')
    .option('--eps <x>', 'epsilon of fisher and state scores', '1e-8')
    .option('--seed <n>', 'of random scores and calibration sequences', '1')
    .option('--sequences <n>', 'calibration sequences of fisher and wanda', '16')
    .option('--backend <name>', 'webgpu or reference', 'webgpu')
    .option('--json', 'print one JSON document')
    .action(prune);
}

/** The moments that were saved with the last checkpoint. */
function optimizerState(run: string): Map<string, { data: ArrayLike<number> }> {
  const state = new Map<string, { data: ArrayLike<number> }>();
  for (const [name, { dtype, data }] of savedState(run).state)
    if (dtype === 'F32' || dtype === 'F64') state.set(name, { data });
  return state;
}

function parsed(options: PruneOptions) {
  const sparsity = Number(options.sparsity);
  if (!(sparsity >= 0 && sparsity < 1)) throw new UsageError(`--sparsity ${options.sparsity}: give a number in [0, 1)`);
  if (options.scope !== 'global' && options.scope !== 'tensor')
    throw new UsageError(`--scope ${options.scope}: use global or tensor`);
  const [eps, seed, sequences] = [Number(options.eps), Number(options.seed), Number(options.sequences)];
  if (!(eps >= 0) || !Number.isInteger(seed) || !(Number.isInteger(sequences) && sequences > 0))
    throw new UsageError('--eps must be at least 0, --seed an integer, --sequences a positive integer');
  const scores = options.score.split(',').map((name): OneShotScore => {
    const known = ONE_SHOT_SCORES.find((score) => score === name);
    if (!known) throw new UsageError(`--score ${name}: there are ${ONE_SHOT_SCORES.join(', ')}`);
    return known;
  });
  return { sparsity, scope: options.scope, eps, seed, sequences, scores } as const;
}

async function prune(options: PruneOptions): Promise<void> {
  const { scores, ...settings } = parsed(options);
  const text = runFile(options.run, 'config.full').toString();
  const trained = experimentConfig(symbolValues(openStrict(text, join(options.run, 'config.full'))));
  const path = lastCheckpoint(options.run);
  const weights = readSafetensors(runFile(options.run, path)).tensors;
  const state = scores.some(isStateScore)
    ? optimizerState(options.run)
    : new Map<string, { data: ArrayLike<number> }>();
  for (const score of scores) {
    const slot = missingSlot(score, state);
    if (slot !== null)
      throw new UsageError(`--score ${score}: needs ${slot}, which the optimizer of ${options.run} does not keep`);
  }
  const engine = options.backend === 'reference' ? null : await openDevice(await dawn());
  const { backend, model, corpus } = await openRun({
    config: { ...trained, pruning: null },
    engine,
    loaders: loaders(),
  });
  await backend.loadParameters(
    new Map([...weights].map(([name, t]) => [name, { shape: t.shape, data: t.data as Float32Array }])),
  );
  const calibration = scores.some(needsCalibration)
    ? await calibrate({ engine, model, corpus, weights: await backend.parameters(), ...settings })
    : null;
  const results = [];
  for (const score of scores)
    results.push({ score, ...(await pruneOnce(backend, { ...settings, score }, state, calibration)) });
  backend.destroy();
  if (options.json) return print({ run: options.run, checkpoint: path, sparsity: settings.sparsity, results });
  const lines = results.flatMap((r) => [
    `${r.score.padEnd(12)} loss ${r.lossBefore.toFixed(4)} -> ${r.loss.toFixed(4)}  pruned ${r.pruned} of ${r.prunable}  Jaccard with magnitude ${r.jaccardMagnitude.toFixed(3)}`,
    ...Object.entries(r.density).map(([name, share]) => `  ${name.padEnd(44)} ${(100 * share).toFixed(1)} % kept`),
  ]);
  process.stdout.write(`${path}\n${lines.join('\n')}\n`);
}
