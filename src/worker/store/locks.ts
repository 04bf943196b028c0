/** One writer a run, over all tabs and workers of the site. The browser frees a lock when its tab closes or crashes. */

const lockName = (id: string): string => `knlp-run:${id}`;

/** A run that this context may write until `release`. */
export interface RunLock {
  release(): void;
}

/** Null when another tab (or the worker that trains) holds the run. */
export function lockRun(id: string): Promise<RunLock | null> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(lockName(id), { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(null);
        return new Promise<void>((release) => resolve({ release }));
      })
      .catch(reject);
  });
}

const MEASURE = 'knlp-measure';

/** Runs `body` while no other tab measures or trains. Throws Error that says which of them does. */
export async function measuringAlone<T>(body: () => Promise<T>): Promise<T> {
  const runs = await heldRuns();
  if (runs.size > 0)
    throw new Error(
      `${[...runs].join(', ')} is being trained in another tab: both would be disturbed; stop it there first`,
    );
  return navigator.locks.request(MEASURE, { ifAvailable: true }, (lock) => {
    if (!lock) throw new Error('another tab is measuring: both would be disturbed; wait for it or cancel it there');
    return body();
  });
}

/** Ids of the runs that are being written now. */
export async function heldRuns(): Promise<ReadonlySet<string>> {
  const { held = [] } = await navigator.locks.query();
  const prefix = lockName('');
  return new Set(held.flatMap(({ name }) => (name?.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
}
