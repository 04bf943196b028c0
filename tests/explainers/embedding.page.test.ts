/** Embedded widgets: the runtime draws what React draws; the example opens from another origin under the recommended policy. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WIDGETS } from '@/explainers/registry';
import { launchBrowser } from '../app/browser';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const CACHE = at('../../.cache/embedding');
const EXAMPLES = at('../../docs/embed/examples');
const README = readFileSync(at('../../docs/embed/README.md'), 'utf8');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.css': 'text/css',
};
type Files = (path: string) => string | Buffer;

let browser: Browser;
let widgets: Origin;

interface Origin {
  readonly url: string;
  readonly close: () => void;
}

function serveFiles(files: Files, headers: Readonly<Record<string, string>>): Promise<Origin> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://x');
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    try {
      const content = files(path);
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain', ...headers }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }),
    ),
  );
}

/** The value of a header in the n-th indented block of the README that has it, with the example's host replaced. */
function policy(n: number): string {
  const flat = README.replaceAll(/;\n +/g, '; ');
  return [...flat.matchAll(/Content-Security-Policy: (.+)/g)][n][1].replaceAll('https://lab.example', widgets.url);
}

beforeAll(async () => {
  process.env.NODE_ENV = 'production';
  const common = { logLevel: 'error', mode: 'production', publicDir: false } as const;
  await build({
    ...common,
    configFile: at('../../vite.embed.config.ts'),
    build: { outDir: `${CACHE}/embed`, emptyOutDir: true },
  });
  await build({
    ...common,
    configFile: at('../../vite.config.ts'),
    build: { outDir: `${CACHE}/site`, emptyOutDir: true, rollupOptions: { input: at('../../embed.html') } },
  });
  browser = await launchBrowser(false);
  widgets = await serveFiles((path) => readFileSync(join(CACHE, path)), { 'access-control-allow-origin': '*' });
});
afterAll(async () => {
  await browser?.close();
  widgets?.close();
});

async function openPage(url: string, errors: string[]): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 900, height: 900 } });
  page.on('console', (m) => m.type() === 'error' && !m.text().includes('404') && errors.push(m.text()));
  page.on('pageerror', (e) => errors.push(e.message));
  await page.goto(url);
  return page;
}

/** The shadow tree without what differs by design: ids, and React's text markers. */
const shadow = (page: Page, tag: string): Promise<string> =>
  page
    .locator(`${tag} .plot-hold svg`)
    .first()
    .waitFor()
    .then(() => page.evaluate((name) => document.querySelector(name)!.shadowRoot!.innerHTML, tag))
    .then((html) =>
      html
        .replace(/ (id|for|aria-labelledby)="[^"]*"/g, ' $1')
        .replace(/ (value|type)="[^"]*"/g, '')
        .replace(/<!--.*?-->/g, ''),
    );

/** Both texts around the first place where they differ; empty when they are equal. */
function differing(a: string, b: string): string {
  if (a === b) return '';
  const i = [...a].findIndex((c, at) => c !== b[at]);
  return `${a.slice(i - 60, i + 60)} | ${b.slice(i - 60, i + 60)}`;
}

describe('the runtime draws what React draws', () => {
  it.each(WIDGETS.map((w) => w.tag))('%s', async (tag) => {
    const errors: string[] = [];
    const host = await serveFiles(
      () =>
        `<!doctype html><meta name="knlp-workbench" content="./"><style>body { margin: 0 }</style><script type="module" src="${widgets.url}/embed/${tag}.js"></script><${tag}></${tag}>`,
      {},
    );
    const react = await openPage(`${widgets.url}/site/embed.html?widget=${tag}`, errors);
    const small = await openPage(`${host.url}/`, errors);
    await expect.poll(async () => differing(await shadow(small, tag), await shadow(react, tag))).toBe('');
    for (const page of [react, small]) {
      for (const slider of await page.locator(`${tag} input[type=range]`).all()) {
        await slider.focus();
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowRight');
      }
      for (const select of await page.locator(`${tag} select`).all()) await select.selectOption({ index: 1 });
      for (const button of await page.locator(`${tag} button:not([aria-pressed=true])`).all()) {
        if (await button.isVisible()) await button.click();
      }
    }
    await expect.poll(async () => differing(await shadow(small, tag), await shadow(react, tag))).toBe('');
    expect(errors).toEqual([]);
    await Promise.all([react.close(), small.close()]);
    host.close();
  });
});

describe('the plain example on another origin', () => {
  const example =
    (broken: boolean): Files =>
    (path) =>
      readFileSync(join(EXAMPLES, 'plain', path), 'utf8').replaceAll(
        'https://lab.example',
        broken ? `${widgets.url}/gone` : widgets.url,
      );

  it('runs under the policy of the documents, the frame as tall as its content', async () => {
    const errors: string[] = [];
    const host = await serveFiles(example(false), { 'content-security-policy': policy(0) });
    const page = await openPage(`${host.url}/`, errors);
    expect(new URL(host.url).origin).not.toBe(new URL(widgets.url).origin);
    await page.locator('wb-spearman .plot svg').first().waitFor();
    await page.locator('wb-kv-calculator .plot svg').first().waitFor();
    await page.frameLocator('iframe').locator('wb-roofline .plot svg').first().waitFor();
    await expect.poll(() => page.locator('iframe').evaluate((f) => f.clientHeight)).toBeGreaterThan(500);
    await page.locator('iframe').scrollIntoViewIfNeeded();
    const frame = page.frames()[1];
    const beyond = () => frame.evaluate(() => document.documentElement.scrollHeight - innerHeight);
    await expect.poll(beyond).toBeLessThanOrEqual(0);
    expect(await page.locator('wb-spearman > img').isVisible()).toBe(false);
    expect(errors).toEqual([]);
    await page.close();
    host.close();
  });
  it('shows the drawings where the script does not load', async () => {
    const host = await serveFiles(
      (path) => (path.endsWith('.html') ? String(example(false)(path)).replaceAll('/embed/wb-', '/gone/wb-') : ''),
      { 'content-security-policy': policy(0) },
    );
    const page = await openPage(`${host.url}/`, []);
    const image = page.locator('wb-spearman > img');
    await expect.poll(() => image.evaluate((i: HTMLImageElement) => i.naturalWidth)).toBe(640);
    expect(await image.isVisible()).toBe(true);
    await page.close();
    host.close();
  });
});

it('the documents name every attribute with its default', async () => {
  for (const entry of WIDGETS) {
    const { tag, attributes } = await entry.load();
    const words = Object.entries(attributes).map(([name, a]) => {
      const what = a.type === 'number' ? `${a.min} to ${a.max}` : a.values.join(', ');
      return `\`${name}\`: ${what} (${a.default})`;
    });
    expect(README).toContain(`| \`${tag}\` | ${words.join('; ')} |`);
  }
});
