/** A run directory on disk. Writes go to a temp file that is renamed, so a killed process leaves no half-written file. */
import { appendFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { RunDirectory } from '@/experiment/run-directory';

export class DiskError extends Error {
  override name = 'DiskError';
}

/** What went wrong at a path, and what to do. */
export const explain = (path: string, error: unknown): DiskError => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC') return new DiskError(`${path}: the disk is full; free some space and run "wb continue"`);
  if (code === 'EACCES' || code === 'EROFS')
    return new DiskError(`${path}: no permission to write here; choose another --out`);
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new DiskError(`${path}: a file stands where a folder must be; choose another --out`);
  return new DiskError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
};

/** Of the process that writes a directory (process-lock.ts). */
export const LOCK_FILE = '.lock';

/** What a killed `write` leaves behind; `list` does not show it. */
const TEMPORARY = /\.tmp-\d+$/;
const isLock = (file: string): boolean => file === LOCK_FILE || file.endsWith(`/${LOCK_FILE}`);

export class DiskDirectory implements RunDirectory {
  constructor(readonly root: string) {}

  async #do<T>(path: string, action: (target: string) => Promise<T>): Promise<T> {
    const target = join(this.root, path);
    try {
      return await action(target);
    } catch (error) {
      throw explain(target, error);
    }
  }

  write(path: string, data: Uint8Array | string): Promise<void> {
    return this.#do(path, async (target) => {
      await mkdir(dirname(target), { recursive: true });
      const temporary = `${target}.tmp-${process.pid}`;
      try {
        await writeFile(temporary, data);
        await rename(temporary, target);
      } catch (error) {
        // On a full disk the part that was written is what STATUS and log need.
        await rm(temporary, { force: true });
        throw error;
      }
    });
  }

  append(path: string, data: Uint8Array | string): Promise<void> {
    return this.#do(path, async (target) => {
      await mkdir(dirname(target), { recursive: true });
      await appendFile(target, data);
    });
  }

  read(path: string): Promise<Uint8Array | null> {
    return this.#do(path, async (target) => {
      try {
        return await readFile(target);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    });
  }

  remove(path: string): Promise<void> {
    return this.#do(path, (target) => rm(target, { force: true }));
  }

  async #files(): Promise<string[]> {
    return this.#do('', async (root) => {
      try {
        const entries = await readdir(root, { recursive: true, withFileTypes: true });
        const files = entries.filter((e) => e.isFile()).map((e) => relative(root, join(e.parentPath, e.name)));
        return files.map((file) => file.split(sep).join('/')).sort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    });
  }

  async list(): Promise<readonly string[]> {
    return (await this.#files()).filter((file) => !TEMPORARY.test(file) && !isLock(file));
  }

  /** Deletes what killed writes left. Only for a directory that no other process writes. */
  async sweep(): Promise<void> {
    for (const file of await this.#files()) if (TEMPORARY.test(file)) await this.remove(file);
  }
}
