/** The reader's measurements in the browser's own storage: written by the workbench's pages, read by widgets of the same origin. */
import { isOwnKind, readRecords, type OwnKind, type OwnRecord } from './record';

const PREFIX = 'knlp-own-1/';
/** Told in the writing window itself, where `storage` is silent. */
const CHANGED = 'knlp-own-changed';
/** Records of a kind that are kept, newest first: runs are compared with each other, other measurements replace the last. */
const KEPT: Readonly<Partial<Record<OwnKind, number>>> = { pruning: 12 };

export type Stored =
  { readonly ok: true; readonly records: readonly OwnRecord[] } | { readonly ok: false; readonly message: string };

/** Null where the browser forbids storage, and outside a browser. */
function storage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

export function readStored(kind: OwnKind, from: Storage | null = storage()): Stored {
  if (from === null) return { ok: true, records: [] };
  const json = from.getItem(PREFIX + kind);
  if (json === null) return { ok: true, records: [] };
  try {
    return { ok: true, records: readRecords(json).filter((r) => r.kind === kind) };
  } catch (error) {
    return { ok: false, message: `stored ${kind} cannot be read (${(error as Error).message}): measure it again` };
  }
}

/** @returns why it could not be kept, or null */
export function keepRecord(record: OwnRecord, to: Storage | null = storage()): string | null {
  if (to === null) return 'this browser keeps no data of this site';
  const before = readStored(record.kind, to);
  const records = [record, ...(before.ok ? before.records : [])].slice(0, KEPT[record.kind] ?? 1);
  try {
    to.setItem(PREFIX + record.kind, JSON.stringify(records));
  } catch (error) {
    return `not kept: ${(error as Error).message}`;
  }
  globalThis.dispatchEvent?.(new CustomEvent(CHANGED, { detail: record.kind }));
  return null;
}

/** Calls back when a measurement of a kind was kept in this or another window. @returns how to stop */
export function onStored(changed: (kind: OwnKind) => void): () => void {
  const here = (event: Event): void => changed((event as CustomEvent<OwnKind>).detail);
  const elsewhere = ({ key }: StorageEvent): void => {
    const kind = key?.startsWith(PREFIX) ? key.slice(PREFIX.length) : null;
    if (isOwnKind(kind)) changed(kind);
  };
  addEventListener(CHANGED, here);
  addEventListener('storage', elsewhere);
  return () => {
    removeEventListener(CHANGED, here);
    removeEventListener('storage', elsewhere);
  };
}
