/** wb kvs-spline: how well the values of a trained model's heads survive a warp and PCA. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { type SplineReport, splineReport } from '@/experiment/kvs-spline-report';
import { loadRunCorpus } from '@/experiment/open-run';
import { configOf, manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { checkpoint } from './fisher';
import { UsageError, loaders, print } from './options';
import { adapterText, openEngine } from './train-run';

interface SplineOptions {
  readonly run: string;
  readonly weights?: string;
  readonly rank: string;
  readonly knots: string;
  readonly rows: string;
  readonly epochs: string;
  readonly backend?: string;
  readonly software?: boolean;
  readonly json?: boolean;
}

export function registerKvsSpline(program: Command): void {
  program
    .command('kvs-spline')
    .description('compress the values of every head of a checkpoint by a monotone warp and PCA, beside PCA alone')
    .requiredOption('--run <dir>', 'run directory')
    .option('--weights <file>', 'a .safetensors file (default: the saved state, else the best weights)')
    .option('--rank <k>', 'numbers kept of a value; at most the width of a head', '8')
    .option('--knots <n>', 'knots of a warp', '7')
    .option('--rows <n>', 'tokens to fit on, and as many held-out ones to judge by', '256')
    .option('--epochs <n>', 'rounds of the fit', '8')
    .option('--backend <name>', 'webgpu or reference (default: that of the run)')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document')
    .action(kvsSpline);
}

function whole(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= least)) throw new UsageError(`--${option} ${text}: give a whole number, at least ${least}`); // prettier-ignore
  return value;
}

async function kvsSpline(options: SplineOptions): Promise<void> {
  const { run } = options;
  if (!existsSync(run)) throw new UsageError(`${run}: no such directory`);
  const [rank, knots] = [whole('rank', options.rank, 1), whole('knots', options.knots, 2)];
  const [rows, epochs] = [whole('rows', options.rows, 2), whole('epochs', options.epochs, 1)];
  const directory = new DiskDirectory(run);
  const manifest = await manifestOf(directory);
  const { experiment, customText } = await configOf(directory);
  const { nEmbd, nHead } = experiment.model;
  if (rank > nEmbd / nHead) throw new UsageError(`--rank ${rank}: give 1 to ${nEmbd / nHead}, the width of a head`);
  const { file, step, weights } = checkpoint(run, options.weights);
  const backend = options.backend ?? (manifest.device?.backend === 'cpu' ? 'reference' : 'webgpu');
  const engine = await openEngine({ ...options, backend });
  if (!options.json) process.stderr.write(`${adapterText(engine)}\n`);
  const corpus = await loadRunCorpus(experiment, loaders(), customText);
  if (manifest.data && manifest.data.sha256 !== corpus.hash)
    throw new Error(`${run}: the data set ${corpus.name} is not the one that the run trained on`);
  const model = { ...experiment.model, vocabSize: corpus.vocabSize };
  const { seed } = experiment.training;
  const report = await splineReport({ engine, model, corpus, weights, seed, rank, knots, rows, epochs });
  if (options.json) return print({ run, weights: file, step, ...report });
  process.stdout.write(`${file}\n${table(report)}`);
}

function table(report: SplineReport): string {
  const { rank, head_width: width, rows, heads, pca_mse: pca, spline_mse: spline } = report;
  const per = (x: number, power: number): string => `${((100 * x) / power).toFixed(3)} %`.padStart(10);
  return [
    `${rank} of ${width} numbers a value; ${report.cache_bytes_per_token} -> ${report.coded_bytes_per_token} cache bytes a token (f32); ${rows} held-out tokens`,
    'layer head  PCA error  with warp  (of the mean square)  kept',
    ...heads.map(
      (h) =>
        `${String(h.layer).padStart(5)} ${String(h.head).padStart(4)} ${per(h.pca_mse, h.power)} ${per(h.spline_mse, h.power)}                        ${h.kept}`,
    ),
    `mean squared error: PCA ${pca.toExponential(4)}, with the warp ${spline.toExponential(4)} (${(100 * (spline / pca - 1)).toFixed(2)} %)`,
    '',
  ].join('\n');
}
