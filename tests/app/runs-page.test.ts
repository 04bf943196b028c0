/** The Runs page of the built site: what it keeps can leave and come back, and what comes from elsewhere cannot become code. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportBundle, importBundle } from '@/experiment/archive/bundle';
import { MemoryDirectory, readText } from '@/experiment/run-directory';
import { CSP } from '../../scripts/policy.mjs';
import { type Site, launchBrowser, serve } from './browser';
import { axe, inked, overflow } from './checks';
import { storedRuns } from './opfs';

const SITE = 'dist/site';
const SHOTS = 'screenshots/app';
const run = promisify(execFile);
let site: Site;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let folder: string;
const errors: string[] = [];

beforeAll(async () => {
  for (const built of [`${SITE}/index.html`, 'dist/cli/wb.js'])
    if (!existsSync(built)) throw new Error(`${built} is not built: run "make build"`);
  mkdirSync(SHOTS, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'runs-page-'));
  site = await serve(SITE, { header: false }); // the page's own policy must do
  browser = await launchBrowser();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await context.newPage();
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

const wb = (...args: string[]): Promise<{ stdout: string }> =>
  run('node', ['bin/wb', ...args], { env: { ...process.env, XDG_RUNTIME_DIR: '/tmp' } });

async function openRuns(): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${site.url}/#/runs`);
  await page.locator('.runs-head').waitFor();
}

const importFile = (path: string): Promise<void> => page.locator('input[type=file]').setInputFiles(path);

const plot = () => page.locator('.runs-plot canvas');

describe('runs', () => {
  it('an empty list says what fills it; axe finds nothing', async () => {
    await openRuns();
    await page.getByText('No runs yet').waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it('browser export, wb replay: identical', async () => {
    await page.goto('about:blank');
    await page.goto(`${site.url}/?defconfig=gpt2-vanilla-baseline-ci&LEARNING_RATE=3e-3#/lab`);
    await page.getByText('Software adapter').waitFor();
    await page.getByRole('button', { name: 'Run', exact: true }).first().click();
    await page.locator('.state', { hasText: 'Finished' }).waitFor({ timeout: 180_000 });
    const [id] = await storedRuns(page);
    await page.evaluate((name) => void (location.hash = `#/runs/${name}`), id!);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await (await download).saveAs(join(folder, 'browser.zip'));
    await wb('import', join(folder, 'browser.zip'), '--out', join(folder, 'browser'));
    const { stdout } = await wb('replay', join(folder, 'browser'), '--software');
    expect(stdout.trim()).toBe('identical');
  }, 300_000);

  it('wb run, export, import in the page: listed, plotted, compared', async () => {
    const out = join(folder, 'terminal');
    await wb('run', '--defconfig', 'gpt2-vanilla-baseline-ci', '--out', out, '--backend', 'reference', '--steps', '12');
    await wb('export', out, '--out', join(folder, 'terminal.zip'));
    await openRuns();
    await importFile(join(folder, 'terminal.zip'));
    await page.getByText('1 run imported').waitFor({ timeout: 30_000 });
    const blank = await inked(plot());
    const boxes = page.locator('.runs-table tbody input');
    await expect.poll(() => boxes.count()).toBe(2);
    for (const box of await boxes.all()) await box.check();
    await page.locator('.runs-compare').getByText('LEARNING_RATE').first().waitFor();
    await expect.poll(() => inked(plot())).toBeGreaterThan(blank);
    await page.locator('.runs-compare').nth(1).getByText('the runs were made on different adapters').waitFor();
  }, 240_000);

  it.each(['SVG', 'PNG'])('saves the figure of the comparison as %s', async (kind) => {
    const download = page.waitForEvent('download');
    await page.locator('.runs-compare').getByRole('button', { name: kind, exact: true }).click();
    const path = join(folder, `report.${kind}`);
    await (await download).saveAs(path);
    const content = readFileSync(path);
    expect(kind === 'SVG' ? content.toString().slice(0, 4) : content.toString('latin1', 1, 4)).toBe(
      kind === 'SVG' ? '<svg' : 'PNG',
    );
    expect(content.length).toBeGreaterThan(2000);
  });

  it('says what is wrong with an archive, and takes the same run twice under two names', async () => {
    const bad = readFileSync(join(folder, 'terminal.zip'));
    bad[bad.length >> 1]! ^= 0xff;
    writeFileSync(join(folder, 'bad.zip'), bad);
    await importFile(join(folder, 'bad.zip'));
    await page.locator('.runs .notice.danger').waitFor();
    expect(await page.locator('.runs .notice.danger').innerText()).toContain('bad.zip: ');
    await importFile(join(folder, 'terminal.zip'));
    await page.getByText('1 run imported').waitFor({ timeout: 30_000 });
    expect(await storedRuns(page)).toHaveLength(3);
  });

  it('replays a run in the page: identical, and the copy is gone', async () => {
    const [id] = (await storedRuns(page)).filter((name) => name.includes('baseline-ci'));
    await page.evaluate((name) => void (location.hash = `#/runs/${name}`), id!);
    await page.getByRole('button', { name: 'Replay' }).first().click();
    await page.locator('.runs-verdict').waitFor({ timeout: 120_000 });
    expect(await page.locator('.runs-verdict').innerText()).toMatch(/identical|there is nothing to compare with/);
    await expect.poll(async () => (await storedRuns(page)).length).toBe(3);
  }, 180_000);

  it('shows what the machine did during a run', async () => {
    const [id] = (await storedRuns(page)).filter((name) => name.includes('baseline-ci'));
    await page.evaluate((name) => void (location.hash = `#/runs/${name}`), id!);
    await page.getByText('Timeline: memory').click();
    const panel = page.locator('.runs-timeline');
    await panel.waitFor();
    await page.locator('.runs-timeline-cell [data-series]').first().waitFor();
    const drawn = async (plot: number): Promise<number> =>
      Number((await panel.locator('.plot-host').nth(plot).getAttribute('data-series')) ?? 0);
    await expect.poll(() => drawn(0)).toBeGreaterThanOrEqual(3); // categories of GPU memory
    await expect.poll(() => drawn(1)).toBeGreaterThanOrEqual(2); // phases of a step
    expect(await page.locator('.runs-detail').innerText()).toMatch(/of the time the device had nothing to do/);
  });

  it('a link holds a whole run: shown as shared, kept when asked to, trained by nobody', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy link to run' }).click();
    await page.getByText('manifest and metrics, no weights').waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toContain('#/runs/shared:');
    const before = await storedRuns(page);
    await page.goto('about:blank');
    await page.goto(link);
    await page.getByText('A run shared by link').waitFor();
    expect(await storedRuns(page)).toEqual(before);
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Keep in this browser' }).click();
    await page.getByText(/shared by link, ok/).waitFor();
    expect((await storedRuns(page)).length).toBe(before.length + 1);
    expect(await page.locator('.state', { hasText: /Running|Preparing/ }).count()).toBe(0);
    for (const hostile of ['AAAA', `${link.split('shared:')[1]!.slice(0, -40)}`, '%3Cimg src=x%3E']) {
      await page.evaluate((text) => void (location.hash = `#/runs/shared:${text}`), hostile);
      await page.getByText('was refused').waitFor();
    }
    await page.getByRole('button', { name: 'Dismiss' }).last().click();
    const [kept] = (await storedRuns(page)).filter((name) => !before.includes(name));
    await page.evaluate((name) => void (location.hash = `#/runs/${name}`), kept!);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('button', { name: 'Delete this run' }).click();
    await expect.poll(async () => (await storedRuns(page)).length).toBe(before.length);
  });

  it('a matrix comes in as its cells, and stands under the claims that it belongs to', async () => {
    const out = join(folder, 'matrix');
    await wb('matrix', '--defconfig', 'gpt2-kv-tying-ci', '--backend', 'reference', '--steps', '2', '--out', out);
    await wb('export', out, '--out', join(folder, 'matrix.zip'));
    await openRuns();
    const before = (await storedRuns(page)).length;
    await importFile(join(folder, 'matrix.zip'));
    await page.getByText('4 runs imported').waitFor({ timeout: 30_000 });
    await page.evaluate(() => void (location.hash = '#/claims'));
    const card = page.locator('#claim-kv-tying-val-ppl .claim-local');
    await card.waitFor();
    // What is out of sight is not laid out and has no inner text.
    const says = (where: Locator, what: RegExp) => expect.poll(() => where.textContent()).toMatch(what);
    await says(card, /validation perplexity\s*tied\s*[+−][\d.]+ % ± [\d.]+ \(SD\), n = 2/);
    await says(card, /CPU reference\s*Software adapter/);
    await says(page.locator('#claim-kv-tying-params .claim-local'), /parameters\s*tied\s*−/);
    expect(await axe(page, { within: 'claim-kv-tying-val-ppl' })).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await overflow(page)).toBe(0);
    await page.setViewportSize({ width: 1440, height: 900 });
    await openRuns();
    for (const id of (await storedRuns(page)).filter((name) => /tied_|baseline_s/.test(name))) {
      await page.evaluate((name) => void (location.hash = `#/runs/${name}`), id);
      await page.getByRole('button', { name: 'Delete', exact: true }).click();
      await page.getByRole('button', { name: 'Delete this run' }).click();
      await expect.poll(async () => (await storedRuns(page)).includes(id)).toBe(false);
    }
    expect((await storedRuns(page)).length).toBe(before);
  }, 180_000);

  it.each([
    { width: 1440, height: 900, scheme: 'light' },
    { width: 1440, height: 900, scheme: 'dark' },
    { width: 390, height: 844, scheme: 'light' },
    { width: 390, height: 844, scheme: 'dark' },
  ] as const)('$width $scheme: no axe violation, no page-level scroll sideways', async ({ scheme, ...viewport }) => {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(400);
    expect(await axe(page)).toEqual([]);
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    ).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${SHOTS}/runs-${viewport.width}-${scheme}.png`, fullPage: true });
  });

  it('cleans weights and keeps what a comparison needs; deletes after it has asked', async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await openRuns();
    await page.getByText('Clean…').click();
    await page.getByRole('button', { name: 'Clean weights' }).click();
    await page.getByRole('button', { name: /cannot be taken back/ }).click();
    await page.getByText(/MiB freed in/).waitFor();
    await page.reload();
    await page.locator('.runs-table').waitFor();
    await page.getByText('Clean…').click();
    await page.getByRole('button', { name: 'Delete all runs' }).click();
    await page.getByRole('button', { name: /cannot be taken back/ }).click();
    await page.getByText('No runs yet').waitFor();
    expect(await storedRuns(page)).toEqual([]);
  });
});

describe('the policy of the built page', () => {
  it('stands in index.html and embed.html, without unsafe words', () => {
    for (const name of ['index.html', 'embed.html']) {
      const html = readFileSync(join(SITE, name), 'utf8');
      const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html) ?? [];
      expect(policy?.replaceAll('&#39;', "'"), name).toBe(CSP);
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      for (const [tag] of html.matchAll(/<script[^>]*>/g)) expect(tag).toContain('src=');
    }
  });

  it('blocks eval, inline scripts and inline handlers in the running page', async () => {
    const found = await page.evaluate(async () => {
      const seen: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
      const marks = globalThis as { ran?: string[] };
      marks.ran = [];
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran.push("script")';
      document.body.append(script);
      const holder = document.createElement('div');
      holder.innerHTML = '<img src="data:," onerror="globalThis.ran.push(\'handler\')">';
      document.body.append(holder);
      let evaluated = true;
      // In a task of the page's own: what the driver calls directly may evaluate.
      setTimeout(() => {
        try {
          (0, eval)('globalThis.ran.push("eval")');
        } catch {
          evaluated = false;
        }
      });
      // All three refusals are reported in their own time; none of what was refused may have run a moment later.
      for (let i = 0; i < 100 && (evaluated || new Set(seen).size < 3); i++)
        await new Promise((r) => setTimeout(r, 100));
      await new Promise((resolve) => setTimeout(resolve, 300));
      script.remove();
      holder.remove();
      return { seen, ran: marks.ran, evaluated };
    });
    expect(found.ran).toEqual([]);
    expect(found.evaluated).toBe(false);
    expect(new Set(found.seen)).toEqual(new Set(['script-src-elem', 'script-src-attr', 'script-src']));
    errors.length = 0; // the refusals above are console errors
  });

  it('names with markup are shown as text', async () => {
    const markup = '<img src=x onerror="globalThis.pwned=1"><b>bold</b>';
    const directory = new MemoryDirectory();
    await importBundle(readFileSync(join(folder, 'terminal.zip')), directory);
    const manifest = JSON.parse((await readText(directory, 'manifest.json'))!) as Record<string, unknown>;
    await directory.write('manifest.json', JSON.stringify({ ...manifest, runId: markup, preset: markup }));
    await directory.write('log.txt', `failed: ${markup}\n`);
    writeFileSync(join(folder, 'markup.zip'), await exportBundle(directory));
    await openRuns();
    await importFile(join(folder, 'markup.zip'));
    await page.locator('.runs-table a', { hasText: 'onerror' }).waitFor();
    const id = (await storedRuns(page)).find((name) => name.includes('onerror'));
    await page.evaluate((name) => void (location.hash = `#/runs/${name}`), id!);
    await page.locator('.runs-detail-head').getByText(markup).waitFor();
    expect(await page.locator('.runs b, .runs img').count()).toBe(0);
    expect(await page.evaluate(() => 'pwned' in globalThis)).toBe(false);
  });

  it('raised no error in the page', () => expect(errors).toEqual([]));
});
