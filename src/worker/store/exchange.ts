/** How runs leave and enter this browser: archives and links. Loaded when one is made or opened. */
import { exportBundle, openBundle } from '@/experiment/archive/bundle';
import { ArchiveError } from '@/experiment/archive/zip-read';
import type { Manifest } from '@/experiment/manifest/schema';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { type RunDirectory, readText } from '@/experiment/run-directory';
import { CUSTOM_TEXT_FILE } from '../custom-text';
import type { SharedLink, SharedRun } from '../store-protocol';
import { SHARED_FILE, adapterOf } from './entry';
import type { OpfsDirectory } from './opfs-directory';
import type { RunStore } from './run-store';
import { ShareError, packRun, unpackRun } from './share';
import { splitArchive } from './split-archive';

/** One zip with checksums; `withoutState` leaves the optimizer's state out. */
export async function exportRun(store: RunStore, id: string, withoutState: boolean): Promise<Uint8Array> {
  return exportBundle(withoutText(await store.existing(id)), { withoutState });
}

/**
 * Every training run of an archive, each under a name that is free here.
 * @returns the names
 * @throws ArchiveError with the archive's name where it is damaged, hostile or holds no run; nothing of a run stays then
 */
export async function importArchive(store: RunStore, name: string, zip: Uint8Array): Promise<readonly string[]> {
  let files: ReadonlyMap<string, Uint8Array>;
  try {
    files = await openBundle(zip);
  } catch (error) {
    if (error instanceof ArchiveError) throw new ArchiveError(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
  const ids: string[] = [];
  for (const run of splitArchive(files))
    ids.push(
      await create(store, run.id, async (directory) => {
        for (const [path, bytes] of run.files) await directory.write(path, bytes);
      }),
    );
  if (ids.length === 0) throw new ArchiveError(`${name}: holds no training run`);
  return ids;
}

/** A link that holds the run: its manifest and its metrics. @throws ShareError where that is too much or unreadable */
export async function shareRun(store: RunStore, id: string, manifest: Manifest | null): Promise<SharedLink> {
  if (!manifest) throw new ShareError(`${id} has no readable manifest`);
  return packRun(manifest, (await readText(await store.existing(id), 'metrics.jsonl')) ?? '');
}

/** What a link holds, for the reader to look at before anything is kept. @throws ShareError */
export function describeShared(packed: string): SharedRun {
  const { manifest, withoutTimes } = unpackRun(packed);
  const { preset = '', seed = null, createdAt, device, data, results, model } = manifest;
  return {
    runId: manifest.runId,
    preset,
    overrides: manifest.config?.overrides ?? {},
    seed,
    createdAt,
    adapter: adapterOf(device),
    software: device?.software ?? false,
    data: data?.name ?? '',
    parameters: model?.params ?? null,
    status: results?.status ?? 'invalid',
    steps: results?.steps ?? 0,
    valLoss: results?.final['val_loss'] ?? null,
    withoutTimes,
  };
}

/** @returns the name under which the link's run is kept. @throws ShareError */
export async function keepShared(store: RunStore, packed: string): Promise<string> {
  const { manifest, metrics } = unpackRun(packed);
  return create(store, manifest.runId, async (directory) => {
    await directory.write(SHARED_FILE, 'Came in a link: no weights, no checkpoints.\n');
    await directory.write('config.min', manifest.config?.min ?? '');
    await directory.write('config.full', manifest.config?.full ?? '');
    await directory.write('metrics.jsonl', metrics);
    await directory.write('STATUS', `${manifest.results?.status ?? 'invalid'}\n`);
    await directory.write('manifest.json', serializeManifest(manifest));
  });
}

/** A run that is there whole or not at all. */
async function create(
  store: RunStore,
  wanted: string,
  fill: (directory: OpfsDirectory) => Promise<void>,
): Promise<string> {
  const { id, directory, lock } = await store.create(wanted);
  try {
    await fill(directory);
    await store.refresh(id);
    return id;
  } catch (error) {
    await store.erase(id);
    throw error;
  } finally {
    lock.release();
  }
}

/** The reader's own text stays here: an archive is made to be given away. */
function withoutText(directory: RunDirectory): RunDirectory {
  return {
    write: (path, data) => directory.write(path, data),
    append: (path, data) => directory.append(path, data),
    read: (path) => directory.read(path),
    remove: (path) => directory.remove(path),
    list: async () => (await directory.list()).filter((path) => path !== CUSTOM_TEXT_FILE),
  };
}
