/** Taking up one run again: from its last checkpoint to the result that it would have had. */
import { join } from 'node:path';
import { experimentConfig } from '@/experiment/config';
import { symbolValues } from '@/experiment/kconfig-tree';
import { findingText, readManifest } from '@/experiment/manifest/read';
import type { Manifest } from '@/experiment/manifest/schema';
import { readText } from '@/experiment/run-directory';
import { readStatus, rewind } from '@/experiment/session/resume';
import type { RunControl } from '@/experiment/run-control';
import { addedText, readStoredConfig } from '@/experiment/stored-config';
import type { DiskDirectory } from './disk-directory';
import { host } from './host';
import { UsageError, customTextOf } from './options';
import { lockDirectory } from './process-lock';
import { type EngineSlot, type Outcome, adapterText, openEngine, openOn, openRunnable, trainInto } from './train-run';

/** The manifest of a directory. Throws one line: what is missing, or its first error. */
export async function manifestOf(directory: DiskDirectory): Promise<Manifest> {
  const text = await readText(directory, 'manifest.json');
  if (text === null)
    throw new UsageError(
      `${directory.root} holds no run (manifest.json is missing): start it with "wb run --out ${directory.root}"`,
    );
  const { manifest, findings } = readManifest(text);
  const error = findings.find((f) => f.severity === 'error');
  if (!manifest || error)
    throw new Error(`${join(directory.root, 'manifest.json')}: ${error ? findingText(error) : 'unreadable'}`);
  return manifest;
}

/** The configuration that a run directory holds, as the run was started. */
export async function configOf(directory: DiskDirectory) {
  const full = await readText(directory, 'config.full');
  const minimal = await readText(directory, 'config.min');
  if (full === null || minimal === null)
    throw new UsageError(`${directory.root} is no run directory: config.full is missing`);
  const stored = readStoredConfig(full, minimal, join(directory.root, 'config.full'));
  const experiment = experimentConfig(symbolValues(stored.config));
  return { ...stored, experiment, ...customTextOf(experiment) };
}

/** Goes on with one run; null when there is nothing left to do. */
export async function continueRun(
  directory: DiskDirectory,
  options: {
    readonly software?: boolean;
    readonly quiet: boolean;
    /** The device of a matrix. */
    readonly slot?: EngineSlot;
    readonly autotune?: boolean;
    readonly control?: RunControl;
  },
): Promise<Outcome | null> {
  if ((await readStatus(directory)) === 'ok') return null;
  const manifest = await manifestOf(directory);
  const config = await configOf(directory);
  lockDirectory(directory.root); // what follows changes files; trainInto takes it over and lets it go
  await directory.sweep();
  const saved = await rewind(directory, config.experiment.training.checkpointInterval);
  const backend = manifest.device?.backend === 'cpu' ? 'reference' : 'webgpu';
  const engine = options.slot ? options.slot.current : await openEngine({ ...options, backend });
  const say = (line: string): void => void (options.quiet || process.stderr.write(`${line}\n`));
  const before = manifest.device?.adapter;
  if (
    engine &&
    before &&
    (before.description !== engine.adapter.description || before.device !== engine.adapter.device)
  )
    process.stderr.write(
      'wb: this is not the adapter that the run began on: the result may differ in the last digits\n',
    );
  const other = addedText(config);
  if (other) say(`wb: ${other}`);
  say(`${adapterText(engine)}; ${saved ? `from step ${saved.step}` : 'no checkpoint yet: from step 0'}`);
  const open = await openRunnable(config, engine, { backend, ...options });
  if (manifest.data && manifest.data.sha256 !== open.corpus.hash)
    throw new Error(`${directory.root}: the data set ${open.corpus.name} is not the one that the run began with`);
  const outcome = await trainInto({
    open,
    directory,
    engine,
    saved,
    resumedAt: manifest.resumedAt ?? [],
    quiet: options.quiet,
    ...(options.control ? { control: options.control } : {}),
    reopen: () => openOn(config, { backend, ...options }, options.slot),
    identity: {
      runId: manifest.runId,
      project: manifest.project,
      preset: manifest.preset ?? '',
      createdAt: manifest.createdAt,
      overrides: manifest.config?.overrides ?? {},
      minimal: config.minimal,
      full: config.full,
      stopAt: manifest.stopAt ?? null,
      parents: manifest.parents,
      host: host(),
      ...(manifest.interleaved ? { interleaved: manifest.interleaved } : {}),
    },
  });
  open.backend.destroy();
  return outcome;
}
