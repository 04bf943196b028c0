/** Claims and documents in Chromium under the site's policy: axe clean, nothing wider than the page, live widgets, links that work. */
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slugs } from '../../scripts/docs/plugin.ts';
import { launchBrowser, serve, type Site } from './browser';
import { axe, overflow } from './checks';

const SHOTS = fileURLToPath(new URL('../../screenshots/docs', import.meta.url));
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
let browser: Browser;
let site: Site;

beforeAll(async () => {
  process.env.NODE_ENV = 'production';
  await build({
    configFile: at('../../vite.config.ts'),
    logLevel: 'error',
    mode: 'production',
    build: { outDir: at('../../.cache/reading'), emptyOutDir: true },
  });
  site = await serve(at('../../.cache/reading'));
  browser = await launchBrowser(false);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const PAGES = [
  ['claims', '.claims-list > li'],
  ['docs/quick-start', '.docs article img'],
  ['docs/bandwidth', 'wb-kv-quant .plot svg'],
  ['docs/provenance', '.docs article table'],
] as const;

describe.each(PAGES)('#/%s', (path, ready) => {
  it.each([
    [390, 'light'],
    [390, 'dark'],
    [1440, 'light'],
    [1440, 'dark'],
  ] as const)('%i px, %s', async (width, colorScheme) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const errors: string[] = [];
    page.on('pageerror', (e) => errors.push(e.message));
    page.on('console', (m) => m.text().includes('Content Security Policy') && errors.push(m.text()));
    await page.goto(`${site.url}/#/${path}`);
    await page.locator(ready).first().waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    // Every claim is built alike; the checker needs a second for each ten.
    if (path === 'claims') await page.getByRole('button', { name: /^withdrawn/ }).click();
    expect(await axe(page, { within: 'main' })).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });
});

describe('reading', () => {
  const open = async (hash: string): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${site.url}/${hash}`);
    return page;
  };
  it('a link between documents goes to the heading, and Back returns', async () => {
    const page = await open('#/docs/quick-start');
    await page.getByRole('link', { name: 'Pruning', exact: true }).click();
    await page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'Selection' }).click();
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/docs/pruning/selection');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('selection');
    await page.goBack();
    await page.goBack();
    await page.getByRole('heading', { name: 'Quick start' }).waitFor();
    await page.close();
  });
  it.each([
    [1440, 'light'],
    [1440, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('every document fits %i px, %s', async (width, colorScheme) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const errors: string[] = [];
    page.on('pageerror', (e) => errors.push(e.message));
    for (const slug of slugs(at('../..'))) {
      await page.goto(`${site.url}/#/docs/${slug}`);
      await page.locator(`.docs-nav a[aria-current=page][href="#/docs/${slug}"]`).waitFor({ state: 'attached' });
      await page.locator('.docs article > *').first().waitFor();
      expect(await page.locator('.docs-nav').count(), slug).toBe(1);
      for (const live of await page.locator('.docs article .live').all()) await live.locator('.plot svg').first().waitFor(); // prettier-ignore
      expect(await overflow(page), slug).toBeLessThanOrEqual(0);
      await page.screenshot({ path: `${SHOTS}/${slug}-${width}-${colorScheme}.png` });
    }
    expect(errors).toEqual([]);
    await page.close();
  });
  it('a widget whose script cannot be fetched says so in its place, and the page lives on', async () => {
    const page = await browser.newPage({ serviceWorkers: 'block' }); // a worker would answer from its cache, past the route
    await page.route(/assets\/roofline-/, (route) => route.abort());
    await page.goto(`${site.url}/#/explain/wb-roofline`);
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('Roofline did not load');
    await page.getByRole('navigation', { name: 'Explainers' }).getByRole('link', { name: 'Rank correlation' }).click();
    await page.locator('wb-spearman .plot svg').first().waitFor();
    await page.goto(`${site.url}/#/docs/bandwidth`);
    await page.getByText('wb-roofline did not load').waitFor();
    await page.locator('wb-kv-quant .plot svg').first().waitFor();
    await page.goto(`${site.url}/embed.html?widget=wb-roofline`);
    await page.getByText('Roofline did not load').waitFor();
    await page.close();
  });
  it('a document that does not exist says so', async () => {
    const page = await open('#/docs/nowhere');
    expect(await page.getByRole('alert').textContent()).toContain('No document “nowhere”');
    await page.close();
  });
  it('withdrawn claims are struck through with their reason; a status narrows the list', async () => {
    const page = await open('#/claims');
    await page.getByRole('button', { name: /^withdrawn/ }).click();
    await expect.poll(() => page.locator('.claims-list > li').count()).toBe(8);
    expect(await page.locator('.claims-list > li h3 s').count()).toBe(8);
    expect(await page.locator('.claims-list > li .claim-caveat strong').count()).toBe(8);
    await page.close();
  });
  it('“Reproduce here” opens the Lab with the preset, an arm with its symbols too', async () => {
    const page = await open('#/claims');
    await page.getByRole('searchbox').fill('rmlp-v18-val-loss');
    await page.getByText(/^1 of \d+ claims$/).waitFor(); // the list follows the words when there is time for it
    await page.getByRole('link', { name: /^Reproduce here/ }).click();
    await expect.poll(() => page.locator('.topbar-preset').textContent()).toMatch(/^gpt2-rmlp/);
    await page.goBack();
    await page.getByRole('searchbox').fill('rmlp-v18-val-loss');
    await page.getByText(/^1 of \d+ claims$/).waitFor();
    await page.getByRole('link', { name: /^rmlp:/ }).click();
    await expect.poll(() => page.evaluate(() => location.hash)).toContain('MLP_RECIPROCAL=y');
    await expect.poll(() => page.locator('.topbar-preset').textContent()).toContain('+1 changed');
    await page.close();
  });
});

describe('search in the documents', () => {
  const open = async (width = 1440): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    await page.goto(`${site.url}/#/docs/quick-start`);
    await page.locator('.docs article h2').first().waitFor();
    return page;
  };
  const box = (page: Page) => page.getByRole('combobox', { name: 'Search the documents' });

  it('is fetched when it is used; "/" goes there, arrows and Enter to a heading', async () => {
    const page = await open();
    const fetched: string[] = [];
    page.on('request', (r) => r.url().includes('docs-search') && fetched.push(r.url()));
    await page.keyboard.press('/');
    await expect.poll(() => box(page).evaluate((e) => e === document.activeElement)).toBe(true);
    await page.keyboard.type('prun sel');
    const options = page.getByRole('option');
    await options.first().waitFor();
    expect(fetched).toHaveLength(1);
    expect(await options.first().textContent()).toMatch(/^Selection Pruning/);
    expect((await options.first().locator('mark').allTextContents()).map((t) => t.toLowerCase())).toContain('sel');
    await page.keyboard.press('ArrowDown');
    expect(await options.nth(1).getAttribute('aria-selected')).toBe('true');
    expect(await box(page).getAttribute('aria-activedescendant')).toBe('docs-hit-1');
    expect(await axe(page, { within: 'main' })).toEqual([]);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => location.hash)).toBe('#/docs/pruning/selection');
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('selection');
    await page.close();
  });
  it.each([390, 1440])('says what to try where nothing matches, at %i px', async (width) => {
    const page = await open(width);
    await box(page).fill('zzzz');
    await page.getByText('No section has all of “zzzz”. Try fewer words').waitFor();
    await box(page).fill('kv cache');
    await page.getByRole('option').first().waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const list = (await page.locator('.docs-found').boundingBox())!;
    expect(list.x).toBeGreaterThanOrEqual(0);
    expect(list.x + list.width).toBeLessThanOrEqual(width);
    await page.screenshot({ path: `${SHOTS}/search-${width}.png` });
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.docs-found').isVisible()).toBe(false);
    await page.close();
  });
  it('says that its text did not load, and tries again', async () => {
    const page = await browser.newPage({ serviceWorkers: 'block' });
    await page.route(/docs-search-/, (route) => route.abort(), { times: 1 });
    await page.goto(`${site.url}/#/docs/quick-start`);
    await box(page).fill('ridge');
    await page.getByText('The text of the documents did not load').waitFor();
    await box(page).fill('roof');
    await page.getByRole('option').first().waitFor();
    await page.close();
  });
});
