/** The Decode page in Chromium on the recorded worker: measuring, a dot's kernel, cancelling, states, axe, no page scroll. */
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, serve, type Site } from './browser';
import { axe, overflow } from './checks';
import { buildLab } from './site';

const SHOTS = fileURLToPath(new URL('../../screenshots/app', import.meta.url));

let browser: Browser;
let site: Site;
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  site = await serve(await buildLab('decode-page'));
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

async function open(query: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  await page.goto(`${site.url}/lab.html?${query}#/decode`);
  await page.getByRole('heading', { name: 'Decode', exact: true }).waitFor();
  return page;
}

const PHONE = { viewport: { width: 390, height: 844 } };

/** The whole page from its top: a sticky header would stand in the middle. */
async function shot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(200);
  await page.screenshot({ path: `${SHOTS}/decode-${name}.png`, fullPage: true });
}

const measure = (page: Page, title: string) => page.getByRole('button', { name: `Measure ${title}`, exact: true });

const EXPERIMENTS = ['Roofline of this adapter', 'Attention against the stream', 'Batch saturation', 'Context scaling', 'Fusion', 'K/V precision asymmetry', 'Calibration ratio', 'Quantised KV']; // prettier-ignore

describe('measuring', () => {
  const cases = [
    { name: '1440-light', viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
    { name: '1440-dark', viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
    { name: '390-light', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
    { name: '390-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  ] as const;
  it.each(cases)('shows every result at $name', async ({ name, viewport, colorScheme }) => {
    const page = await open('scenario=live', { viewport, colorScheme });
    expect(await axe(page)).toEqual([]);
    await shot(page, `empty-${name}`);
    for (const title of EXPERIMENTS) {
      await measure(page, title).click();
      await page
        .getByRole('button', { name: `Save ${title} as JSON` })
        .and(page.locator(':enabled'))
        .waitFor();
    }
    const dots = page.locator('.roofline .dot');
    await expect.poll(() => dots.count()).toBe(5);
    await dots.nth(3).focus();
    await page.keyboard.press('Enter');
    await page.getByText('// gemv').waitFor();
    // 131e3 FLOPs and 265e3 bytes in 0.06 ms: 2.183 GFLOP/s under 9.8 GB/s * 0.4943 FLOP/B = 4.845 GFLOP/s.
    await page.getByText('2.22 × under the roof (45.1 %)').waitFor();
    await page.getByText('0, bit for bit against naive on the same noise').waitFor();
    await page.getByText('9.30 GFLOP/s, 72.3 % of FMA, subgroup4-16x64').waitFor();
    await page.getByText('software adapter: no claim about hardware').first().waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await axe(page)).toEqual([]);
    await shot(page, name);
    await page.context().close();
  });

  it('gives the result as JSON', async () => {
    const page = await open('scenario=live');
    await measure(page, 'Fusion').click();
    const save = page.getByRole('button', { name: 'Save Fusion as JSON' });
    const [file] = await Promise.all([page.waitForEvent('download'), save.click()]);
    expect(file.suggestedFilename()).toBe('decode-fusion.json');
    const result = JSON.parse(readFileSync(await file.path(), 'utf8')) as Record<string, unknown>;
    expect(result).toMatchObject({ kind: 'fusion', software: true, timing: 'fenced' });
    await page.context().close();
  });
});

describe('states', () => {
  it('cancels, and measures one thing at a time', async () => {
    const page = await open('scenario=slow', { ...PHONE, colorScheme: 'dark' });
    const run = page.getByRole('button', { name: 'Run', exact: true }).first();
    await run.and(page.locator(':enabled')).waitFor(); // once the worker has answered
    await measure(page, 'Batch saturation').click();
    await expect.poll(() => measure(page, 'Fusion').isDisabled()).toBe(true);
    await expect.poll(() => run.isDisabled()).toBe(true);
    await shot(page, 'measuring');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.getByRole('button', { name: 'Cancel Batch saturation' }).click();
    await page.getByText('Cancelled: nothing was kept.').waitFor();
    await expect.poll(() => measure(page, 'Fusion').isEnabled()).toBe(true);
    await expect.poll(() => run.isEnabled()).toBe(true);
    await page.context().close();
  });

  it('a worker that dies while it measures ends the measurement', async () => {
    const page = await open('scenario=crash');
    await measure(page, 'Fusion').click();
    const card = page.getByRole('region', { name: 'Fusion', exact: true });
    await card.getByText('The engine worker stopped: out of memory.').waitFor();
    await page.getByText('Restart it in the Lab').waitFor();
    await expect.poll(() => measure(page, 'Batch saturation').isDisabled()).toBe(true);
    await shot(page, 'crashed');
    await page.context().close();
  });

  it('a lost device is said in place, measures again, and keeps what was measured before', async () => {
    const page = await open('scenario=lost', { ...PHONE, colorScheme: 'dark' });
    await measure(page, 'Fusion').click();
    await page.getByRole('region', { name: 'Fusion result' }).waitFor();
    await measure(page, 'Batch saturation').click();
    const card = page.getByRole('region', { name: 'Batch saturation' });
    await card.getByText('The graphics device was lost while measuring (driver reset).').waitFor();
    expect(await page.getByRole('region', { name: 'Fusion result' }).isVisible()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await shot(page, 'lost');
    await card.getByRole('button', { name: 'Measure again Batch saturation' }).click();
    await card.getByText('Hill, γ = 1').waitFor();
    await expect.poll(() => card.getByRole('alert').count()).toBe(0);
    await page.context().close();
  });

  it('a cache that does not fit is said with its bytes and the limit', async () => {
    const page = await open('scenario=full', { colorScheme: 'dark' });
    await measure(page, 'Attention against the stream').click();
    const card = page.getByRole('region', { name: 'Attention against the stream' });
    await card.getByText('takes 4194304 bytes, and SwiftShader binds at most 1048576').waitFor();
    await shot(page, 'full');
    await page.context().close();
  });

  it('text in the Lab is drawn in a batch, and stopped on the way', async () => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${site.url}/lab.html?scenario=live&run=1#/lab`);
    const panel = page.getByRole('region', { name: 'Sample', exact: true });
    await panel.getByLabel('Tokens').fill('4096');
    await panel.getByLabel('Texts').fill('3');
    await panel.getByRole('button', { name: 'Sample', exact: true }).click();
    await panel.getByRole('button', { name: 'Stop text' }).click();
    await panel.getByText(/Stopped after \d+ tokens. What was drawn stays./).waitFor();
    expect(await panel.locator('.sample-one').count()).toBe(3);
    expect(await axe(page)).toEqual([]);
    await page.screenshot({ path: `${SHOTS}/lab-text-stopped.png` });
    await context.close();
  });

  it('says that a run stands in the way', async () => {
    const page = await open('scenario=live&run=1');
    await page.getByText('A run is going on').waitFor();
    await expect.poll(() => measure(page, 'Fusion').isDisabled()).toBe(true);
    await page.context().close();
  });

  it('says that there is no WebGPU', async () => {
    const page = await open('scenario=reference');
    await page.getByText('there is no adapter to measure').first().waitFor();
    expect(await measure(page, 'Fusion').isDisabled()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await page.context().close();
  });
});
