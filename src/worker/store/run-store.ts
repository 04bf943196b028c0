/**
 * The runs of this browser: one directory each under `runs/` of the origin-private file system, and an index in IndexedDB that can be
 * made anew from the directories at any time. The page's two workers and all tabs use it side by side; a lock a run keeps them apart.
 */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { RunEntry } from '../store-protocol';
import { describeEntry } from './entry';
import { inTurns } from './in-turns';
import { type RunLock, heldRuns, lockRun } from './locks';
import { OpfsDirectory, StorageError } from './opfs-directory';

const FOLDER = 'runs';
const STORE = 'runs';
const CHANNEL = 'knlp-runs';

interface Index extends DBSchema {
  runs: { key: string; value: RunEntry };
  meta: { key: string; value: string };
}

/** A number drawn once in this browser: it names the project, and says nothing about anybody. */
const INSTALL = 'install';

/** What a directory may be called: letters, digits, "-", "_" and inner dots. */
export const directoryName = (id: string): string =>
  id.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+|[.-]+$/g, '').slice(0, 120) || 'run'; // prettier-ignore

export class RunStore {
  readonly #channel = new BroadcastChannel(CHANNEL);

  private constructor(
    readonly root: FileSystemDirectoryHandle,
    readonly index: IDBPDatabase<Index>,
  ) {}

  /** Throws StorageError where the browser keeps no files (a private window, or an insecure address). */
  static async open(): Promise<RunStore> {
    try {
      const top = await navigator.storage.getDirectory();
      const root = await top.getDirectoryHandle(FOLDER, { create: true });
      const index = await openDB<Index>('knlp-runs', 1, {
        upgrade(fresh) {
          fresh.createObjectStore(STORE, { keyPath: 'id' });
          fresh.createObjectStore('meta');
        },
      });
      return new RunStore(root, index);
    } catch (error) {
      throw new StorageError(
        `this browser keeps no files for the site (${error instanceof Error ? error.message : String(error)}): runs last until the page is closed. A private window or an address without https is the usual reason.`,
        { cause: error },
      );
    }
  }

  async install(): Promise<string> {
    const known = await this.index.get('meta', INSTALL);
    if (known !== undefined) return known;
    const fresh = crypto.randomUUID();
    await this.index.put('meta', fresh, INSTALL);
    return fresh;
  }

  onChange(listener: (id: string) => void): void {
    this.#channel.addEventListener('message', ({ data }: MessageEvent<string>) => listener(data));
  }

  #changed(id: string): void {
    this.#channel.postMessage(id);
  }

  async directory(id: string): Promise<OpfsDirectory> {
    return new OpfsDirectory(await this.root.getDirectoryHandle(id, { create: true }));
  }

  /** The directory of a run that is there. */
  async existing(id: string): Promise<OpfsDirectory> {
    try {
      return new OpfsDirectory(await this.root.getDirectoryHandle(id));
    } catch (error) {
      throw new StorageError(`there is no run ${id} in this browser: it may have been deleted in another tab`, {
        cause: error,
      });
    }
  }

  async names(): Promise<Set<string>> {
    const names = new Set<string>();
    for await (const name of (this.root as unknown as { keys(): AsyncIterable<string> }).keys()) names.add(name);
    return names;
  }

  /** A directory for a new run and the lock on it; the name is `wanted` or, where that is taken, `wanted-2` and so on. */
  async create(wanted: string): Promise<{ id: string; directory: OpfsDirectory; lock: RunLock }> {
    const names = await this.names();
    for (let n = 1; ; n++) {
      const id = n === 1 ? directoryName(wanted) : `${directoryName(wanted)}-${n}`;
      if (names.has(id)) continue;
      const lock = await lockRun(id);
      if (lock) return { id, lock, directory: await this.directory(id) };
    }
  }

  /** Throws StorageError when another tab holds the run. */
  async lock(id: string): Promise<RunLock> {
    const lock = await lockRun(id);
    if (!lock)
      throw new StorageError(`${id} is in use, in another tab or by the run that is going on: stop it there first`);
    return lock;
  }

  /** All runs, newest first, from the index; a directory that it does not know is described first. */
  async list(): Promise<RunEntry[]> {
    const [known, names] = await Promise.all([this.index.getAll(STORE), this.names()]);
    const entries = new Map(known.map((entry) => [entry.id, entry]));
    for (const id of entries.keys())
      if (!names.has(id)) {
        entries.delete(id);
        await this.index.delete(STORE, id);
      }
    const held = await heldRuns();
    // A run that was cut off had no time to say how far it had come.
    const stale = (id: string): boolean => entries.get(id)?.status === 'running' && !held.has(id);
    const unknown = [...names].filter((id) => stale(id) || !entries.has(id));
    for (const entry of await inTurns(unknown, (id) => this.#describe(id))) entries.set(entry.id, entry);
    return [...entries.values()]
      .map((entry) => ({ ...entry, held: held.has(entry.id) }))
      .sort((a, b) => (a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : a.id < b.id ? 1 : -1));
  }

  async #describe(id: string): Promise<RunEntry> {
    const entry = await describeEntry(id, await this.existing(id));
    await this.index.put(STORE, entry);
    return entry;
  }

  /** Reads the directory again after a change. */
  async refresh(id: string): Promise<RunEntry> {
    const entry = await this.#describe(id);
    this.#changed(id);
    return entry;
  }

  /** Throws StorageError while the run is in use. */
  async remove(id: string): Promise<void> {
    const lock = await this.lock(id);
    try {
      await this.erase(id);
    } finally {
      lock.release();
    }
  }

  /** Deletes a run whose lock the caller holds. */
  async erase(id: string): Promise<void> {
    await this.root.removeEntry(id, { recursive: true });
    await this.index.delete(STORE, id);
    this.#changed(id);
  }
}
