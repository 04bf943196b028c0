/** All widgets in one page of another origin, in every state that is not the usual one: each says what is wrong in its place, the page lives on. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WIDGETS } from '@/explainers/registry';
import { launchBrowser } from '../app/browser';

const OUT = fileURLToPath(new URL('../../.cache/states', import.meta.url));
const TAGS = WIDGETS.map((w) => w.tag);
/** Widgets with a panel of own measurements, and the kind that it shows first. */
const OWN: Readonly<Record<string, string>> = {
  'wb-roofline': 'roofline',
  'wb-kv-bandwidth': 'saturation',
  'wb-decode-bottleneck': 'context',
  'wb-kv-quant': 'saturation',
  'wb-fisher-adam': 'second-moment',
  'wb-pruning': 'pruning',
  'wb-kvsplice': 'fisher',
};
const header = { adapter: 'SwiftShader', software: true, subject: 'random', preset: 'gpt2-char-s' };
const points = [1, 2, 4, 8].map((n) => ({ batch: n, context: 64 * n, medianMs: 2 + n, tokensPerSecond: 400 * n }));
const RECORDS: readonly Readonly<Record<string, unknown>>[] = [
  { kind: 'roofline', roof: { bandwidthGBs: 9, fmaGflops: 18 }, ops: [{ sequence: 'decode', family: 'gemv', variant: 'a', intensity: 0.5, gflops: 2, gbs: 4 }] },
  { kind: 'saturation', points },
  { kind: 'context', points },
  { kind: 'second-moment', pooled: { n: 4, spearman: 0.9, logPearson: 0.8, ratio: 1.1 }, sequences: 8, points: [[1, 2], [2, 3]] },
  { kind: 'pruning', iterations: 100, sparsity: 0.5, perplexity: 9, overlap: [[10, 0.9], [20, 0.7]] },
  { kind: 'fisher', trace: [1, 0.8], uniform: 1.5 },
].map((body) => ({ ...header, ...body })); // prettier-ignore

let server: Server;
let browser: Browser;
let url: string;

beforeAll(async () => {
  process.env.NODE_ENV = 'production';
  await build({
    configFile: fileURLToPath(new URL('../../vite.embed.config.ts', import.meta.url)),
    logLevel: 'error',
    mode: 'production',
    publicDir: false,
    build: { outDir: OUT, emptyOutDir: true },
  });
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    const send = (type: string, body: string | Buffer): void =>
      void response.writeHead(200, { 'content-type': type }).end(body);
    if (pathname === '/') return send('text/html', pageOf(searchParams.get('with') ?? '', searchParams.get('without')));
    if (pathname === '/own.json') return send('application/json', JSON.stringify(RECORDS));
    if (pathname === '/broken.json') return send('application/json', JSON.stringify([{ ...RECORDS[1], points: [] }]));
    try {
      send(extname(pathname) === '.js' ? 'text/javascript' : 'image/svg+xml', readFileSync(join(OUT, pathname)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchBrowser(false);
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** Every widget with the same attributes; the script of `without` is not there. */
const pageOf = (attributes: string, without: string | null): string =>
  `<!doctype html><title>x</title>${TAGS.map((tag) => `<script type="module" src="${tag === without ? 'gone' : tag}.js"></script><${tag} ${attributes}><p>${tag} without script</p></${tag}>`).join('')}`;

async function open(query: Readonly<Record<string, string>>, init?: () => void): Promise<[Page, string[]]> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (e) => errors.push(e.message));
  if (init) await page.addInitScript(init);
  await page.goto(`${url}/?${new URLSearchParams(query).toString()}`);
  return [page, errors];
}

const plots = (page: Page, tag: string): Promise<number> => page.locator(`${tag} .plot svg[role=img]`).count();
const alerts = (page: Page, tag: string): Promise<string[]> => page.locator(`${tag} [role=alert]`).allTextContents();
const drawn = (page: Page): Promise<unknown> =>
  Promise.all(TAGS.map((tag) => page.locator(`${tag} .plot svg`).first().waitFor()));

describe('every widget', () => {
  it('draws its stored data without WebGPU and where storage is forbidden, and says how to measure', async () => {
    const [page, errors] = await open({}, () => {
      Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined });
      Object.defineProperty(window, 'localStorage', {
        get: () => {
          throw new DOMException('denied', 'SecurityError');
        },
      });
    });
    await drawn(page);
    for (const tag of TAGS) expect(await alerts(page, tag), tag).toEqual([]);
    for (const tag of Object.keys(OWN)) expect(await page.locator(`${tag} .own`).textContent()).toContain('None is stored');
    expect(errors).toEqual([]);
    await page.close();
  }); // prettier-ignore

  it('opens no device: there is none that could be lost', async () => {
    const [page] = await open({}, () => {
      const asked = Object.assign(globalThis, { asked: 0 });
      const gpu = { requestAdapter: () => Promise.resolve((asked.asked++, null)) };
      Object.defineProperty(Navigator.prototype, 'gpu', { get: () => gpu });
    });
    await drawn(page);
    expect(await page.evaluate('asked')).toBe(0);
    await page.close();
  });

  it('answers a bad attribute in its place and takes a good one after', async () => {
    const first = await Promise.all(WIDGETS.map(async (w) => Object.keys((await w.load()).attributes)[0]));
    const [page, errors] = await open({ with: first.map((name) => `${name}="no such"`).join(' ') });
    for (const [i, tag] of TAGS.entries()) {
      const alert = page.locator(`${tag} [role=alert]`);
      await alert.waitFor();
      expect(await alert.textContent()).toMatch(
        new RegExp(`^<${tag}> [a-z0-9]+="no such": (choose one|give a number)`),
      );
      await page.locator(tag).evaluate((e, name) => e.removeAttribute(name), first[i]);
    }
    // The first attribute of one widget may be a later one of another, which is still bad there.
    for (const tag of TAGS) for (const name of first) await page.locator(tag).evaluate((e, n) => e.removeAttribute(n), name); // prettier-ignore
    await drawn(page);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('stops alone when it breaks, and starts again', async () => {
    const [page, errors] = await open({}, () => {
      const whole = window.ResizeObserver;
      const broken = function (): never { throw new Error('no observer here'); };
      Object.assign(window, { whole, ResizeObserver: broken });
    }); // prettier-ignore
    for (const tag of TAGS) {
      const alert = page.locator(`${tag} [role=alert]`);
      await alert.first().waitFor();
      expect(await alert.first().textContent()).toContain('stopped: no observer here.');
    }
    await page.evaluate('ResizeObserver = whole');
    for (const tag of TAGS) await page.locator(`${tag} [role=alert] button`).first().click();
    await drawn(page);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('leaves the others alone when its script is missing, and keeps what stands in it', async () => {
    const [page] = await open({ without: 'wb-roofline' });
    await Promise.all(TAGS.filter((t) => t !== 'wb-roofline').map((t) => page.locator(`${t} .plot svg`).first().waitFor()));
    expect(await page.getByText('wb-roofline without script').isVisible()).toBe(true);
    expect(await page.getByText('wb-spearman without script').isVisible()).toBe(false);
    await page.close();
  }); // prettier-ignore
});

describe('own measurements', () => {
  it('come from a file, in a panel of their own with the adapter', async () => {
    const [page, errors] = await open({ with: 'data-src="own.json"' });
    for (const tag of Object.keys(OWN)) {
      const own = page.locator(`${tag} .own`);
      await own.locator('.plot svg').first().waitFor();
      expect(await own.locator('.badge').textContent()).toBe('software adapter: says nothing about hardware');
      expect(await own.textContent()).toContain('SwiftShader');
      expect(await alerts(page, tag)).toEqual([]);
      // Reported plots stand outside of the panel, with no filled mark of ours among them.
      expect(await page.locator(`${tag} .plot`).count()).toBeGreaterThan(await own.locator('.plot').count());
    }
    expect(errors).toEqual([]);
    await page.close();
  });

  it.each([
    ['data-src="gone.json"', 'data-src="gone.json": the server answered 404'],
    ['data-src="http://127.0.0.1:9/"', 'Does the policy allow it'],
    ['data-src="broken.json"', 'record 1.points: a list of points is missing'],
    [`measurements='{"kind":"speed"}'`, 'measurements: record.kind: give one of'],
    [`measurements='nothing'`, 'JSON'],
  ])('%s is answered in the panel, the reported figures stay', async (attributes, why) => {
    const [page, errors] = await open({ with: attributes });
    for (const tag of Object.keys(OWN)) {
      await page.locator(`${tag} .own [role=alert]`).waitFor();
      expect((await alerts(page, tag)).join()).toContain(why);
      expect(await plots(page, tag), tag).toBeGreaterThan(0);
    }
    for (const tag of TAGS.filter((t) => !(t in OWN))) expect(await alerts(page, tag)).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('come from the storage of the same origin, at once, and a broken store is named', async () => {
    const [page] = await open({});
    await drawn(page);
    await page.evaluate(
      ([kinds, records]) => {
        for (const kind of kinds) {
          localStorage.setItem(`knlp-own-1/${kind}`, JSON.stringify(records.filter((r) => r.kind === kind)));
          dispatchEvent(new CustomEvent('knlp-own-changed', { detail: kind }));
        }
      },
      [[...new Set(Object.values(OWN))], RECORDS] as const,
    );
    for (const tag of Object.keys(OWN)) await page.locator(`${tag} .own .plot svg`).first().waitFor();
    await page.evaluate(() => {
      localStorage.setItem('knlp-own-1/saturation', '[7]');
      dispatchEvent(new CustomEvent('knlp-own-changed', { detail: 'saturation' }));
    });
    await expect.poll(() => alerts(page, 'wb-kv-quant').then((a) => a.join())).toContain('stored saturation cannot be read');
    expect(await alerts(page, 'wb-roofline')).toEqual([]);
    await page.close();
  }); // prettier-ignore
});
