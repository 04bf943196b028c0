/** wb replay: runs a manifest again and says whether the result is the same. */
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { experimentConfig } from '@/experiment/config';
import { symbolValues } from '@/experiment/kconfig-tree';
import { makeRunId, utc } from '@/experiment/manifest/build';
import { findingText, readManifest } from '@/experiment/manifest/read';
import type { Manifest } from '@/experiment/manifest/schema';
import { type Verdict, compareRuns } from '@/experiment/session/compare-runs';
import { replayEnd, untimed } from '@/experiment/session/time-limit';
import { addedText, readStoredConfig } from '@/experiment/stored-config';
import { unpack } from './archive';
import { manifestOf } from './continue-run';
import { DiskDirectory } from './disk-directory';
import { host } from './host';
import { UsageError, customTextOf, print } from './options';
import { refuseOldRun } from './run';
import { adapterText, openEngine, openOn, openRunnable, trainInto } from './train-run';

interface ReplayOptions {
  readonly out?: string;
  readonly tolerance: string;
  readonly data?: string;
  readonly backend?: string;
  readonly software?: boolean;
  readonly json?: boolean;
}

export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description('run a manifest again: "identical", or the first line that differs')
    .argument('<manifest>', 'manifest.json, the run directory that holds it, or a zip of "wb export"')
    .option('--out <dir>', 'keep the new run here (default: a temporary directory, deleted)')
    .option('--tolerance <r>', 'on another adapter: largest relative difference of any number of metrics.jsonl', '1e-3')
    .option('--data <file>', 'the text of a run on DATASET_CUSTOM')
    .option('--backend <name>', 'webgpu or reference (default: that of the manifest)')
    .option('--software', 'use the software adapter even where there is a GPU')
    .option('--json', 'print one JSON document')
    .action(replay);
}

function openManifest(path: string): { readonly manifest: Manifest; readonly folder: string } {
  if (!existsSync(path)) throw new UsageError(`${path}: no such file or directory`);
  const file = statSync(path).isDirectory() ? join(path, 'manifest.json') : path;
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`);
  const { manifest, findings } = readManifest(readFileSync(file, 'utf8'));
  const error = findings.find((f) => f.severity === 'error');
  if (!manifest || error) throw new Error(`${file}: ${error ? findingText(error) : 'unreadable'}`);
  if (manifest.kind !== 'train')
    throw new UsageError(`${file}: a manifest of kind ${manifest.kind}; runs of kind train are replayed`);
  return { manifest, folder: dirname(file) };
}

/** The configuration of a manifest; `data` gives back the path that the manifest does not hold. */
function configOf(manifest: Manifest, data: string | undefined) {
  const { full, min } = manifest.config!;
  const stored = readStoredConfig(full, min, 'config.full of the manifest');
  const experiment = experimentConfig(symbolValues(stored.config));
  if (experiment.dataset.kind !== 'custom') return { ...stored, experiment };
  if (data === undefined)
    throw new UsageError(`this run trained on a text of its own, ${experiment.dataset.path}: give it with --data FILE`);
  const named = { ...experiment, dataset: { kind: 'custom' as const, path: data } };
  return { ...stored, experiment: named, ...customTextOf(named) };
}

/** True for a file that begins as zip archives do. */
function isArchive(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  const head = Buffer.alloc(2);
  const file = openSync(path, 'r');
  readSync(file, head, 0, 2, 0);
  closeSync(file);
  return head.toString('latin1') === 'PK';
}

async function replay(path: string, options: ReplayOptions): Promise<void> {
  const tolerance = Number(options.tolerance);
  if (!(tolerance >= 0)) throw new UsageError(`--tolerance ${options.tolerance}: give a number of at least 0`);
  if (!isArchive(path)) return replayRun(path, tolerance, options);
  const unpacked = mkdtempSync(join(tmpdir(), 'wb-unpacked-'));
  try {
    await unpack(path, unpacked);
    await replayRun(unpacked, tolerance, options);
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

async function replayRun(path: string, tolerance: number, options: ReplayOptions): Promise<void> {
  const { manifest, folder } = openManifest(path);
  const config = configOf(manifest, options.data);
  const backend = options.backend ?? (manifest.device!.backend === 'cpu' ? 'reference' : 'webgpu');
  const out = options.out ?? mkdtempSync(join(tmpdir(), 'wb-replay-'));
  const directory = new DiskDirectory(out);
  try {
    await refuseOldRun(directory);
    const engine = await openEngine({ ...options, backend });
    const other = addedText(config);
    if (!options.json) process.stderr.write(`${other ? `wb: ${other}\n` : ''}${adapterText(engine)}\n`);
    const runnable = { ...config, experiment: untimed(config.experiment) };
    const open = await openRunnable(runnable, engine, { ...options, backend });
    if (open.corpus.hash !== manifest.data!.sha256)
      throw new Error(`the data set ${open.corpus.name} is not the one of the manifest`);
    const createdAt = utc(new Date());
    const { full, minimal } = config;
    const identity = {
      runId: makeRunId(manifest.preset ?? 'replay', createdAt, full), project: manifest.project, preset: manifest.preset ?? '', createdAt,
      overrides: manifest.config!.overrides, minimal, full, stopAt: replayEnd(manifest, config.experiment), parents: [manifest.runId], host: host(),
    }; // prettier-ignore
    const reopen = () => openOn(runnable, { ...options, backend });
    const quiet = options.json ?? false;
    const outcome = await trainInto({ open, directory, identity, engine, reopen, untimed: true, quiet });
    open.backend.destroy();
    if (outcome.failed !== null) throw new Error(outcome.failed);
    const old = { manifest, directory: new DiskDirectory(folder) };
    const verdict = await compareRuns(old, { manifest: await manifestOf(directory), directory }, tolerance);
    report(verdict, options.json ?? false);
  } finally {
    if (options.out === undefined) rmSync(out, { recursive: true, force: true });
  }
}

function report(verdict: Verdict, json: boolean): void {
  if (json) print(verdict);
  else process.stdout.write(`${verdict.text}\n`);
  if (verdict.result === 'differs') process.exitCode = 1;
}
