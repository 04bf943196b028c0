/** wb fisher: the Fisher traces of a checkpoint, kept in the run for the layer policies. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { NamedTensors } from '@/experiment/backend';
import { type FisherReport, fisherReport } from '@/experiment/fisher-trace';
import { repoProbe } from '@/experiment/fisher-probe';
import { FISHER_FILE } from '@/experiment/layer-signals';
import { loadRunCorpus } from '@/experiment/open-run';
import { readSafetensors } from '@/experiment/safetensors';
import { STATE_FILE } from '@/experiment/session/state-file';
import { isWeight } from '@/experiment/training-state';
import { configOf, manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { UsageError, loaders, print } from './options';
import { positiveSteps } from './run';
import { adapterText, openEngine } from './train-run';

interface FisherOptions {
  readonly run: string;
  readonly weights?: string;
  readonly sequences: string;
  readonly spectrum?: boolean;
  readonly repoProbe?: boolean;
  readonly backend?: string;
  readonly software?: boolean;
  readonly json?: boolean;
}

export function registerFisher(program: Command): void {
  program
    .command('fisher')
    .description('attention Fisher trace of a checkpoint, layer by layer, beside its null and three other signals')
    .requiredOption('--run <dir>', 'run directory')
    .option('--weights <file>', 'a .safetensors file (default: the saved state, else the best weights)')
    .option('--sequences <n>', 'held-out sequences', '8')
    .option('--spectrum', 'eigenvalues of every head too')
    .option('--repo-probe', 'the published way too: random tokens, dropout, three layers, 64 rows')
    .option('--backend <name>', 'webgpu or reference (default: that of the run)')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document')
    .action(fisher);
}

/** Weights, and the second moments of the same step where the file holds them. */
export function checkpoint(run: string, named: string | undefined) {
  const file = named ?? [STATE_FILE, 'best.safetensors'].map((f) => join(run, f)).find(existsSync);
  if (file === undefined || !existsSync(file))
    throw new UsageError(file === undefined ? `${run} holds no checkpoint: train it first, with CHECKPOINT_INTERVAL or to its end` : `${file}: no such file`); // prettier-ignore
  const { tensors, metadata } = readSafetensors(readFileSync(file));
  const weights = new Map<string, NamedTensors extends ReadonlyMap<string, infer T> ? T : never>();
  const moments = new Map<string, ArrayLike<number>>();
  for (const [name, { dtype, shape, data }] of tensors) {
    if (dtype !== 'F32' && dtype !== 'F64' && dtype !== 'F16') continue;
    if (name.startsWith('exp_avg_sq.')) moments.set(name.slice('exp_avg_sq.'.length), data);
    else if (isWeight(name)) weights.set(name, { shape, data: Float32Array.from(data) });
  }
  return { file, step: metadata['step'] === undefined ? null : Number(metadata['step']), weights, moments: moments.size > 0 ? moments : null }; // prettier-ignore
}

async function fisher(options: FisherOptions): Promise<void> {
  const { run } = options;
  if (!existsSync(run)) throw new UsageError(`${run}: no such directory`);
  const directory = new DiskDirectory(run);
  const manifest = await manifestOf(directory);
  const { experiment, customText } = await configOf(directory);
  const sequences = positiveSteps(options.sequences)!;
  const { file, step, weights, moments } = checkpoint(run, options.weights);
  const backend = options.backend ?? (manifest.device?.backend === 'cpu' ? 'reference' : 'webgpu');
  const engine = await openEngine({ ...options, backend });
  if (!options.json) process.stderr.write(`${adapterText(engine)}\n`);
  const corpus = await loadRunCorpus(experiment, loaders(), customText);
  if (manifest.data && manifest.data.sha256 !== corpus.hash)
    throw new Error(`${run}: the data set ${corpus.name} is not the one that the run trained on`);
  const model = { ...experiment.model, vocabSize: corpus.vocabSize };
  const { seed } = experiment.training;
  const request = { engine, model, corpus, weights, moments, seed, sequences, spectrum: options.spectrum ?? false };
  const report = await fisherReport(request);
  const probe = options.repoProbe ? { repo_probe: await repoProbe(request) } : {};
  const document = { run, weights: file, step, ...report, ...probe };
  await directory.write(FISHER_FILE, `${JSON.stringify(document, null, 2)}\n`);
  if (options.json) return print(document);
  process.stdout.write(`${file}\n${table(report)}`);
}

function table({ seq, sequences, uniform, layers, signals, rank_correlations: correlations }: FisherReport): string {
  const lines = layers.map(({ layer, branch, trace, of_uniform: share, entropy, collision }) => {
    const own = branch === 'standard';
    const f3 = own ? signals.f3[layer]!.toExponential(3) : '-';
    const f4 = own ? (signals.f4?.[layer]!.toExponential(3) ?? '-') : '-';
    return `${String(layer).padStart(5)} ${branch.padEnd(11)} ${trace.toFixed(4)}  ${share.toFixed(4)}  ${entropy.toFixed(4)}  ${collision.toExponential(3)}  ${f3}  ${f4}`;
  });
  const pairs = Object.entries(correlations).map(([pair, r]) => `${pair.replace('_', '/')} ${r === null ? '-' : r.toFixed(3)}`); // prettier-ignore
  return [
    `${sequences} held-out sequences of ${seq}; uniform attention: trace ${uniform.trace.toFixed(4)}, entropy ${uniform.entropy.toFixed(4)} nats`,
    'layer attention   F1      /unif.  entropy F2         F3         F4',
    ...lines,
    `rank correlation over the layers: ${pairs.join('  ')}`,
    '',
  ].join('\n');
}
