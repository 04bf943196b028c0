/** wb fisher-adam: a checkpoint's second moment beside the Fisher diagonal of its weights. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { openDevice } from '@/engine/device';
import { experimentConfig } from '@/experiment/config';
import { BOTTOM_SHARES, type FisherAdamReport, RANK_SAMPLE, atRest, compareFisherAdam } from '@/experiment/fisher-adam';
import { openStrict, symbolValues } from '@/experiment/kconfig-tree';
import { openRun } from '@/experiment/open-run';
import { readSafetensors } from '@/experiment/safetensors';
import { maskFlags, secondMoment } from '@/experiment/second-moment';
import { dawn } from './dawn';
import { UsageError, loaders, print } from './options';
import { lastCheckpoint, runFile, savedState } from './run-files';

interface FisherOptions {
  readonly run: string;
  readonly sequences: string;
  readonly batches: string;
  readonly beta2: string;
  readonly seed: string;
  readonly backend: string;
  readonly json?: boolean;
}

export function registerFisherAdam(program: Command): void {
  program
    .command('fisher-adam')
    .description("compare a run's exp_avg_sq with the Fisher diagonal of its last checkpoint")
    .requiredOption('--run <dir>', 'run directory')
    .option('--sequences <n>', 'training sequences, each a gradient of its own', '256')
    .option('--batches <list>', 'group sizes of the batch sweep', '1,4,16')
    .option('--beta2 <list>', 'windows of the sweep, at fixed weights', '0.9,0.99,0.999')
    .option('--seed <n>', 'of the elements that rank correlations look at', '1')
    .option('--backend <name>', 'webgpu or reference', 'webgpu')
    .option('--json', 'print one JSON document')
    .action(fisherAdam);
}

function numbers(option: string, text: string, ok: (x: number) => boolean, what: string): number[] {
  const values = text.split(',').map(Number);
  if (!values.every(ok)) throw new UsageError(`${option} ${text}: ${what}`);
  return values;
}

const positive = (x: number): boolean => Number.isInteger(x) && x > 0;

async function fisherAdam(options: FisherOptions): Promise<void> {
  const settings = {
    sequences: numbers('--sequences', options.sequences, positive, 'give a whole number from 1')[0]!,
    batches: numbers('--batches', options.batches, positive, 'give whole numbers from 1'),
    beta2: numbers('--beta2', options.beta2, (x) => x >= 0 && x < 1, 'give numbers in [0, 1)'),
    seed: numbers('--seed', options.seed, Number.isInteger, 'give a whole number')[0]!,
    bottom: BOTTOM_SHARES,
    sample: RANK_SAMPLE,
  };
  if (options.backend !== 'webgpu' && options.backend !== 'reference')
    throw new UsageError(`--backend ${options.backend}: use webgpu or reference`);
  const text = runFile(options.run, 'config.full').toString();
  const trained = experimentConfig(symbolValues(openStrict(text, join(options.run, 'config.full'))));
  const checkpoint = lastCheckpoint(options.run);
  const { state } = savedState(options.run);
  const vhat = secondMoment(state, trained);
  if (vhat === null)
    throw new UsageError(
      `${options.run}: its optimizer keeps no exp_avg_sq; Fisher and Adam need one of the Adam family`,
    );
  const engine = options.backend === 'reference' ? null : await openDevice(await dawn());
  const { backend } = await openRun({ config: atRest(trained), engine, loaders: loaders() });
  const weights = readSafetensors(runFile(options.run, checkpoint)).tensors;
  await backend.loadParameters(
    new Map([...weights].map(([name, t]) => [name, { shape: t.shape, data: t.data as Float32Array }])),
  );
  const { batchSize, gradientAccumulation, maxIters } = trained.training;
  const report = await compareFisherAdam(
    { backend, vhat, keep: maskFlags(state), batch: batchSize * gradientAccumulation, firstStep: maxIters },
    settings,
  );
  backend.destroy();
  const adapter = engine ? engine.adapter.description || engine.adapter.architecture : 'CPU reference, f64';
  if (options.json) return print({ run: options.run, checkpoint, adapter, beta2: trained.optimizer.beta2, ...report });
  process.stdout.write(`${checkpoint}\n${describe(report)}\n`);
}

const fixed = (x: number): string => (Number.isNaN(x) ? '-' : x.toFixed(3));

function describe(report: FisherAdamReport): string {
  const { pooled, tensors, bottom, overBatch, overBeta2, sequences, batch, meanShare } = report;
  const row = (
    label: string,
    a: { readonly spearman: number; readonly logPearson: number; readonly ratio: number },
  ): string =>
    `${label.padEnd(44)} ${fixed(a.spearman).padStart(8)} ${fixed(a.logPearson).padStart(11)} ${fixed(a.ratio).padStart(8)}`;
  return [
    `F_emp of ${sequences} sequences; updates of ${batch} sequences; sum mu^2 / sum F ${fixed(meanShare)} (floor ${fixed(1 / sequences)})`,
    `${''.padEnd(44)} ${'Spearman'.padStart(8)} ${'log Pearson'.padStart(11)} ${'B v / F'.padStart(8)}`,
    row('v, pooled', pooled),
    ...tensors.map((t) => row(`  ${t.name}`, t)),
    ...overBatch.map((b) => row(`F_mb, batch ${b.batch} (${b.groups} groups)`, b)),
    ...overBeta2.map((b) => row(`v at rest, beta2 ${b.beta2} (${b.updates} updates)`, b)),
    ...bottom.map((b) => `bottom ${(100 * b.share).toFixed(0)} % of the block weights: Jaccard ${fixed(b.value)} by F and v, ${fixed(b.score)} by |w| times their fourth roots`),
    'v approximates F / B near convergence; where the two part, the squared mean gradient or the window of v says why.',
  ].join('\n'); // prettier-ignore
}
