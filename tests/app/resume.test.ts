/** Runs of the built site that are cut off by a reload or lose their device: they end as if nothing had happened. */
import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loseDevices } from '../../scripts/support/lose-devices.mjs';
import { type Site, launchBrowser, serve } from './browser';
import { storedRuns, storedText, timelessMetrics } from './opfs';

const SITE = 'dist/site';
const QUERY = 'defconfig=gpt2-vanilla-baseline-ci&MAX_ITERS=240&CHECKPOINT_INTERVAL=10&GPT2_DROPOUT=0.1';
let site: Site;
let browser: Browser;
let page: Page;
/** Forced device losses; many: `node scripts/device-loss-page.mjs`. */
const LOSSES = 2;
let undisturbed: string[];
const errors: string[] = [];

beforeAll(async () => {
  if (!existsSync(`${SITE}/index.html`)) throw new Error('the site is not built: run "make build"');
  site = await serve(SITE);
  browser = await launchBrowser();
  page = await (await browser.newContext()).newPage();
  page.on('pageerror', (error) => errors.push(error.message));
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const open = async (target: Page = page): Promise<void> => {
  await target.goto('about:blank'); // one address twice would be no reload
  await target.goto(`${site.url}/?${QUERY}#/lab`);
  await target.getByText('Software adapter').waitFor();
};
const start = (target: Page = page): Promise<void> =>
  target.getByRole('button', { name: 'Run', exact: true }).first().click();
const finished = (target: Page = page, timeout = 180_000): Promise<unknown> =>
  target.locator('.state', { hasText: 'Finished' }).waitFor({ timeout });
/** Waits until the page shows at least this step. */
const reached = (step: number, target: Page = page): Promise<unknown> =>
  target.waitForFunction((n) => Number(/step\s+(\d+)\s*\/\s*240/.exec(document.body.innerText)?.[1] ?? 0) >= n, step, {
    timeout: 120_000,
  });

describe('runs that are cut off', () => {
  it('keeps an undisturbed run as a directory with a manifest', async () => {
    await open();
    await start();
    await finished();
    const [id] = await storedRuns(page);
    undisturbed = await timelessMetrics(page, id!);
    expect(undisturbed.filter((line) => line.includes('"event":"step"'))).toHaveLength(240);
    expect(await storedText(page, id!, 'STATUS')).toBe('ok\n');
    const manifest = JSON.parse((await storedText(page, id!, 'manifest.json'))!) as Record<string, unknown>;
    expect(manifest).toMatchObject({ schema: 'wb-manifest/1', kind: 'train', results: { status: 'ok', steps: 240 } });
    expect(manifest).toMatchObject({ device: { backend: 'webgpu', software: true } });
  }, 240_000);

  it('offers a run that a reload cut off, and continues it to equal metrics', async () => {
    const before = await storedRuns(page);
    await open();
    await start();
    await reached(100);
    await page.reload();
    await page.getByText('A run was interrupted').waitFor({ timeout: 60_000 });
    const [id] = (await storedRuns(page)).filter((name) => !before.includes(name));
    expect(await storedText(page, id!, 'STATUS')).toBe('running\n');
    await page.getByRole('button', { name: 'Continue the run' }).click();
    await finished();
    expect(await timelessMetrics(page, id!)).toEqual(undisturbed);
    const manifest = JSON.parse((await storedText(page, id!, 'manifest.json'))!) as { resumedAt: number[] };
    expect(manifest.resumedAt.length).toBe(1);
    expect(manifest.resumedAt[0]).toBeGreaterThanOrEqual(10);
  }, 300_000);

  it('lets no second tab touch a run that is going on, and frees it when its tab closes', async () => {
    const before = await storedRuns(page);
    const first = await page.context().newPage();
    await open(first);
    await start(first);
    await reached(20, first);
    // It must not end before the other tab has looked; paused it is held as while it trains.
    await first.getByRole('button', { name: 'Pause', exact: true }).first().click();
    await first.locator('.state', { hasText: 'Paused' }).waitFor();
    const [id] = (await storedRuns(page)).filter((name) => !before.includes(name));
    await open();
    await page.locator('.state', { hasText: 'Ready' }).waitFor();
    await page.evaluate(() => void (location.hash = '#/runs'));
    await page.locator('.runs-table', { hasText: 'running' }).waitFor(); // so the list is read, by which it would be offered
    await page.evaluate(() => void (location.hash = '#/lab'));
    await page.locator('.cost[data-stale=false]').waitFor({ state: 'attached' });
    expect(await page.getByText('A run was interrupted').count(), 'it is not offered while it goes on').toBe(0);
    await first.close();
    await page.reload();
    await page.getByRole('button', { name: 'Continue the run' }).click({ timeout: 60_000 });
    await finished();
    expect(await timelessMetrics(page, id!)).toEqual(undisturbed);
  }, 300_000);
});

describe('a lost device', () => {
  it(
    'is replaced while the run goes on by itself, and the page says so',
    async () => {
      const before = await storedRuns(page);
      await open();
      // The newest: those of the page before may still be listed.
      const worker = page.workers().findLast((w) => w.url().includes('/worker-'));
      expect(worker, page.workers().map((w) => w.url()).join(' ')).toBeDefined(); // prettier-ignore
      // Whoever encodes a step is the device in use: the product needs no door for this test.
      await worker!.evaluate(loseDevices, [LOSSES, 30]);
      await start();
      await page.getByText('The GPU device was lost and replaced').waitFor({ timeout: 120_000 });
      await finished(page, 60_000 * (2 + LOSSES));
      const [id] = (await storedRuns(page)).filter((name) => !before.includes(name));
      expect(await timelessMetrics(page, id!)).toEqual(undisturbed);
      expect((await storedText(page, id!, 'log.txt'))!.match(/device lost/g)).toHaveLength(LOSSES);
    },
    60_000 * (4 + LOSSES),
  );

  it('raised no error in the page', () => expect(errors).toEqual([]));
});
