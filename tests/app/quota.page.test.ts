/** A browser whose quota is full: the run stops with what to do, loses nothing, and goes on when there is room. */
import { existsSync } from 'node:fs';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Site, launchBrowser, serve } from './browser';
import { storedRuns, storedText, timelessMetrics } from './opfs';

const SITE = 'dist/site';
/** A state of 400 kB every ten steps. */
const QUERY = 'defconfig=gpt2-vanilla-baseline-ci&MAX_ITERS=120&CHECKPOINT_INTERVAL=10&EVAL_INTERVAL=40';
let site: Site;
let browser: Browser;
let page: Page;
let devtools: CDPSession;

beforeAll(async () => {
  if (!existsSync(`${SITE}/index.html`)) throw new Error('the site is not built: run "make build"');
  site = await serve(SITE);
  browser = await launchBrowser();
  // A service worker fills its cache meanwhile, out of the same quota.
  page = await (await browser.newContext({ serviceWorkers: 'block' })).newPage();
  devtools = await page.context().newCDPSession(page);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** Bytes that the site may use in all; null: as the browser has it. */
const allow = (quotaSize: number | null): Promise<unknown> =>
  devtools.send('Storage.overrideQuotaForOrigin', {
    origin: site.url,
    ...(quotaSize === null ? {} : { quotaSize }),
  });

it('a full disk stops the run with what to do; with room again it ends as an undisturbed one', async () => {
  const start = async (): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(`${site.url}/?${QUERY}#/lab`);
    await page.getByText('Software adapter').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).first().click();
  };
  await start();
  await page.locator('.state', { hasText: 'Finished' }).waitFor({ timeout: 120_000 });
  const [undisturbed] = await storedRuns(page);
  const used = await page.evaluate(async () => (await navigator.storage.estimate()).usage!);
  await allow(used + 1_000_000);
  await start();
  await page.locator('.state', { hasText: /Failed|Stopped/ }).waitFor({ timeout: 120_000 });
  const text = (): Promise<string> => page.locator('body').innerText();
  await expect.poll(text).toMatch(/storage that this browser gives the site is full/);
  await expect.poll(text).toMatch(/clean or delete runs on the Runs page/);
  const [id] = (await storedRuns(page)).filter((name) => name !== undisturbed);
  await expect.poll(() => storedText(page, id!, 'STATUS')).toBe('failed\n');
  await expect.poll(() => storedText(page, id!, 'log.txt')).toContain('is full');
  for (const line of ((await storedText(page, id!, 'metrics.jsonl')) ?? '').split('\n').slice(0, -1))
    expect(() => JSON.parse(line) as unknown).not.toThrow();
  await allow(null);
  await page.evaluate((name) => void (location.hash = `#/runs/${name}`), id!);
  await page.getByRole('button', { name: 'Continue', exact: true }).click();
  await page.locator('.state', { hasText: 'Finished' }).waitFor({ timeout: 120_000 });
  expect(await timelessMetrics(page, id!)).toEqual(await timelessMetrics(page, undisturbed!));
}, 300_000);
