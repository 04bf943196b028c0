/** Three strengths of cleaning. Runs that a tab is writing, and runs that could still be continued, keep what they need. */
import { readManifest } from '@/experiment/manifest/read';
import { serializeManifest } from '@/experiment/manifest/serialize';
import { readText } from '@/experiment/run-directory';
import { STATE_FILE } from '@/experiment/session/state-file';
import type { CleanResult, CleanStrength, RunEntry } from '../store-protocol';
import { lockRun } from './locks';
import type { OpfsDirectory } from './opfs-directory';
import type { RunStore } from './run-store';

const DROPPED: Readonly<Record<Exclude<CleanStrength, 'all'>, (path: string) => boolean>> = {
  state: (path) => path === STATE_FILE || path.startsWith('checkpoints/'),
  weights: (path) => path.endsWith('.safetensors') || path.startsWith('trackers/'),
};

/** Deletes files of a finished run, and takes weights that are gone off the manifest's list, so that it stays valid. */
async function strip(directory: OpfsDirectory, drop: (path: string) => boolean): Promise<void> {
  const gone = (await directory.list()).filter(drop);
  const text = await readText(directory, 'manifest.json');
  const manifest = text === null ? null : readManifest(text).manifest;
  if (manifest?.results) {
    const weights = manifest.results.weights.filter(({ file }) => !gone.includes(file));
    await directory.write(
      'manifest.json',
      serializeManifest({ ...manifest, results: { ...manifest.results, weights } }),
    );
  }
  for (const path of gone) await directory.remove(path);
}

export async function clean(store: RunStore, strength: CleanStrength): Promise<CleanResult> {
  let [runs, bytes, skipped] = [0, 0, 0];
  for (const entry of await store.list()) {
    if (strength !== 'all' && entry.status !== 'ok') continue;
    const lock = await lockRun(entry.id);
    if (!lock) {
      skipped++;
      continue;
    }
    let after: RunEntry | null = null;
    try {
      if (strength === 'all') await store.erase(entry.id);
      else {
        await strip(await store.existing(entry.id), DROPPED[strength]);
        after = await store.refresh(entry.id);
      }
    } finally {
      lock.release();
    }
    const freed = entry.bytes - (after?.bytes ?? 0);
    if (freed > 0) runs++;
    bytes += freed;
  }
  return { runs, bytes, skipped };
}
