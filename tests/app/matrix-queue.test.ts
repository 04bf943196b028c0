/** The page's queue of a matrix: order, what a reload finds, stopping, failing, cancelling. */
import { describe, expect, it } from 'vitest';
import { createStore } from 'zustand/vanilla';
import type { PageMatrix, RunRequest, RunState } from '@/worker/protocol';
import type { RunEntry, StoredStatus } from '@/worker/store-protocol';
import { pageMatrix } from '@/worker/matrix';
import { createMatrixStore, MATRIX_KEY, matrixEta } from '@/app/stores/matrix';
import { cancelMatrix, continueMatrix, restoreMatrix, startMatrix, type MatrixHost } from '@/app/stores/matrix-queue';
import { createRunStore } from '@/app/stores/run';

const MATRIX: PageMatrix = {
  id: 'm-1',
  preset: 'p',
  cells: ['a_s1', 'a_s2', 'b_s1'].map((id) => ({
    id, label: id[0]!, seed: Number(id.at(-1)), config: `config of ${id}`, maxIters: 10,
  })),
  excluded: [],
}; // prettier-ignore
const REQUEST: RunRequest = { preset: 'p', overrides: {} };

interface World {
  readonly host: MatrixHost;
  /** What the engine was asked, in order. */
  readonly asked: string[];
  readonly runs: Map<string, StoredStatus>;
  /** How each next run ends; `hang`: not by itself. */
  readonly ends: (StoredStatus | 'refused' | 'hang')[];
  readonly status: () => string[];
}

/** A store of runs and an engine without a device; `runs` outlives a reload. */
function world(runs = new Map<string, StoredStatus>(), memory = new Map<string, string>()): World {
  const run = createRunStore();
  run.setState({ connection: 'ready' });
  const asked: string[] = [];
  const ends: World['ends'] = [];
  const entries = createStore(() => ({ entries: [] as readonly RunEntry[] }));
  const list = (): void =>
    entries.setState({
      entries: [...runs].map(([runId, status]) => ({ id: runId, runId, status, steps: 10, valLoss: 3 }) as RunEntry),
    });
  list();
  const end = (id: string, status: StoredStatus): void => {
    runs.set(id, status);
    run.setState({ state: ({ ok: 'finished', stopped: 'stopped' } as Record<string, RunState>)[status] ?? 'failed' });
  };
  let going: string | null = null;
  const play = (id: string): Promise<void> => {
    run.setState({ state: 'running' });
    going = id;
    const how = ends.shift() ?? 'ok';
    if (how !== 'refused') runs.set(id, 'running');
    if (how === 'refused') setTimeout(() => run.setState({ state: 'failed' }));
    else if (how !== 'hang') setTimeout(() => end(id, how));
    return Promise.resolve();
  };
  const store = createMatrixStore();
  const host: MatrixHost = {
    store,
    run,
    session: {
      matrix: () => Promise.resolve(MATRIX),
      runCell: (request) => {
        asked.push(`start ${request.cell!.id} ${request.config!}`);
        return play(`${request.cell!.matrix}-${request.cell!.id}`);
      },
      continueRun: (id) => (asked.push(`continue ${id}`), play(id)),
      stop: () => Promise.resolve(end(going!, 'stopped')),
    },
    library: { load: () => Promise.resolve(list()), store: entries as unknown as MatrixHost['library']['store'] },
    locks: null,
    storage: {
      getItem: (key) => memory.get(key) ?? null,
      setItem: (key, value) => void memory.set(key, value),
      removeItem: (key) => void memory.delete(key),
    },
  };
  return { host, asked, runs, ends, status: () => store.getState().cells.map(({ status }) => status) };
}

describe('the queue of a matrix', () => {
  it('runs every cell once, in order, as a run of the matrix, and forgets itself at the end', async () => {
    const memory = new Map<string, string>();
    const { host, asked, runs, status } = world(new Map(), memory);
    await startMatrix(host, REQUEST);
    expect(asked).toEqual(MATRIX.cells.map(({ id, config }) => `start ${id} ${config}`));
    expect([...runs.keys()]).toEqual(MATRIX.cells.map(({ id }) => `m-1-${id}`));
    expect(status()).toEqual(['ok', 'ok', 'ok']);
    expect(host.store.getState().phase).toBe('done');
    expect(memory.size).toBe(0);
  });

  it('goes on after a reload with what STATUS says: done, cut off, not begun', async () => {
    const memory = new Map([[MATRIX_KEY, JSON.stringify(MATRIX)]]);
    const runs = new Map<string, StoredStatus>([['m-1-a_s1', 'ok'], ['m-1-a_s2', 'running'], ['other', 'ok']]); // prettier-ignore
    const { host, asked, status } = world(runs, memory);
    await restoreMatrix(host);
    expect(asked).toEqual(['continue m-1-a_s2', 'start b_s1 config of b_s1']);
    expect(status()).toEqual(['ok', 'ok', 'ok']);
  });

  it('goes past a failed cell and one that cannot start, and tries neither again', async () => {
    const { host, asked, ends, status } = world();
    ends.push('failed', 'refused', 'ok');
    await startMatrix(host, REQUEST);
    expect(asked).toHaveLength(3);
    expect(status()).toEqual(['failed', 'failed', 'ok']);
    expect(host.store.getState()).toMatchObject({ phase: 'done', problem: null });
  });

  it('pauses when its run is stopped by hand, also over a reload, and continues when asked to', async () => {
    const memory = new Map<string, string>();
    const first = world(new Map(), memory);
    first.ends.push('ok', 'stopped');
    await startMatrix(first.host, REQUEST);
    expect(first.host.store.getState().phase).toBe('paused');
    const second = world(first.runs, memory);
    await restoreMatrix(second.host);
    expect(second.asked).toEqual([]);
    expect(second.host.store.getState().phase).toBe('paused');
    await continueMatrix(second.host);
    expect(second.asked).toEqual(['continue m-1-a_s2', 'start b_s1 config of b_s1']);
  });

  it('cancelled, stops its run, keeps what is finished and starts nothing more', async () => {
    const memory = new Map<string, string>();
    const { host, asked, ends, runs } = world(new Map(), memory);
    ends.push('ok', 'hang');
    const queue = startMatrix(host, REQUEST);
    for (let i = 0; asked.length < 2 && i < 100; i++) await new Promise((resolve) => setTimeout(resolve));
    await cancelMatrix(host);
    await queue;
    expect(asked).toHaveLength(2);
    expect([...runs.values()]).toEqual(['ok', 'stopped']);
    expect(host.store.getState().phase).toBe('none');
    expect(memory.size).toBe(0);
  });

  it('says why it does not begin', async () => {
    const { host } = world();
    await startMatrix(
      { ...host, session: { ...host.session, matrix: () => Promise.reject(new Error('no cell')) } },
      REQUEST,
    );
    expect(host.store.getState()).toMatchObject({ phase: 'none', problem: 'no cell' });
    host.run.setState({ state: 'running' });
    await startMatrix(host, REQUEST);
    expect(host.store.getState()).toMatchObject({ phase: 'paused', problem: 'a run is going on: stop it first' });
  });

  it('takes nothing from storage that it did not write', async () => {
    for (const text of ['', '{', '[]', '{"id":1}', 'null']) {
      const memory = new Map([[MATRIX_KEY, text]]);
      const { host, asked } = world(new Map(), memory);
      await restoreMatrix(host);
      expect(asked).toEqual([]);
      expect(host.store.getState().phase).toBe('none');
    }
  });

  it('reckons with its own pace for what waits, and with the run for what goes on', () => {
    const { host } = world();
    const cells = MATRIX.cells.map(({ id, label, seed, maxIters }, i) => ({
      id, label, seed, maxIters, run: null, valLoss: null, steps: 10, status: (['ok', 'running', 'pending'] as const)[i]!,
    })); // prettier-ignore
    const state = { ...host.store.getState(), cells: cells.with(2, { ...cells[2]!, steps: 0 }) };
    expect(matrixEta(state, null, null)).toBeNull();
    expect(matrixEta(state, 500, 100)).toBe(500 + 10 * 100);
    expect(matrixEta({ ...state, stepMs: 200 }, 500, 100)).toBe(500 + 10 * 200);
  });
});

describe('the cells of a preset', () => {
  const of = (preset: string, overrides: Record<string, string> = {}): PageMatrix => pageMatrix({ preset, overrides });

  it('are those that its header counts, each with a name and a configuration of its own', () => {
    const { cells, excluded } = of('gpt2-attention-matrix-ci');
    expect(cells).toHaveLength(8);
    expect(excluded).toEqual([]);
    expect(cells.map(({ label, seed }) => `${label} ${seed}`).slice(0, 3)).toEqual([
      'baseline 1337',
      'baseline 1338',
      'gate 1337',
    ]);
    expect(new Set(cells.map(({ config }) => config)).size).toBe(8);
    expect(cells.at(-1)!.config).toMatch(
      /CONFIG_ATTN_GATE=y[^]*CONFIG_ATTN_RA=y|CONFIG_ATTN_RA=y[^]*CONFIG_ATTN_GATE=y/,
    );
  });

  it('start from the configuration as it was changed', () => {
    const { cells } = of('gpt2-spam-matrix-ci', { MAX_ITERS: '7' });
    expect(cells.map(({ maxIters }) => maxIters)).toEqual([7, 7, 7]);
  });

  it('are refused for a text that no reload would keep', () => {
    expect(() => pageMatrix({ preset: 'gpt2-spam-matrix-ci', overrides: {}, customText: { name: 'a', text: 'b' } })).toThrow('choose a data set of the menu'); // prettier-ignore
  });
});
