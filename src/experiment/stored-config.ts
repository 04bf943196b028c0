/** The configuration of a run that was made before, perhaps with other Kconfig sources than this build has. */
import { type Config, writeConfig, writeMinConfig } from '@/kconfig';
import { openStrict } from './kconfig-tree';

export interface StoredConfig {
  readonly config: Config;
  /** As this build writes them: where its sources are those of the run, the texts that were stored. */
  readonly full: string;
  readonly minimal: string;
  /** Symbols that the run did not know; each has its default. */
  readonly added: readonly string[];
}

const names = (text: string): string[] =>
  [...text.matchAll(/^(?:# )?CONFIG_(\w+)(?:=| is not set)/gm)].map(([, n]) => n!);

/**
 * @param full config.full of the run, `minimal` its config.min
 * @param file how messages call `full`
 * @throws ConfigError for a symbol that this build no longer has, or a value that it refuses
 */
export function readStoredConfig(full: string, minimal: string, file: string): StoredConfig {
  const config = openStrict(full, file);
  const text = writeConfig(config);
  if (text === full) return { config, full, minimal, added: [] };
  const known = new Set(names(full));
  const added = names(text).filter((name) => !known.has(name));
  return { config, full: text, minimal: writeMinConfig(config), added };
}

/** A line for the reader; null where there is nothing to say. */
export function addedText({ added }: Pick<StoredConfig, 'added'>): string | null {
  if (added.length === 0) return null;
  const what = added.length === 1 ? 'is new and has its default' : 'are new and have their defaults';
  return `the run was made with other Kconfig sources: ${added.join(', ')} ${what}`;
}
