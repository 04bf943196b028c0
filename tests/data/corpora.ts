/** The shipped texts, built once into a temporary folder by the script that the site's build uses. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/build-corpora.mjs', import.meta.url));

export function shippedTexts(): { readonly 'moby-dick': string; readonly sotu: string } {
  const folder = mkdtempSync(join(tmpdir(), 'corpora-'));
  try {
    execFileSync(process.execPath, [script, folder]);
    const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
    return { 'moby-dick': read('moby-dick.txt'), sotu: read('sotu.txt') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
