/** Writes `sw.js` beside index.html: the service worker with the list of all that was built. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const SOURCE = fileURLToPath(new URL('./service-worker.js', import.meta.url));
/** Larger files wait until they are asked for: the first visit stays small. */
const LARGE = 4_000_000;
/** What a visit does not need. */
const SKIP = /\.map$|^sw\.js$/;

export function offlinePlugin(): Plugin {
  let outDir = '';
  return {
    name: 'wb-offline',
    apply: 'build',
    configResolved: (config) => void (outDir = config.build.outDir),
    closeBundle: () => writeFileSync(join(outDir, 'sw.js'), serviceWorker(outDir)),
  };
}

/** @param folder the built site @returns the worker's text; equal contents give equal text */
export function serviceWorker(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !SKIP.test(file))
    .sort();
  const hash = createHash('sha256');
  const first: string[] = [];
  const later: string[] = [];
  for (const file of files) {
    const content = readFileSync(join(folder, file));
    hash.update(file).update('\0').update(content);
    (content.length > LARGE ? later : first).push(file);
  }
  return readFileSync(SOURCE, 'utf8')
    .replace('__VERSION__', hash.digest('hex').slice(0, 16))
    .replace('__FILES__', JSON.stringify(first))
    .replace('__LATER__', JSON.stringify(later));
}
