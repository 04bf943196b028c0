/** The second visit without a network, under a sub-path: Lab, Explain, Claims and Docs load from what the first visit stored. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceWorker } from '../../scripts/offline/plugin.ts';
import { launchBrowser, serve, type Site } from './browser';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ROOT = at('../../.cache/offline');
let browser: Browser;
let site: Site;
let context: BrowserContext;

beforeAll(async () => {
  process.env.NODE_ENV = 'production';
  await build({
    configFile: at('../../vite.config.ts'),
    logLevel: 'error',
    mode: 'production',
    build: { outDir: join(ROOT, 'a/b'), emptyOutDir: true },
  });
  site = await serve(ROOT);
  browser = await launchBrowser(false);
  context = await browser.newContext();
  const first = await context.newPage();
  await first.goto(`${site.url}/a/b/`);
  await first.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    if (active?.state !== 'activated') await new Promise((done) => active?.addEventListener('statechange', done));
  });
  await first.close();
  await site.close();
  await context.setOffline(true);
});
afterAll(async () => {
  await browser?.close();
});

describe('the second visit, offline, under /a/b/', () => {
  const open = async (hash: string) => {
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (e) => errors.push(e.message));
    await page.goto(`${site.url}/a/b/?from=test${hash}`);
    return { page, errors };
  };
  it('the Lab has its presets and can run', async () => {
    const { page, errors } = await open('#/lab');
    await page.getByRole('button', { name: 'Run', exact: true }).and(page.locator(':enabled')).first().waitFor();
    expect(await page.locator('.topbar-preset').textContent()).toContain('gpt2-vanilla-baseline');
    expect(errors).toEqual([]);
    await page.close();
  });
  it.each([
    ['#/explain/wb-roofline', 'wb-roofline .plot svg'],
    ['#/claims', '.claims-list > li'],
    ['#/docs/architecture', '.docs article h2'],
  ])('%s', async (hash, selector) => {
    const { page, errors } = await open(hash);
    await page.locator(selector).first().waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });
  it('the search of the documents', async () => {
    const { page, errors } = await open('#/docs/quick-start');
    await page.getByRole('combobox', { name: 'Search the documents' }).fill('prun sel');
    await page.getByRole('option').first().waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });
  it('a widget frame', async () => {
    const page = await context.newPage();
    await page.goto(`${site.url}/a/b/embed.html?widget=wb-spearman`);
    await page.locator('wb-spearman .plot svg').first().waitFor();
    await page.close();
  });
});

describe('service worker', () => {
  it('has a new version when a file changes, and lists no source maps', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sw-'));
    writeFileSync(join(folder, 'index.html'), 'a');
    writeFileSync(join(folder, 'x.js.map'), '{}');
    const before = serviceWorker(folder);
    expect(before).toContain('const FILES = ["index.html"];');
    expect(before).toContain('const LATER = [];');
    expect(serviceWorker(folder)).toBe(before);
    writeFileSync(join(folder, 'large.txt'), Buffer.alloc(5_000_000));
    expect(serviceWorker(folder)).toContain('const LATER = ["large.txt"];');
    rmSync(join(folder, 'large.txt'));
    writeFileSync(join(folder, 'index.html'), 'b');
    expect(serviceWorker(folder)).not.toBe(before);
    rmSync(folder, { recursive: true });
  });
});
