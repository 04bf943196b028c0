/** Sizes of what `npm run build` wrote: the first load of the site, and of each embedded widget. Gzip level 9, in units of 1,000 bytes. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WIDGETS } from '@/explainers/registry';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
if (!existsSync(`${DIST}/site/index.html`)) throw new Error('dist/ is missing: run "make build" first');

/** A script and all that it imports statically: what the browser fetches before the first line of it runs. */
function closure(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  const text = readFileSync(entry, 'utf8');
  for (const [, path] of text.matchAll(/\b(?:import|export)\s*(?:[\w$*{},\s]+?\s*from\s*)?["'](\.[^"']+\.js)["']/g)) {
    closure(join(dirname(entry), path), seen);
  }
  return seen;
}

const kilobytes = (files: Iterable<string>): number =>
  [...files].reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0) / 1000;

describe('site', () => {
  const html = readFileSync(`${DIST}/site/index.html`, 'utf8');
  const scripts = [...html.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)].map((m) => `${DIST}/site/${m[1]}`);
  const page = new Set(scripts.flatMap((s) => [...closure(s)]));
  const worker = readdirSync(`${DIST}/site/assets`).find((f) => /^worker-.*\.js$/.test(f));

  it('first load of the page is at most 300 kB', () => {
    expect(page.size).toBeGreaterThan(1);
    expect(kilobytes(page)).toBeLessThanOrEqual(300);
  });
  it('so is the page with the engine’s worker', () => {
    expect(worker).toBeDefined();
    expect(kilobytes([...page, ...closure(`${DIST}/site/assets/${worker}`)])).toBeLessThanOrEqual(300);
  });
  it('documents, claims and plots of explainers are no part of it', () => {
    const text = [...page].map((f) => readFileSync(f, 'utf8')).join('');
    expect(text).not.toContain('ra-gpt2-124m-val-ppl');
    expect(text).not.toContain('docs/ridge_point.html#GPUS');
    expect(text).not.toContain('Provenance of figures</h2>');
  });
  it('the search of the documents is a file of its own, at most 300 kB', () => {
    const files = readdirSync(`${DIST}/site/assets`).filter((f) => /docs-search-.*\.js$/.test(f));
    expect(files).toHaveLength(1);
    expect([...page].some((f) => f.endsWith(files[0]))).toBe(false);
    expect(kilobytes([`${DIST}/site/assets/${files[0]}`])).toBeLessThanOrEqual(300);
  });
});

describe('widgets', () => {
  it.each(WIDGETS.map((w) => w.tag))('%s with all that it imports is at most 60 kB', (tag) => {
    const files = closure(`${DIST}/embed/${tag}.js`);
    expect(files.size).toBeGreaterThan(1);
    expect(kilobytes(files)).toBeLessThanOrEqual(60);
  });
});
