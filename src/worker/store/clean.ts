/** Three strengths of cleaning. Runs that a tab is writing, and runs that could still be continued, keep what they need. */
import { stripRun } from '@/experiment/session/clean';
import type { CleanResult, CleanStrength, RunEntry } from '../store-protocol';
import { lockRun } from './locks';
import type { RunStore } from './run-store';

export async function clean(store: RunStore, strength: CleanStrength): Promise<CleanResult> {
  let [runs, bytes, skipped] = [0, 0, 0];
  for (const entry of await store.list()) {
    if (strength !== 'all' && entry.status !== 'ok') continue;
    const lock = await lockRun(entry.id);
    if (!lock) {
      skipped++;
      continue;
    }
    let after: RunEntry | null = null;
    try {
      if (strength === 'all') await store.erase(entry.id);
      else {
        await stripRun(await store.existing(entry.id), strength);
        after = await store.refresh(entry.id);
      }
    } finally {
      lock.release();
    }
    const freed = entry.bytes - (after?.bytes ?? 0);
    if (freed > 0) runs++;
    bytes += freed;
  }
  return { runs, bytes, skipped };
}
