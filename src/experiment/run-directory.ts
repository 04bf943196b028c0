/**
 * A run directory (design: contracts): on disk, in memory, in OPFS. `write` is atomic (temp file, then rename): a reader, and a
 * process started after a kill, sees the file before or the file after. `append` is not: a kill may leave part of a line.
 * Paths are relative, with "/".
 */
export interface RunDirectory {
  write(path: string, data: Uint8Array | string): Promise<void>;
  append(path: string, data: Uint8Array | string): Promise<void>;
  read(path: string): Promise<Uint8Array | null>;
  /** Every file below the directory; empty when there is no directory. */
  list(): Promise<readonly string[]>;
  /** Nothing happens when the file is not there. */
  remove(path: string): Promise<void>;
}

/** The text of a file; null when it is not there. */
export async function readText(directory: RunDirectory, path: string): Promise<string | null> {
  const bytes = await directory.read(path);
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** A directory inside another one: a cell of a matrix. */
export function subdirectory(parent: RunDirectory, name: string): RunDirectory {
  const prefix = `${name}/`;
  return {
    write: (path, data) => parent.write(prefix + path, data),
    append: (path, data) => parent.append(prefix + path, data),
    read: (path) => parent.read(prefix + path),
    remove: (path) => parent.remove(prefix + path),
    list: async () =>
      (await parent.list()).filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length)),
  };
}

const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === 'string' ? new TextEncoder().encode(data) : data;

/** For pages without a store, and for tests. */
export class MemoryDirectory implements RunDirectory {
  readonly #files = new Map<string, Uint8Array[]>();

  write(path: string, data: Uint8Array | string): Promise<void> {
    this.#files.set(path, [bytesOf(data)]);
    return Promise.resolve();
  }

  append(path: string, data: Uint8Array | string): Promise<void> {
    const chunks = this.#files.get(path);
    if (chunks) chunks.push(bytesOf(data));
    else this.#files.set(path, [bytesOf(data)]);
    return Promise.resolve();
  }

  read(path: string): Promise<Uint8Array | null> {
    const chunks = this.#files.get(path);
    if (!chunks) return Promise.resolve(null);
    if (chunks.length === 1) return Promise.resolve(chunks[0]!);
    const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.#files.set(path, [whole]);
    return Promise.resolve(whole);
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#files.keys()].sort());
  }

  remove(path: string): Promise<void> {
    this.#files.delete(path);
    return Promise.resolve();
  }
}
