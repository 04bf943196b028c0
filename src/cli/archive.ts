/** wb export and wb import: a run or matrix directory as one zip with checksums; wb manifest: check one, or print the schema. */
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { sha256Bytes } from '@/data/hash';
import { exportBundle, importBundle } from '@/experiment/archive/bundle';
import { ArchiveError, DEFAULT_LIMITS } from '@/experiment/archive/zip-read';
import { findingText, readManifest } from '@/experiment/manifest/read';
import { manifestJsonSchema } from '@/experiment/manifest/schema';
import { stableJson } from '@/experiment/manifest/serialize';
import { DiskDirectory } from './disk-directory';
import { UsageError, print } from './options';

export function registerArchive(program: Command): void {
  program
    .command('export')
    .description('a run or matrix directory as one zip with checksums')
    .argument('<dir>', 'run or matrix directory')
    .requiredOption('--out <file>', 'zip to write')
    .option('--without-state', 'leave out what only "wb continue" needs')
    .action(exportDirectory);
  program
    .command('import')
    .description('unpack a zip of "wb export" after checking all of it')
    .argument('<file>', 'zip')
    .requiredOption('--out <dir>', 'directory to write; must be empty or not exist')
    .option('--max-bytes <n>', 'refuse archives that unpack to more', String(DEFAULT_LIMITS.maxBytes))
    .action(importFile);
  const manifest = program.command('manifest').description('run manifests: check one, or print their JSON Schema');
  manifest.exitOverride();
  manifest
    .command('check')
    .description('validate a manifest (V1 to V15); in a run directory also the checksums of its files')
    .argument('<path>', 'manifest.json or a run directory')
    .option('--json', 'print one JSON document')
    .action(checkManifest);
  manifest
    .command('schema')
    .description('the JSON Schema of wb-manifest/1')
    .action(() => void process.stdout.write(stableJson(manifestJsonSchema())));
}

export async function exportDirectory(
  dir: string,
  options: { readonly out: string; readonly withoutState?: boolean },
): Promise<void> {
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const zip = await archived(dir, () =>
    exportBundle(new DiskDirectory(dir), { withoutState: options.withoutState ?? false }),
  );
  try {
    writeFileSync(`${options.out}.tmp`, zip);
    renameSync(`${options.out}.tmp`, options.out);
  } catch (error) {
    throw new Error(`${options.out}: cannot be written (${(error as NodeJS.ErrnoException).code ?? 'error'})`, {
      cause: error,
    });
  }
  process.stderr.write(`${options.out}: ${zip.length} bytes, sha256 ${await sha256Bytes(zip)}\n`);
}

/** Unpacks an archive after checking all of it; how many files. Throws ArchiveError with the archive's name. */
export async function unpack(file: string, out: string, maxBytes = DEFAULT_LIMITS.maxBytes): Promise<number> {
  if (statSync(file).size > maxBytes) throw new Error(`${file}: is larger than --max-bytes ${maxBytes}`);
  const limits = { ...DEFAULT_LIMITS, maxBytes };
  return archived(file, () => importBundle(readFileSync(file), new DiskDirectory(out), limits));
}

async function importFile(file: string, options: { readonly out: string; readonly maxBytes: string }): Promise<void> {
  const maxBytes = Number(options.maxBytes);
  if (!(Number.isInteger(maxBytes) && maxBytes > 0))
    throw new UsageError(`--max-bytes ${options.maxBytes}: give a positive integer`);
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`);
  if (statSync(file).isDirectory()) throw new UsageError(`${file}: is a directory, no zip of "wb export"`);
  const count = await unpack(file, options.out, maxBytes);
  process.stderr.write(`${options.out}: ${count} files, all checked\n`);
}

/** Puts the archive's name in front of what is wrong with it. */
async function archived<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ArchiveError) throw new ArchiveError(`${name}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function checkManifest(path: string, options: { readonly json?: boolean }): Promise<void> {
  if (!existsSync(path)) throw new UsageError(`${path}: no such file or directory`);
  const folder = statSync(path).isDirectory();
  const file = folder ? join(path, 'manifest.json') : path;
  if (!existsSync(file)) throw new UsageError(`${file}: no such file`);
  let hashes: Map<string, string> | null = null;
  if (folder) {
    hashes = new Map();
    const directory = new DiskDirectory(path);
    for (const name of await directory.list()) hashes.set(name, await sha256Bytes((await directory.read(name))!));
  }
  const { findings, valid, manifest } = readManifest(readFileSync(file, 'utf8'), hashes);
  if (options.json) print({ valid, runId: manifest?.runId ?? null, findings });
  else
    process.stdout.write(
      [...findings.map(findingText), valid ? `${file} is valid` : `${file} is not valid`].join('\n') + '\n',
    );
  if (!valid) process.exitCode = 1;
}
