/** Every widget in Chromium through the embed page, under a policy without inline script or style: drawn, axe clean, no overflow. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WIDGETS } from '@/explainers/registry';
import { launchBrowser, serve, type Site } from '../app/browser';
import { axe, overflow } from '../app/checks';
import { crowded } from './crowded';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const SHOTS = at('../../screenshots/explainers');
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
  browser = await launchBrowser(false);
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
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    expect(await axe(page, { without: ['region'] })).toEqual([]);
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
    await expect.poll(async () => Number(await rho.textContent())).toBeLessThan(0.6);
    await page.close();
  });
  it('golden: saturation at batch 16 is 3.07 times and 82 %', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-kv-quant`);
    await page.locator('.stats').waitFor();
    expect(await page.locator('.stats dd').allTextContents()).toEqual(['3.07×', '82 %']);
    await page.close();
  });
  it('golden: a cache of 4,096 tokens, 32 layers of 8 heads of 128, f16', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-kv-calculator&model=Mistral-7B`);
    await page.locator('.stats').waitFor();
    // 536,870,912 B: 2 · 32 · 8 · 128 · 2 · 4,096.
    expect((await page.locator('.stats dd').allTextContents()).slice(0, 2)).toEqual(['131,072 B', '512 MiB']);
    await page.close();
  });
  it('golden: 400 ± 2 in e4m3 is rounded by ±16 and lost; without the bias it is kept', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-kv-quant&tab=asymmetry`);
    const dd = page.locator('.stats dd');
    await dd.first().waitFor();
    expect(await dd.allTextContents()).toEqual(['±16', '±2', 'residual lost', '±0.125']);
    await page.close();
  });
  it('golden: a loop of 4,096 + 256 tokens that adds 128 reads 565,184 positions', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-decode-bottleneck`);
    await page.getByText('565,184', { exact: true }).waitFor();
    await page.close();
  });
  it('the mouse drags a point, beyond the plot too, and lets it go; Delete removes it', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-spearman&preset=curved`);
    const point = page.getByRole('button', { name: /^Point 1:/ });
    await point.waitFor();
    const box = (await point.boundingBox())!;
    await page.mouse.move(box.x + 7, box.y + 7);
    await page.mouse.down();
    await page.mouse.move(box.x + 50, box.y - 100, { steps: 4 });
    await page.mouse.move(box.x + 50, 0, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => point.getAttribute('aria-label')).toMatch(/^Point 1: \d+, 100\./);
    await page.mouse.move(box.x + 200, box.y);
    expect(await point.getAttribute('aria-label')).toMatch(/, 100\./);
    await page.keyboard.press('Delete');
    const n = page.locator('.stats div', { hasText: 'points, n' }).locator('dd');
    await expect.poll(() => n.textContent()).toBe('11');
    await page.close();
  });
  it('counts every order up to nine points, and says what is missing without points', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-spearman&preset=curved`);
    for (let i = 0; i < 7; i++) await page.getByRole('button', { name: /^Point 1:/ }).press('Delete');
    // Five points in rising order: 2 of 5! orders are as extreme.
    const exact = page.locator('.stats div', { hasText: 'p of ρ, all orders' }).locator('dd');
    await expect.poll(() => exact.textContent()).toBe((2 / 120).toFixed(3));
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('Add at least three points for a correlation.').waitFor();
    await page.close();
  });
  it('the calculator counts GPT-2’s cache and names its models', async () => {
    const page = await browser.newPage();
    await page.goto(`${site.url}/embed.html?widget=wb-kv-calculator&model=ridge`);
    await page.getByRole('alert').waitFor();
    const named = /choose one of (.+)\./.exec((await page.getByRole('alert').textContent())!)![1].split(', ');
    expect(named).toContain('GPT-2 124M');
    await page.goto(`${site.url}/embed.html?widget=wb-kv-calculator&model=GPT-2+124M`);
    await page.locator('.stats').waitFor();
    const texts = await page.locator('.stats dd').allTextContents();
    expect(texts.slice(0, 2)).toEqual(['36,864 B', '144 MiB']);
    await page.close();
  });
  it('draws nothing that moves under reduced motion, and works without WebGPU', async () => {
    const page = await browser.newPage({ reducedMotion: 'reduce' });
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined }));
    for (const { tag } of WIDGETS) {
      await page.goto(`${site.url}/embed.html?widget=${tag}`);
      await page.locator('.plot svg').first().waitFor();
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
      expect(await page.getByRole('alert').count()).toBe(0);
    }
    await page.close();
  });
  it.each([360, 768])('no words of a plot are cut off or on top of each other at %i px', async (width) => {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    for (const { tag } of WIDGETS) {
      await page.goto(`${site.url}/embed.html?widget=${tag}`);
      await page.locator('.plot svg').first().waitFor();
      const tabs = page.locator('.buttons button[aria-pressed]');
      for (let i = 0; i < Math.max(1, await tabs.count()); i++) {
        if ((await tabs.count()) > 0) await tabs.nth(i).click();
        expect(await crowded(page, tag), `${tag} ${i}`).toEqual([]);
      }
    }
    await page.close();
  });
  it('every plot names both axes, and every mark a legend', async () => {
    const page = await browser.newPage();
    for (const { tag } of WIDGETS) {
      await page.goto(`${site.url}/embed.html?widget=${tag}`);
      await page.locator('.plot svg').first().waitFor();
      const tabs = await page.locator('.buttons button[aria-pressed]').count();
      for (let i = 0; i < Math.max(1, tabs); i++) {
        if (tabs > 0) await page.locator('.buttons button[aria-pressed]').nth(i).click();
        for (const plot of await page.locator('.plot').all()) {
          const titles = await plot.locator('.axis').allTextContents();
          expect(
            titles.filter((t) => t.trim() !== ''),
            `${tag} ${i}`,
          ).toHaveLength(2);
          expect(await plot.locator('.legend li').count(), `${tag} ${i}`).toBeGreaterThan(0);
        }
        if (tabs > 0) await page.screenshot({ path: `${SHOTS}/${tag}-tab-${i}.png`, fullPage: true });
      }
    }
    await page.close();
  });
});
