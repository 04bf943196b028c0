/**
 * A run or matrix directory as one zip and back. The zip holds the same tree and SHA256SUMS (the format of sha256sum). Equal
 * directories give equal zips: entries are sorted and undated.
 */
import { zipSync } from 'fflate';
import { sha256Bytes } from '@/data/hash';
import { withoutPaths } from '../manifest/build';
import { findingText, readManifest } from '../manifest/read';
import { type RunDirectory } from '../run-directory';
import { ArchiveError, type ZipLimits, nameProblem, readZip } from './zip-read';

const SUMS = 'SHA256SUMS';
/** Zip's first day: a date would make equal directories differ. */
const MTIME = new Date(1980, 0, 1);

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What leaves this machine says nothing about its folders. */
function cleaned(path: string, bytes: Uint8Array): Uint8Array {
  const name = path.split('/').at(-1);
  if (name === 'config.full' || name === 'config.min') return new TextEncoder().encode(withoutPaths(text(bytes)));
  if (name === 'log.txt') return new TextEncoder().encode(text(bytes).replace(/[^\s"']*[/\\][^\s"']*/g, '[...]'));
  return bytes;
}

export interface ExportOptions {
  /** Leave out optimizer.safetensors: smaller, but the run cannot be continued elsewhere. */
  readonly withoutState?: boolean;
}

export async function exportBundle(
  directory: RunDirectory,
  { withoutState = false }: ExportOptions = {},
): Promise<Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const sums: string[] = [];
  for (const path of [...(await directory.list())].sort()) {
    if (path === SUMS || (withoutState && path.endsWith('optimizer.safetensors'))) continue;
    const problem = nameProblem(path);
    if (problem !== null) throw new ArchiveError(`${path} ${problem}`);
    files[path] = cleaned(path, (await directory.read(path))!);
    sums.push(`${await sha256Bytes(files[path])}  ${path}\n`);
  }
  if (!Object.hasOwn(files, 'manifest.json'))
    throw new ArchiveError('the directory holds no manifest.json: no run to export');
  files[SUMS] = new TextEncoder().encode(sums.join(''));
  const entries = Object.entries(files).map(([path, bytes]) => {
    const level = path.endsWith('.safetensors') ? 1 : 6; // weights hardly shrink
    return [path, [bytes, { level, mtime: MTIME }]] as const;
  });
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]);
}

/** Unpacks and checks everything: archive, checksums, manifests. Throws ArchiveError at the first thing that is wrong. */
export async function openBundle(zip: Uint8Array, limits?: ZipLimits): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = readZip(zip, limits);
  const sums = files.get(SUMS);
  if (!sums) throw new ArchiveError(`holds no ${SUMS}: it was not made by "wb export"`);
  const listed = new Map<string, string>();
  for (const line of text(sums).split('\n').slice(0, -1)) {
    const match = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
    if (!match || listed.has(match[2]!))
      throw new ArchiveError(`${SUMS} has a line that is no checksum: ${JSON.stringify(line.slice(0, 80))}`);
    listed.set(match[2]!, match[1]!);
  }
  for (const path of files.keys())
    if (path !== SUMS && !listed.has(path)) throw new ArchiveError(`${path} has no checksum in ${SUMS}`);
  for (const [path, sum] of listed) {
    const bytes = files.get(path);
    if (!bytes) throw new ArchiveError(`${path} stands in ${SUMS} and is missing`);
    if ((await sha256Bytes(bytes)) !== sum) throw new ArchiveError(`${path} has another checksum than ${SUMS} states`);
  }
  if (!files.has('manifest.json')) throw new ArchiveError('holds no manifest.json');
  for (const path of files.keys()) if (/(^|\/)manifest\.json$/.test(path)) checkManifest(path, files, listed);
  return files;
}

function checkManifest(path: string, files: ReadonlyMap<string, Uint8Array>, sums: ReadonlyMap<string, string>): void {
  const prefix = path.slice(0, -'manifest.json'.length);
  const beside = new Map(
    [...sums].filter(([p]) => p.startsWith(prefix)).map(([p, sum]) => [p.slice(prefix.length), sum]),
  );
  const error = readManifest(text(files.get(path)!), beside).findings.find((f) => f.severity === 'error');
  if (error) throw new ArchiveError(`${path}: ${findingText(error)}`);
}

/** Writes an opened bundle; its manifest last, so that a directory with a manifest is complete. */
export async function importBundle(zip: Uint8Array, directory: RunDirectory, limits?: ZipLimits): Promise<number> {
  if ((await directory.list()).length > 0) throw new ArchiveError('the directory to import into is not empty');
  const files = await openBundle(zip, limits);
  const order = [...files.keys()]
    .filter((path) => path !== SUMS)
    .sort((a, b) => Number(a === 'manifest.json') - Number(b === 'manifest.json'));
  for (const path of order) await directory.write(path, files.get(path)!);
  return order.length;
}
