/** wb eval: the held-out loss of a finished run, measured again. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { sha256Bytes } from '@/data/hash';
import type { NamedTensors } from '@/experiment/backend';
import { makeRunId, utc } from '@/experiment/manifest/build';
import { evalManifest } from '@/experiment/manifest/build-eval';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { readSafetensors } from '@/experiment/safetensors';
import { configOf, manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { host } from './host';
import { UsageError, print } from './options';
import { positiveSteps } from './run';
import { adapterText, openEngine, openRunnable } from './train-run';

interface EvalOptions {
  readonly weights: string;
  readonly batches?: string;
  readonly backend?: string;
  readonly software?: boolean;
  readonly json?: boolean;
  readonly out?: string;
}

export function registerEval(program: Command): void {
  program
    .command('eval')
    .description('held-out loss of the weights of a run')
    .argument('<dir>', 'run directory')
    .option('--weights <which>', 'best, last, or a .safetensors file', 'best')
    .option('--batches <n>', 'evaluation batches (default: EVAL_BATCHES of the run)')
    .option('--backend <name>', 'webgpu or reference (default: that of the run)')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--out <file>', 'write a manifest of kind "eval"')
    .option('--json', 'print one JSON document')
    .action(evaluate);
}

async function weightsFile(directory: DiskDirectory, which: string): Promise<string> {
  if (which === 'best') return join(directory.root, 'best.safetensors');
  if (which !== 'last') return which;
  const steps = (await directory.list()).flatMap((file) => /^checkpoints\/(\d+)\.safetensors$/.exec(file)?.[1] ?? []);
  if (steps.length === 0) throw new UsageError(`${directory.root} has no checkpoint`);
  return join(directory.root, 'checkpoints', `${Math.max(...steps.map(Number))}.safetensors`);
}

async function evaluate(dir: string, options: EvalOptions): Promise<void> {
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  const manifest = await manifestOf(directory);
  const config = await configOf(directory);
  const file = await weightsFile(directory, options.weights);
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`);
  const bytes = readFileSync(file);
  const { tensors, metadata } = readSafetensors(bytes);
  const batches = positiveSteps(options.batches) ?? config.experiment.training.evalBatches;
  const experiment = { ...config.experiment, training: { ...config.experiment.training, evalBatches: batches } };
  const backend = options.backend ?? (manifest.device?.backend === 'cpu' ? 'reference' : 'webgpu');
  const engine = await openEngine({ ...options, backend });
  if (!options.json) process.stderr.write(`${adapterText(engine)}\n`);
  const open = await openRunnable({ ...config, experiment }, engine, { ...options, backend });
  if (manifest.data && manifest.data.sha256 !== open.corpus.hash)
    throw new Error(`${dir}: the data set ${open.corpus.name} is not the one that the run trained on`);
  await open.backend.loadParameters(f32Tensors(tensors, file));
  const result = await open.backend.evaluate();
  const createdAt = utc(new Date());
  const step = Number(metadata['step'] ?? NaN);
  if (options.out !== undefined) {
    const identity = {
      runId: makeRunId(`${manifest.preset ?? 'run'}-eval`, createdAt, config.full), project: manifest.project, preset: manifest.preset ?? '',
      createdAt, overrides: manifest.config?.overrides ?? {}, minimal: config.minimal, full: config.full, stopAt: null, parents: [manifest.runId], host: host(),
    }; // prettier-ignore
    const weights = { file: file.split(/[/\\]/).at(-1)!, sha256: await sha256Bytes(bytes) };
    await new DiskDirectory('.').write(
      options.out,
      serializeManifest(evalManifest({ identity, open, adapter: engine?.adapter ?? null, result, weights, step })),
    );
  }
  open.backend.destroy();
  const document = { run: dir, weights: file, step: Number.isNaN(step) ? null : step, batches, val_loss: result.loss, perplexity: Math.exp(result.loss), ...(result.metric ? { [result.metric.name]: result.metric.value } : {}) }; // prettier-ignore
  if (options.json) return print(document);
  const metric = result.metric ? `  ${result.metric.name} ${result.metric.value.toFixed(4)}` : '';
  process.stdout.write(
    `${file}: val loss ${result.loss.toFixed(4)}  perplexity ${Math.exp(result.loss).toFixed(3)}${metric}  (${batches} batches)\n`,
  );
}

function f32Tensors(tensors: ReturnType<typeof readSafetensors>['tensors'], file: string): NamedTensors {
  const out = new Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>();
  for (const [name, tensor] of tensors) {
    if (tensor.dtype !== 'F32' && tensor.dtype !== 'F16')
      throw new UsageError(`${file}: tensor ${name} is ${tensor.dtype}, no weights`);
    out.set(name, { shape: tensor.shape, data: tensor.data });
  }
  return out;
}
