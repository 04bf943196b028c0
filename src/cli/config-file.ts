/** The configuration file of the current directory, as `make menuconfig` keeps it. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** `.config`, unless KCONFIG_CONFIG names another. */
export function configPath(): string {
  const named = process.env['KCONFIG_CONFIG'];
  return named === undefined || named === '' ? '.config' : named;
}

/** The text of a file; null when there is none. Throws one line when it cannot be read. */
export function readIfThere(path: string): string | null {
  if (!existsSync(path)) return null;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path}: cannot be read (${code(error)})`, { cause: error });
  }
}

/** Writes through a temporary file. An unchanged file is left alone, a changed one is kept as `.old`. */
export function writeConfigFile(path: string, text: string): void {
  const before = readIfThere(path);
  if (before === text) return;
  try {
    if (before !== null) writeFileSync(`${path}.old`, before);
    writeFileSync(`${path}.tmp`, text);
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    throw new Error(`${path}: cannot be written (${code(error)})`, { cause: error });
  }
}

function code(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
