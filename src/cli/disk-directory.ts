/** A run directory on disk. Writes go to a temp file that is renamed, so a killed process leaves no half-written file. */
import { appendFile, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { RunDirectory } from '@/experiment/run-directory';

export class DiskError extends Error {
  override name = 'DiskError';
}

const explain = (path: string, error: unknown): DiskError => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC') return new DiskError(`${path}: the disk is full; free some space and run "wb continue"`);
  if (code === 'EACCES' || code === 'EROFS')
    return new DiskError(`${path}: no permission to write here; choose another --out`);
  return new DiskError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
};

export class DiskDirectory implements RunDirectory {
  constructor(readonly root: string) {}

  async write(path: string, data: Uint8Array | string): Promise<void> {
    const target = join(this.root, path);
    try {
      await mkdir(dirname(target), { recursive: true });
      const temporary = `${target}.tmp-${process.pid}`;
      await writeFile(temporary, data);
      await rename(temporary, target);
    } catch (error) {
      throw explain(target, error);
    }
  }

  async append(path: string, text: string): Promise<void> {
    const target = join(this.root, path);
    try {
      await mkdir(dirname(target), { recursive: true });
      await appendFile(target, text);
    } catch (error) {
      throw explain(target, error);
    }
  }

  async read(path: string): Promise<Uint8Array | null> {
    try {
      return await readFile(join(this.root, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw explain(join(this.root, path), error);
    }
  }

  async list(): Promise<readonly string[]> {
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true });
    return entries.filter((e) => e.isFile()).map((e) => relative(this.root, join(e.parentPath, e.name)));
  }
}
