/** The matrix that the user names, and the directory that he means when he names none. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MatrixError } from '@/experiment/matrix/axes';
import { type MatrixRecord, cellStates, isMatrix, readMatrix } from '@/experiment/matrix/matrix-directory';
import { readStatus } from '@/experiment/session/resume';
import { DiskDirectory } from './disk-directory';
import { UsageError } from './options';

/** Throws one line with the directory's name. */
export async function openMatrix(
  dir: string,
): Promise<{ readonly directory: DiskDirectory; readonly record: MatrixRecord }> {
  if (!existsSync(dir)) throw new UsageError(`${dir}: no such directory`);
  const directory = new DiskDirectory(dir);
  try {
    return { directory, record: await readMatrix(directory) };
  } catch (error) {
    if (error instanceof MatrixError) throw new UsageError(`${dir}: ${error.message}`, { cause: error });
    throw error;
  }
}

const OPEN = ['pending', 'running', 'stopped'];

async function isOpen(dir: string): Promise<boolean> {
  const directory = new DiskDirectory(dir);
  if (!(await isMatrix(directory))) return OPEN.includes((await readStatus(directory)) ?? '');
  const { record } = await openMatrix(dir);
  return (await cellStates(directory, record)).some(({ status }) => OPEN.includes(status));
}

/** The newest run or matrix right below a folder that did not end. Throws UsageError when there is none. */
export async function newestOpen(folder: string): Promise<string> {
  const names = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  const dirs = names.filter((path) => existsSync(join(path, 'manifest.json')));
  const written = new Map(dirs.map((dir) => [dir, statSync(join(dir, 'manifest.json')).mtimeMs]));
  for (const dir of dirs.sort((a, b) => written.get(b)! - written.get(a)!)) if (await isOpen(dir)) return dir;
  throw new UsageError(
    `below ${folder}/ nothing is open: give the directory of a run or matrix, as "wb ls" lists them`,
  );
}
