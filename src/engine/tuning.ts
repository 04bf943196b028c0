/** What is known, and may be measured, of kernel variants on an adapter. */
export interface TuneCache {
  get(key: string): string | undefined;
  set(key: string, variant: string): void;
}

export interface Tuning {
  /** Winners by adapter and shape class; kept in a file by the terminal and in IndexedDB by the page. */
  readonly cache: TuneCache;
  /** Measure classes that the cache does not know: all, none, or those of these kernel families. */
  readonly measure: boolean | readonly string[];
}

/** A cache that lasts as long as the process. */
export function memoryTuneCache(): TuneCache {
  const entries = new Map<string, string>();
  return { get: (key) => entries.get(key), set: (key, variant) => void entries.set(key, variant) };
}
