/** The built site with the real engine on the software adapter, as a user meets it. */
import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Site, launchBrowser, serve } from './browser';

const SITE = 'dist/site';
let site: Site;
let browser: Browser;
let page: Page;
let url: string;
const errors: string[] = [];

beforeAll(async () => {
  if (!existsSync(`${SITE}/index.html`)) throw new Error('the site is not built: run "make build"');
  site = await serve(SITE);
  url = `${site.url}/`;
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const text = (): Promise<string> => page.evaluate(() => document.body.innerText);

describe('the page with the engine', () => {
  it('plans the preset, names the software adapter and starts with one click', async () => {
    await page.goto(`${url}?preset=gpt2-vanilla-baseline-ci`);
    await page.getByText('Software adapter').waitFor();
    await page.getByRole('button', { name: /^Run/ }).first().click();
    await page.waitForFunction(() => /step\s+\d+\s*\/\s*40/.test(document.body.innerText), undefined, {
      timeout: 60_000,
    });
    await page.waitForFunction(() => /Finished/.test(document.body.innerText), undefined, { timeout: 60_000 });
  }, 120_000);

  it('shows what was measured: dispatches, planned = allocated bytes, time by op', async () => {
    await expect.poll(text).toMatch(/Dispatches a step\s+\d+/);
    await expect.poll(text).toContain('gemm');
    const shown = await text();
    const [, planned] = /Planned\s+([\d.]+ \wiB)/.exec(shown) ?? [];
    const [, allocated] = /Allocated\s+([\d.]+ \wiB)/.exec(shown) ?? [];
    expect(planned).toBeDefined();
    expect(allocated).toBe(planned);
  });

  it('samples text from the trained weights', async () => {
    await page
      .getByLabel(/Tokens/)
      .first()
      .fill('12');
    await page.getByRole('button', { name: 'Sample', exact: true }).click();
    await page.waitForFunction(
      () => /The[\s\S]{8,}/.test(document.querySelector('.sample-text')?.textContent ?? ''),
      undefined,
      { timeout: 60_000 },
    );
  });

  it('prunes the trained weights once, as the slider is moved', async () => {
    const slider = page.getByLabel('Sparsity to prune to');
    const facts = page.locator('dl[aria-label="One-shot pruning"]');
    const loss = async (of: 'dense' | 'pruned'): Promise<number> =>
      parseFloat(await facts.locator('div', { hasText: `Validation loss, ${of}` }).locator('dd').innerText()); // prettier-ignore
    const nothing = facts.getByText(/^0 of /);
    await slider.press('Home');
    await nothing.waitFor({ timeout: 60_000 });
    const dense = await loss('dense');
    expect(dense).toBeGreaterThan(0);
    expect(await loss('pruned')).toBe(dense);
    await slider.press('End');
    await nothing.waitFor({ state: 'detached', timeout: 60_000 });
    expect(await loss('dense')).toBe(dense);
    expect(await loss('pruned')).not.toBe(dense);
  }, 120_000);

  it('compares v with Fisher, and the document’s widget shows the same figures', async () => {
    await page.getByLabel('Sequences behind the Fisher diagonal').selectOption('16');
    await page.getByRole('button', { name: 'Compare v with Fisher' }).click();
    const facts = page.getByLabel('Fisher and Adam', { exact: true });
    await facts.waitFor({ timeout: 60_000 });
    const [spearman, pearson] = (await facts.locator('dd').allTextContents()).slice(1, 3);
    expect(Number(spearman)).toBeGreaterThan(0);
    await page.evaluate(() => void (location.hash = '#/docs/fisher-adam'));
    const stats = page.locator('wb-fisher-adam .own .stats dd');
    await stats.first().waitFor();
    expect((await stats.allTextContents()).slice(0, 2)).toEqual([spearman, pearson]);
    expect(await page.locator('wb-fisher-adam .own').textContent()).toContain('40 iterations of training');
  });

  it('raised no error in the console', () => expect(errors).toEqual([]));
});
