/**
 * A run directory in the browser's origin-private file system. Workers alone may use it: bytes are written through synchronous
 * access handles. `write` fills a temp file and renames it over the old one; `append` adds bytes at the end.
 */
import type { RunDirectory } from '@/experiment/run-directory';

/** TypeScript does not know `move` yet. */
interface MovableFileHandle extends FileSystemFileHandle {
  move(name: string): Promise<void>;
}

export class StorageError extends Error {
  override name = 'StorageError';
}

const nameOf = (error: unknown): string => (error instanceof DOMException || error instanceof Error ? error.name : '');
const isMissing = (error: unknown): boolean => ['NotFoundError', 'TypeMismatchError'].includes(nameOf(error));

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

async function explain(path: string, error: unknown): Promise<Error> {
  if (nameOf(error) === 'QuotaExceededError') {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    return new StorageError(
      `${path}: the storage that this browser gives the site is full (${mebibytes(usage)} of ${mebibytes(quota)}). ` +
        'Nothing that was saved is lost: clean or delete runs on the Runs page, then continue this one.',
      { cause: error },
    );
  }
  if (nameOf(error) === 'NoModificationAllowedError')
    return new StorageError(`${path}: another tab is writing this file; close it or wait until its run has ended`, {
      cause: error,
    });
  return error instanceof Error ? error : new StorageError(`${path}: ${String(error)}`);
}

const TEMPORARY = /\.tmp-[0-9a-z]+$/;
const READ_TRIES = 5;

export class OpfsDirectory implements RunDirectory {
  constructor(readonly root: FileSystemDirectoryHandle) {}

  async #folder(path: string, create: boolean): Promise<[FileSystemDirectoryHandle, string]> {
    const parts = path.split('/');
    const name = parts.pop()!;
    let folder = this.root;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return [folder, name];
  }

  /** Opens the file for writing alone and closes it whatever happens. */
  async #write(
    folder: FileSystemDirectoryHandle,
    name: string,
    work: (handle: FileSystemSyncAccessHandle) => void,
  ): Promise<void> {
    const file = await folder.getFileHandle(name, { create: true });
    const handle = await file.createSyncAccessHandle();
    try {
      work(handle);
      handle.flush();
    } finally {
      handle.close();
    }
  }

  async write(path: string, data: Uint8Array | string): Promise<void> {
    const bytes = bytesOf(data);
    const temporary = `.tmp-${Math.random().toString(36).slice(2, 10)}`;
    try {
      const [folder, name] = await this.#folder(path, true);
      try {
        await this.#write(folder, name + temporary, (handle) => put(handle, bytes, 0));
        const file = (await folder.getFileHandle(name + temporary)) as MovableFileHandle;
        if ((await file.getFile()).size !== bytes.length) throw cutShort();
        await file.move(name);
      } catch (error) {
        await folder.removeEntry(name + temporary).catch(() => undefined);
        throw error;
      }
    } catch (error) {
      throw await explain(path, error);
    }
  }

  async append(path: string, data: Uint8Array | string): Promise<void> {
    try {
      const [folder, name] = await this.#folder(path, true);
      const bytes = bytesOf(data);
      let before = 0;
      await this.#write(folder, name, (handle) => {
        before = handle.getSize();
        put(handle, bytes, before);
      });
      const file = await folder.getFileHandle(name);
      if ((await file.getFile()).size >= before + bytes.length) return;
      await this.#write(folder, name, (handle) => handle.truncate(before));
      throw cutShort();
    } catch (error) {
      throw await explain(path, error);
    }
  }

  /** The file object; null when it is not there. */
  async file(path: string): Promise<File | null> {
    try {
      const [folder, name] = await this.#folder(path, false);
      return await (await folder.getFileHandle(name)).getFile();
    } catch (error) {
      if (isMissing(error)) return null;
      throw await explain(path, error);
    }
  }

  async read(path: string): Promise<Uint8Array | null> {
    for (let tries = 1; ; tries++) {
      const file = await this.file(path);
      if (!file) return null;
      try {
        return new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        // Replaced or appended to by the worker that trains, between opening and reading.
        if (tries === READ_TRIES || !['NotReadableError', 'NotFoundError'].includes(nameOf(error)))
          throw await explain(path, error);
      }
    }
  }

  async #files(): Promise<string[]> {
    const found: string[] = [];
    const visit = async (folder: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
      for await (const [name, handle] of folder as unknown as AsyncIterable<[string, FileSystemHandle]>)
        if (handle.kind === 'file') found.push(prefix + name);
        else await visit(handle as FileSystemDirectoryHandle, `${prefix}${name}/`);
    };
    await visit(this.root, '');
    return found.sort();
  }

  async list(): Promise<readonly string[]> {
    return (await this.#files()).filter((path) => !TEMPORARY.test(path));
  }

  async remove(path: string): Promise<void> {
    try {
      const [folder, name] = await this.#folder(path, false);
      await folder.removeEntry(name);
    } catch (error) {
      if (!isMissing(error)) throw await explain(path, error);
    }
  }

  /** Deletes what killed writes left. Only under the run's lock. */
  async sweep(): Promise<void> {
    for (const path of await this.#files()) if (TEMPORARY.test(path)) await this.remove(path);
  }
}

const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === 'string' ? new TextEncoder().encode(data) : data;

/** Chromium takes bytes that exceed the quota without a word, counts them as written and drops them. */
const cutShort = (): DOMException => new DOMException('the file system dropped bytes', 'QuotaExceededError');

/** A handle may take less than it was given. */
function put(handle: FileSystemSyncAccessHandle, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length;) {
    const written = handle.write(bytes.subarray(done) as Uint8Array<ArrayBuffer>, { at: at + done });
    if (written <= 0) throw new DOMException('the file system took no bytes', 'QuotaExceededError');
    done += written;
  }
}
