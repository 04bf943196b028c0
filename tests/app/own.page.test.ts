/** What the reader measures in the Lab and on the Decode page stands, as it was shown there, in the widgets of the documents. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, serve, type Site } from './browser';
import { buildLab } from './site';

let browser: Browser;
let site: Site;
beforeAll(async () => {
  site = await serve(await buildLab('own-page'));
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

async function open(query: string, hash: string): Promise<{ page: Page; errors: string[] }> {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const errors: string[] = [];
  page.on('console', (m) => m.type() === 'error' && errors.push(m.text()));
  page.on('pageerror', (e) => errors.push(e.message));
  await page.goto(`${site.url}/lab.html?${query}${hash}`);
  return { page, errors };
}

const go = (page: Page, hash: string): Promise<void> => page.evaluate((h) => void (location.hash = h), hash);
const stat = (page: Page, tag: string, name: string) =>
  page.locator(`${tag} .own .stats div`, { hasText: name }).locator('dd');

describe('own measurements', () => {
  it('Fisher against v, from the Lab to wb-fisher-adam in the document', async () => {
    const { page, errors } = await open('scenario=mid&run=1', '#/lab');
    await page.waitForFunction(() => document.querySelector('.run-status')?.textContent?.includes('2,400'));
    await go(page, '#/docs/fisher-adam');
    await page.locator('wb-fisher-adam .own').getByText('None is stored').waitFor();
    await go(page, '#/lab');
    await page.getByRole('button', { name: 'Compare v with Fisher' }).click();
    const facts = page.getByLabel('Fisher and Adam', { exact: true });
    await facts.getByText('Spearman, pooled').waitFor();
    const [spearman, pearson, ratio] = (await facts.locator('dd').allTextContents()).slice(1, 4);
    await go(page, '#/docs/fisher-adam');
    await stat(page, 'wb-fisher-adam', 'Spearman').waitFor();
    expect(await stat(page, 'wb-fisher-adam', 'Spearman').textContent()).toBe(spearman);
    expect(await stat(page, 'wb-fisher-adam', 'Pearson').textContent()).toBe(pearson);
    expect(Number(await stat(page, 'wb-fisher-adam', 'ΣF').textContent())).toBeCloseTo(Number(ratio), 3);
    const own = page.locator('wb-fisher-adam .own');
    expect(await own.textContent()).toContain('iterations of training');
    expect(await own.locator('.badge').textContent()).toContain('software adapter');
    await expect.poll(() => own.locator('.plot .dot').count()).toBeGreaterThan(100);
    // Stays: the browser's storage holds it.
    await page.reload();
    await stat(page, 'wb-fisher-adam', 'Spearman').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('roofline, batch and context, from the Decode page to the document', async () => {
    const { page, errors } = await open('scenario=live', '#/decode');
    for (const title of ['Roofline of this adapter', 'Batch saturation', 'Context scaling', 'Fusion']) {
      await page.getByRole('button', { name: `Measure ${title}`, exact: true }).click();
      await page
        .getByRole('button', { name: `Save ${title} as JSON` })
        .and(page.locator(':enabled'))
        .waitFor();
    }
    await go(page, '#/docs/bandwidth');
    // 9.8 GB/s and 12.86 GFLOP/s are what the Decode page shows of the recorded adapter.
    await stat(page, 'wb-roofline', 'stream copy').waitFor();
    expect(await stat(page, 'wb-roofline', 'stream copy').textContent()).toBe('9.8 GB/s');
    await expect.poll(() => page.locator('wb-roofline .own .plot-hold .dot').count()).toBe(5);
    await page.locator('wb-kv-bandwidth .own .plot svg').first().waitFor();
    await page.locator('wb-decode-bottleneck .own').getByText('each cached token').waitFor();
    await page.locator('wb-kv-quant').getByRole('button', { name: 'Fusion' }).click();
    await page.locator('wb-kv-quant .own .plot').getByText('Your attention kernels').waitFor();
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
