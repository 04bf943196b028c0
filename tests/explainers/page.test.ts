/** Every widget in Chromium through the embed page, under a policy without inline script or style: drawn, axe clean, no overflow. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WIDGETS } from '@/explainers/registry';
import { launchBrowser, serve, type Site } from '../app/browser';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SHOTS = at('../../screenshots/explainers');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let browser: Browser;
let site: Site;

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  const outDir = at('../../.cache/embed-test');
  process.env.NODE_ENV = 'production';
  await build({
    configFile: at('../../vite.config.ts'),
    logLevel: 'error',
    mode: 'production',
    publicDir: false,
    build: { outDir, emptyOutDir: true, rollupOptions: { input: at('../../embed.html') } },
  });
  site = await serve(outDir);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

describe.each(WIDGETS.map((w) => w.tag))('%s', (tag) => {
  it.each([
    [360, 'light'],
    [768, 'dark'],
    [1440, 'light'],
    [1440, 'dark'],
    [768, 'light'],
    [360, 'dark'],
  ] as const)('%i px, %s', async (width, colorScheme) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const errors: string[] = [];
    page.on('console', (m) => m.type() === 'error' && !m.text().includes('404') && errors.push(m.text()));
    page.on('pageerror', (e) => errors.push(e.message));
    await page.goto(`${site.url}/embed.html?widget=${tag}`);
    await page.locator('.plot svg').first().waitFor();
    await page.screenshot({ path: `${SHOTS}/${tag}-${width}-${colorScheme}.png`, fullPage: true });
    expect(errors).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.evaluate(AXE);
    const { violations } = (await page.evaluate(
      'axe.run(document, { rules: { region: { enabled: false } } })',
    )) as AxeResults;
    expect(
      violations
        .filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 120)}`)),
    ).toEqual([]);
    await page.close();
  });
});

describe('state', () => {
  it('a bad attribute is answered in place', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-spearman&preset=round`);
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').textContent()).toBe(
      '<wb-spearman> preset="round": choose one of linear, curved, outlier, negative, arch, noise.',
    );
    await page.close();
  });
  it('arrow keys move a point and the coefficients follow', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-spearman&preset=curved`);
    const rho = page.locator('.stats div', { hasText: 'Spearman' }).locator('dd');
    await rho.waitFor();
    expect(await rho.textContent()).toBe('1.000');
    await page.getByRole('button', { name: /^Point 12/ }).focus();
    for (let i = 0; i < 10; i++) await page.keyboard.press('Shift+ArrowDown');
    expect(Number(await rho.textContent())).toBeLessThan(0.6);
    await page.close();
  });
  it('golden: saturation at batch 16 is 3.07 times and 82 %', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-kv-quant`);
    await page.locator('.stats').waitFor();
    expect(await page.locator('.stats dd').allTextContents()).toEqual(['3.07×', '82 %']);
    await page.close();
  });
});
