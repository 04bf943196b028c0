/** SVG to PNG, by the browser of the tests: no rasteriser of our own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './options';

/** Throws one line when there is no browser. */
export function writePng(svg: string, file: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'wb-png-'));
  try {
    const source = join(folder, 'figure.svg');
    writeFileSync(source, svg);
    const script = join(root(), 'scripts/svg-to-png.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, source, resolve(file)], { encoding: 'utf8' });
    if (status !== 0)
      throw new Error(`${file}: ${stderr.trim().split('\n').at(-1) ?? 'no picture'}; SVG needs no browser`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
