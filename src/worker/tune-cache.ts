/** Measured kernel choices in IndexedDB, read once and written behind; of this visit only, where the browser keeps no data. */
import { openDB } from 'idb';
import { type TuneCache, memoryTuneCache } from '@/engine/tuning';

const STORE = 'autotune';

export async function browserTuneCache(): Promise<TuneCache> {
  const db = await openDB('knlp-workbench', 1, {
    upgrade: (fresh) => void fresh.createObjectStore(STORE),
  }).catch(() => null);
  if (!db) return memoryTuneCache();
  const entries = new Map<string, string>();
  for (const key of await db.getAllKeys(STORE)) entries.set(String(key), String(await db.get(STORE, key)));
  return {
    get: (key) => entries.get(key),
    set(key, variant) {
      entries.set(key, variant);
      void db.put(STORE, variant, key);
    },
  };
}
