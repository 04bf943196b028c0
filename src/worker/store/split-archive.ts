/** An opened archive as runs: itself, or the cells of a matrix. Manifests come last, so that a directory with one is complete. */
import { readManifest } from '@/experiment/manifest/read';

export interface ArchivedRun {
  readonly id: string;
  readonly files: readonly (readonly [path: string, bytes: Uint8Array])[];
}

export function splitArchive(files: ReadonlyMap<string, Uint8Array>): ArchivedRun[] {
  const prefixes = files.has('matrix.json')
    ? [...files.keys()].flatMap((path) => /^(cells\/[^/]+\/)manifest\.json$/.exec(path)?.[1] ?? [])
    : [''];
  return prefixes.flatMap((prefix) => {
    const { manifest } = readManifest(new TextDecoder().decode(files.get(`${prefix}manifest.json`)));
    if (manifest?.kind !== 'train') return [];
    const own = [...files]
      .filter(([path]) => path.startsWith(prefix) && path !== 'SHA256SUMS')
      .map(([path, bytes]) => [path.slice(prefix.length), bytes] as const)
      .sort(([a], [b]) => Number(a === 'manifest.json') - Number(b === 'manifest.json'));
    return [{ id: manifest.runId, files: own }];
  });
}
