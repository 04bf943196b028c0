/** What an audit of the built site would ask, in Chromium: bytes of the first load, shifts of the layout, names, headings, a silent console. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WIDGETS } from '@/explainers/registry';
import { launchBrowser, serve, type Site } from './browser';
import { axe, overflow } from './checks';

const SITE = fileURLToPath(new URL('../../dist/site', import.meta.url));
if (!existsSync(`${SITE}/index.html`)) throw new Error('dist/ is missing: run "make build" first');

let browser: Browser;
let site: Site;
beforeAll(async () => {
  site = await serve(SITE);
  browser = await launchBrowser(false);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

interface Visit {
  readonly page: Page;
  readonly errors: string[];
  /** Scripts in the order of their requests, workers' too. */
  readonly scripts: string[];
}

async function visit(path: string, ready: string, width = 1440, from = browser): Promise<Visit> {
  const context = await from.newContext({ viewport: { width, height: 900 }, serviceWorkers: 'block' });
  const page = await context.newPage();
  const errors: string[] = [];
  const scripts: string[] = [];
  page.on('console', (m) => m.type() === 'error' && errors.push(m.text()));
  page.on('pageerror', (e) => errors.push(e.message));
  context.on('request', (r) => /\.js$/.test(new URL(r.url()).pathname) && scripts.push(new URL(r.url()).pathname));
  await page.addInitScript(() => {
    const shifts = Object.assign(globalThis, { shift: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!entry.hadRecentInput) shifts.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await page.goto(`${site.url}/${path}`);
  await page.locator(ready).first().waitFor();
  await page.waitForTimeout(300);
  return { page, errors, scripts };
}

const shift = (page: Page): Promise<number> => page.evaluate('shift') as Promise<number>;
const kilobytes = (paths: readonly string[]): number =>
  [...new Set(paths)].reduce((sum, p) => sum + gzipSync(readFileSync(SITE + p), { level: 9 }).length, 0) / 1000;

describe('the first load', () => {
  it('fetches at most 300 kB of script until Run can be pressed, both workers in it', async () => {
    const { page, scripts, errors } = await visit('', '.topbar-preset');
    // An element is there before it is painted.
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    const painted = (await page.evaluate(() => {
      const [paint] = performance.getEntriesByName('first-contentful-paint');
      const before = performance.getEntriesByType('resource').filter((r) => r.startTime <= paint.startTime);
      return before.map((r) => new URL(r.name).pathname).filter((path) => path.endsWith('.js'));
    })) as string[];
    expect(painted.length).toBeGreaterThan(0);
    expect(kilobytes(painted)).toBeLessThanOrEqual(300);
    await page.getByRole('button', { name: 'Run', exact: true }).and(page.locator(':enabled')).first().waitFor();
    expect(scripts.length).toBeGreaterThan(painted.length);
    expect(scripts.filter((s) => /plotly|docs-search|claims/i.test(s))).toEqual([]);
    expect(kilobytes(scripts)).toBeLessThanOrEqual(300);
    expect(errors).toEqual([]);
    await page.context().close();
  });
  it('has a language, a title, a description, a viewport', () => {
    const html = readFileSync(`${SITE}/index.html`, 'utf8');
    expect(html).toMatch(/<html[^>]* lang="en"/);
    expect(html).toMatch(/<title>[^<]{5,}<\/title>/);
    expect(html).toMatch(/<meta\s+name="description"\s+content="[^"]{20,}"/);
    expect(html).toMatch(/<meta name="viewport" content="width=device-width[^"]*"/);
  });
});

const PAGES = [
  ['#/decode', 'main h2'],
  ['#/explain', 'main .plot svg'],
  ['#/docs/quick-start', '.docs article h2'],
  ['#/docs/bandwidth', 'wb-kv-quant .plot svg'],
] as const;

describe.each(PAGES)('%s', (path, ready) => {
  it.each([390, 1440])('at %i px: still, named, silent, no wider than the window', async (width) => {
    const { page, errors } = await visit(path, ready, width);
    expect(await shift(page)).toBeLessThanOrEqual(0.1);
    expect(await axe(page, { only: NAMES })).toEqual([]);
    expect(await page.locator('h1').count()).toBe(1);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

/** Rules of axe about names and structure; contrast and the rest have tests of their own. */
const NAMES = ['button-name', 'link-name', 'label', 'select-name', 'image-alt', 'svg-img-alt', 'aria-input-field-name', 'document-title', 'html-has-lang', 'duplicate-id-aria', 'frame-title']; // prettier-ignore

describe('#/lab with WebGPU', () => {
  it.each([390, 1440])('at %i px: named, silent; panels fill as adapter and plan arrive', async (width) => {
    const gpu = await launchBrowser();
    const { page, errors } = await visit('#/lab', '.plot-grid', width, gpu);
    await page.getByRole('button', { name: 'Run', exact: true }).and(page.locator(':enabled')).first().waitFor();
    await page.waitForTimeout(1000);
    expect(await shift(page)).toBeLessThanOrEqual(0.1);
    expect(await axe(page, { only: NAMES })).toEqual([]);
    expect(errors).toEqual([]);
    await gpu.close();
  });
});

describe('widgets in frames', () => {
  it('none shifts what is around its first drawing', async () => {
    for (const { tag } of WIDGETS) {
      const { page, errors } = await visit(`embed.html?widget=${tag}`, `${tag} .plot svg`, 768);
      expect(await shift(page), tag).toBeLessThanOrEqual(0.1);
      expect(errors, tag).toEqual([]);
      await page.context().close();
    }
  });
});
