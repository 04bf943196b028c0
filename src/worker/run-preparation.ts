/** What a run of the page starts from: a new configuration, a stored run that is taken up again, or one that is replayed. */
import { type RunIdentity, makeRunId, utc } from '@/experiment/manifest/build';
import type { OpenRun } from '@/experiment/open-run';
import { MemoryDirectory, type RunDirectory } from '@/experiment/run-directory';
import { type Verdict, compareRuns } from '@/experiment/session/compare-runs';
import { rewind } from '@/experiment/session/resume';
import { replayEnd, untimed } from '@/experiment/session/time-limit';
import { type Configured, configure, stored, storedManifest } from './configure';
import { browserHost, browserProject } from './host';
import type { RunRequest } from './protocol';
import type { Job } from './run-session';
import type { RunLock } from './store/locks';
import type { RunStore } from './store/run-store';

/** Replays on another adapter than the first run's may differ by so much, relatively. */
const REPLAY_TOLERANCE = 1e-3;

/** Parameters above which the f64 reference would take minutes a step. */
const REFERENCE_LIMIT = 300_000;

/** Where a run is to be written, and from where it goes on. */
export type Place = Pick<Job, 'id' | 'directory' | 'saved' | 'resumedAt'> & { readonly lock: RunLock | null };

export interface Prepared {
  readonly configured: Configured;
  readonly identity: RunIdentity;
  /** Called once the run can start: a refused run leaves no directory. */
  readonly place: () => Promise<Place>;
  /** Its kernels, when they were compiled ahead. */
  readonly warm: Promise<OpenRun> | null;
  /** Held already by a stored run. */
  readonly lock?: RunLock;
  /** Of the text that the run's first part saw. */
  readonly dataSha256?: string | null;
  /** What a stored run's configuration lacks in this build. */
  readonly note?: string | null;
}

export interface Replay {
  readonly prepare: () => Promise<Prepared>;
  readonly compare: (replayed: RunDirectory) => Promise<Verdict>;
}

export interface RunPreparationHost {
  /** Null where the browser keeps no files. */
  readonly store: () => Promise<RunStore | null>;
  readonly warm: (request: RunRequest) => Promise<OpenRun> | null;
}

export class RunPreparation {
  readonly #host: RunPreparationHost;

  constructor(host: RunPreparationHost) {
    this.#host = host;
  }

  /** Throws ConfigError for a configuration that cannot be run. */
  async begin(request: RunRequest): Promise<Prepared> {
    const configured = configure(request);
    const warm = this.#host.warm(request);
    const { cell } = request;
    const own = await this.#identity(configured, cell ? [cell.matrix] : []);
    const identity = cell ? { ...own, runId: `${cell.matrix}-${cell.id}` } : own;
    return { configured, identity, warm, place: () => this.#newPlace(identity.runId) };
  }

  /** Takes the run's lock, which goes to the caller. */
  async continue(id: string): Promise<Prepared> {
    const store = await this.#needStore();
    const lock = await store.lock(id);
    try {
      const directory = await store.existing(id);
      const configured = await stored(id, directory);
      const { manifest } = configured;
      if (manifest.results?.status === 'ok') throw new Error(`${id} is finished: there is nothing to continue`);
      const identity: RunIdentity = {
        ...(await this.#identity(configured, manifest.parents)),
        runId: manifest.runId,
        createdAt: manifest.createdAt,
        project: manifest.project,
        stopAt: manifest.stopAt ?? null,
      };
      const place = async (): Promise<Place> => {
        await directory.sweep();
        const saved = await rewind(directory, configured.config.training.checkpointInterval);
        return { id, directory, lock, saved, resumedAt: manifest.resumedAt ?? [] };
      };
      const { note } = configured;
      return { configured, identity, place, warm: null, lock, dataSha256: manifest.data?.sha256 ?? null, note };
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** A second run of a stored one, beside it. */
  async replay(id: string): Promise<Replay> {
    const store = await this.#needStore();
    const old = await store.existing(id);
    const manifest = await storedManifest(id, old);
    return {
      prepare: async () => {
        const found = await stored(id, old);
        const configured = { ...found, config: untimed(found.config) };
        const stopAt = replayEnd(manifest, found.config);
        const identity = { ...(await this.#identity(configured, [manifest.runId])), stopAt };
        const dataSha256 = manifest.data?.sha256 ?? null;
        return {
          configured,
          identity,
          warm: null,
          dataSha256,
          note: found.note,
          place: () => this.#newPlace(`replay-${id}`),
        };
      },
      compare: async (directory) => {
        const replayed = { manifest: await storedManifest('the replay', directory), directory };
        return compareRuns({ manifest, directory: old }, replayed, REPLAY_TOLERANCE);
      },
    };
  }

  /** Of a stored run. Rejects with a readable message. */
  async directory(id: string): Promise<RunDirectory> {
    return (await this.#needStore()).existing(id);
  }

  async #needStore(): Promise<RunStore> {
    const store = await this.#host.store();
    if (!store)
      throw new Error('this browser keeps no runs: use a window that is not private, over https or on localhost');
    return store;
  }

  async #identity({ preset, overrides, full, minimal }: Configured, parents: readonly string[]): Promise<RunIdentity> {
    const createdAt = utc(new Date());
    const store = await this.#host.store();
    const project = browserProject('gpt2', store ? await store.install() : crypto.randomUUID());
    const runId = makeRunId(preset, createdAt, full);
    return { runId, project, preset, createdAt, overrides, minimal, full, stopAt: null, parents, host: browserHost() };
  }

  async #newPlace(runId: string): Promise<Place> {
    const store = await this.#host.store();
    if (!store) return { id: null, directory: new MemoryDirectory(), lock: null, saved: null, resumedAt: [] };
    return { ...(await store.create(runId)), saved: null, resumedAt: [] };
  }
}

/** What must not start: a model that the reference cannot train, or a run on another text than its first part saw. */
export function refuse({ backend, corpus }: OpenRun, dataSha256: string | null): void {
  const { summary, kind } = backend;
  if (kind === 'reference' && summary.parameters > REFERENCE_LIMIT)
    throw new Error(
      `without WebGPU only tiny models train: this one has ${summary.parameters.toLocaleString('en-US')} parameters, the CPU reference takes at most ${REFERENCE_LIMIT.toLocaleString('en-US')}; reduce GPT2_N_EMBD or GPT2_N_LAYER, or use a browser with WebGPU`,
    );
  if (dataSha256 !== null && dataSha256 !== corpus.hash)
    throw new Error(`the data set ${corpus.name} is not the one that the run was made with`);
}
