/** All arms of a tiny paired preset in the built site, through a reload; the Runs page has them afterwards. */
import { existsSync, mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Site, launchBrowser, serve } from './browser';
import { axe, overflow } from './checks';
import { storedRuns, storedText } from './opfs';

const SITE = 'dist/site';
let site: Site;
let browser: Browser;
let page: Page;
const errors: string[] = [];

beforeAll(async () => {
  if (!existsSync(`${SITE}/index.html`)) throw new Error('the site is not built: run "make build"');
  site = await serve(SITE);
  browser = await launchBrowser();
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.on('pageerror', (error) => errors.push(error.message));
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

it('runs them one after another, goes on after a reload, and leaves runs that compare', async () => {
  await page.goto(`${site.url}/?defconfig=gpt2-spam-matrix-ci&MAX_ITERS=60&CHECKPOINT_INTERVAL=10#/lab`);
  await page.getByText('Software adapter').waitFor({ timeout: 60_000 });
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'Arms and seeds' }) });
  await section.getByText('3 runs: 3 arms').waitFor();
  await section.getByRole('button', { name: 'Run all arms and seeds' }).click();
  await section.getByText('1 of 3').waitFor({ timeout: 120_000 });
  await page.locator('.state', { hasText: 'Running' }).waitFor({ timeout: 60_000 });
  await page.reload(); // at once: two runs are open
  await page.locator('.state', { hasText: 'Running' }).waitFor({ timeout: 120_000 });
  expect(await axe(page)).toEqual([]);
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  mkdirSync('screenshots/app', { recursive: true });
  await page.screenshot({ path: 'screenshots/app/matrix-1440-light.png' });
  await section.getByText('3 of 3').waitFor({ timeout: 240_000 });
  const ids = await storedRuns(page);
  expect(ids).toHaveLength(3);
  const parents = new Set<string>();
  for (const id of ids) {
    expect(await storedText(page, id, 'STATUS')).toBe('ok\n');
    const manifest = JSON.parse((await storedText(page, id, 'manifest.json'))!) as { runId: string; parents: string[] };
    expect(manifest.runId).toBe(id);
    parents.add(manifest.parents.join());
    expect((await storedText(page, id, 'metrics.jsonl'))!.match(/"event":"step"/g)).toHaveLength(60);
  }
  expect(parents.size).toBe(1);
  expect(ids.every((id) => id.startsWith(`${[...parents][0]!}-`))).toBe(true);
  await section.getByRole('button', { name: 'Compare in Runs' }).click();
  // Each with its raw line under the average.
  await page.locator('.runs-plot .plot-host[data-series="6"]').waitFor({ timeout: 60_000 });
  expect(errors).toEqual([]);
}, 480_000);
