/**
 * One process writes a run directory: a `.lock` file names it. A killed process leaves its file behind; it holds nothing, because its
 * process is gone. Over a shared disk another machine's lock is not seen as held: the queue of the cluster is what keeps tasks apart.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { LOCK_FILE, explain } from './disk-directory';
import { UsageError } from './options';

/** When a process began, in ticks since the machine did: a number is given to another process sooner or later. Null off Linux. */
function beganAt(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

const nameOf = (pid: number): string => JSON.stringify({ pid, host: hostname(), began: beganAt(pid) });

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The process that holds a lock; null when it is gone, is this one, or the file says nothing. */
function holderOf(file: string): number | null {
  try {
    const text = readFileSync(file, 'utf8');
    const { pid } = JSON.parse(text) as { readonly pid: number };
    return pid !== process.pid && Number.isInteger(pid) && alive(pid) && nameOf(pid) === text ? pid : null;
  } catch {
    return null;
  }
}

/** Locks a directory until the returned function is called. Throws UsageError while another process writes it. */
export function lockDirectory(root: string): () => void {
  const file = join(root, LOCK_FILE);
  try {
    mkdirSync(root, { recursive: true });
  } catch (error) {
    throw explain(root, error);
  }
  for (let tries = 0; ; tries++) {
    try {
      writeFileSync(file, nameOf(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries > 2) throw explain(file, error);
      const holder = holderOf(file);
      if (holder !== null)
        throw new UsageError(`${root} is being written by process ${holder}: wait for it, or end it first`);
      rmSync(file, { force: true });
    }
  }
}
