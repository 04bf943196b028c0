/** What of a finished run can go, at two strengths; the page and `wb clean` share it. */
import { readManifest } from '../manifest/read';
import { serializeManifest } from '../manifest/serialize';
import { type RunDirectory, readText } from '../run-directory';
import { STATE_FILE } from './state-file';

/** `state`: what only continuing needs, and checkpoints on the way. `weights`: all weights and trackers; comparing and replaying stay possible. */
export type StripStrength = 'state' | 'weights';

const DROPPED: Readonly<Record<StripStrength, (path: string) => boolean>> = {
  state: (path) => path === STATE_FILE || path.startsWith('checkpoints/'),
  weights: (path) => path.endsWith('.safetensors') || path.startsWith('trackers/'),
};

export const strippable = async (directory: RunDirectory, strength: StripStrength): Promise<readonly string[]> =>
  (await directory.list()).filter(DROPPED[strength]);

/** Deletes files of a finished run, and takes weights that are gone off the manifest's list, so that it stays valid. */
export async function stripRun(directory: RunDirectory, strength: StripStrength): Promise<void> {
  const gone = await strippable(directory, strength);
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
