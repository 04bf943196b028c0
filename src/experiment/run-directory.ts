/** A run directory (design: contracts): on disk, in memory, later in OPFS. Writes are atomic: temp file, then rename. */
export interface RunDirectory {
  write(path: string, data: Uint8Array | string): Promise<void>;
  append(path: string, text: string): Promise<void>;
  read(path: string): Promise<Uint8Array | null>;
  list(): Promise<readonly string[]>;
}

/** For the browser until it has a store, and for tests. */
export class MemoryDirectory implements RunDirectory {
  readonly #files = new Map<string, Uint8Array>();
  readonly #appended = new Map<string, string[]>();

  write(path: string, data: Uint8Array | string): Promise<void> {
    this.#files.set(path, typeof data === 'string' ? new TextEncoder().encode(data) : data);
    return Promise.resolve();
  }

  append(path: string, text: string): Promise<void> {
    const lines = this.#appended.get(path);
    if (lines) lines.push(text);
    else this.#appended.set(path, [text]);
    return Promise.resolve();
  }

  read(path: string): Promise<Uint8Array | null> {
    const lines = this.#appended.get(path);
    if (lines) return Promise.resolve(new TextEncoder().encode(lines.join('')));
    return Promise.resolve(this.#files.get(path) ?? null);
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#files.keys(), ...this.#appended.keys()].sort());
  }
}
