/** Measured kernel choices on disk: $XDG_CACHE_HOME/knlp-workbench/autotune.json, or under ~/.cache. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type EngineDevice, openDevice } from '@/engine/device';
import type { TuneCache } from '@/engine/tuning';
import { dawn } from './dawn';

export function diskTuneCache(
  file = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'knlp-workbench', 'autotune.json'),
): TuneCache {
  let entries: Record<string, string> = {};
  if (existsSync(file)) {
    try {
      entries = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    } catch (error) {
      process.stderr.write(`wb: ${file} is unreadable (${String(error)}); kernels will be measured again\n`);
    }
  }
  return {
    get: (key) => entries[key],
    set(key, variant) {
      entries[key] = variant;
      mkdirSync(dirname(file), { recursive: true });
      const temporary = `${file}.tmp-${process.pid}`; // several `wb` may measure at once: the last one wins
      writeFileSync(temporary, JSON.stringify(entries, null, 1));
      renameSync(temporary, file);
    },
  };
}

/** A device whose plans run the variants that were measured on it; a GPU measures what is missing, a CPU adapter does not. */
export async function openTunedDevice(software = false): Promise<EngineDevice> {
  const engine = await openDevice(await dawn(software));
  return { ...engine, tuning: { cache: diskTuneCache(), measure: !engine.adapter.software } };
}
