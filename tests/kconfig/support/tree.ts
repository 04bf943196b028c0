import { Config, loadTree, memoryReader } from '@/kconfig';
import type { Sym } from '@/kconfig';

/** A configuration of defaults over one file. */
export function configOf(text: string, env: Record<string, string> = {}): Config {
  return new Config(loadTree({ reader: memoryReader({ Kconfig: text }), env }));
}

/** A symbol that has to exist. */
export function sym(config: Config, name: string): Sym {
  const found = config.find(name);
  if (found === null) throw new Error(`no symbol ${name}`);
  return found;
}
