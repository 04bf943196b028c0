/** The Lab page in Chromium on the recorded worker, under the site's Content-Security-Policy. */
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, serve, type Site } from './browser';
import { axe, inked, overflow } from './checks';
import { buildLab } from './site';

const SHOTS = fileURLToPath(new URL('../../screenshots/app', import.meta.url));
const WIDE = { width: 1440, height: 900 };
const TABLET = { width: 768, height: 1024 };
const PHONE = { width: 390, height: 844 };

let browser: Browser;
let site: Site;
beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true });
  site = await serve(await buildLab());
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

interface Opened {
  readonly page: Page;
  /** Console errors and uncaught exceptions, policy violations among them. */
  readonly errors: string[];
}

async function open(query: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`${site.url}/lab.html?${query}`);
  return { page, errors };
}

const status = (page: Page, word: string): Promise<void> =>
  page.locator('.state', { hasText: word }).waitFor({ timeout: 60_000 });

/** How the page is looked at: width and colours. */
const VIEWS = {
  '1440-light': { viewport: WIDE, colorScheme: 'light' },
  '1440-dark': { viewport: WIDE, colorScheme: 'dark' },
  '768-light': { viewport: TABLET, colorScheme: 'light' },
  '390-light': { viewport: PHONE, colorScheme: 'light' },
  '390-dark': { viewport: PHONE, colorScheme: 'dark' },
} as const satisfies Readonly<Record<string, BrowserContextOptions>>;
type View = keyof typeof VIEWS;
const FOUR: readonly View[] = ['1440-light', '1440-dark', '390-light', '390-dark'];
const isPhone = (view: View): boolean => VIEWS[view].viewport === PHONE;

const middleOfRun = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => document.querySelector('.run-status')?.textContent?.includes('2,400'));

/** On a phone one tab is shown at a time. */
async function showTab(page: Page, view: View, tab: 'Menu' | 'Plots' | 'Machine'): Promise<void> {
  if (isPhone(view)) await page.getByRole('button', { name: tab, exact: true }).click();
}

/** No horizontal scroll, no accessibility violation; then a picture with `seen` in view. */
async function fits(page: Page, shot: string, seen?: Locator): Promise<void> {
  expect(await overflow(page), `horizontal scroll ${shot}`).toBeLessThanOrEqual(0);
  // On a wide screen the panels scroll and the window does not: nothing hidden in them may lengthen it.
  const beyond = await page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
  if (page.viewportSize()?.width === WIDE.width) expect(beyond, `vertical scroll ${shot}`).toBeLessThanOrEqual(0);
  expect(await axe(page)).toEqual([]);
  await seen?.scrollIntoViewIfNeeded();
  await page.screenshot({ path: `${SHOTS}/${shot}.png` });
}

describe('layout and accessibility', () => {
  const views: readonly View[] = ['1440-light', '1440-dark', '768-light', '390-light', '390-dark'];
  it.each(views)('mid-run at %s', async (view) => {
    const { page, errors } = await open('scenario=mid&run=1', VIEWS[view]);
    await middleOfRun(page);
    await page.keyboard.press('s');
    await page.locator('.sample-text[aria-busy=false]').waitFor();
    await expect.poll(() => inked(page.locator('.plot-main canvas'))).toBeGreaterThan(0.01);
    for (const tab of isPhone(view) ? (['Menu', 'Machine', 'Plots'] as const) : [null]) {
      if (tab) await showTab(page, view, tab);
      await fits(page, `mid-${view}${tab ? `-${tab.toLowerCase()}` : ''}`);
    }
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it.each([360, 500, 640, 899, 1000, 1199, 1200, 1920])('has no horizontal scroll at %i px', async (width) => {
    const { page } = await open('scenario=mid&run=1', { viewport: { width, height: 800 } });
    await status(page, 'Running');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.context().close();
  });
});

interface PartCase {
  readonly part: string;
  readonly scenario: 'mid' | 'pruned';
  readonly views: readonly View[];
  /** Uses the part, which is in view, and checks what it says. */
  readonly use: (page: Page, view: View) => Promise<void>;
}

const sectionOf = (page: Page, heading: string): Locator =>
  page.locator('section.section', { has: page.getByRole('heading', { name: heading }) });

const parts: readonly PartCase[] = [
  {
    part: 'masks of a pruned run',
    scenario: 'pruned',
    views: FOUR,
    async use(page, view) {
      const table = page.locator('.density');
      await table.waitFor();
      await expect.poll(() => table.locator('tbody tr').count()).toBe(4);
      await expect.poll(() => table.locator('tbody tr').first().locator('td').first().textContent()).toBe('51'); // 1 - 0.7 * 0.7
      await fits(page, `pruned-${view}-machine`, table);
      await showTab(page, view, 'Plots');
      for (const title of ['Sparsity', 'Mask churn', 'Against magnitude', 'Score quantiles'])
        await page.getByRole('heading', { name: title, exact: true }).waitFor();
      const last = page.getByRole('heading', { name: 'Score quantiles', exact: true });
      await last.scrollIntoViewIfNeeded();
      await page.waitForTimeout(400);
      await fits(page, `pruned-${view}`);
    },
  },
  {
    part: 'attention maps by key',
    scenario: 'mid',
    views: FOUR,
    async use(page, view) {
      const text = page.getByLabel('Text to attend over');
      await text.fill('');
      await text.press('Enter');
      await page.getByText('No maps: the prompt is empty').waitFor();
      await text.fill('the whale and the sea');
      await text.press('Enter');
      await page.getByLabel('Layer', { exact: true }).selectOption('2');
      await page.getByLabel('Head', { exact: true }).selectOption('3');
      await page.getByLabel('Map', { exact: true }).selectOption('reciprocal');
      const map = page.locator('.attention-map');
      await expect.poll(() => map.getAttribute('aria-label')).toContain('Layer 2, head 3, reciprocal attention over 21 tokens'); // prettier-ignore
      await expect.poll(() => map.locator('.attention-cell').count()).toBe((21 * 22) / 2);
      await map.focus();
      for (const key of ['ArrowUp', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
      await page.getByText('query 19 \u201ce\u201d, key 2 \u201ce\u201d').waitFor();
      await fits(page, `attention-${view}`, map);
    },
  },
  {
    part: 'histograms by evaluation, and v beside Fisher',
    scenario: 'mid',
    views: ['1440-dark', '390-light'],
    async use(page, view) {
      const section = sectionOf(page, 'Optimizer state');
      const shown = section.getByLabel('Evaluation shown');
      await expect.poll(() => shown.getAttribute('aria-valuetext')).toBe('step 2,200');
      await shown.press('ArrowLeft');
      await expect.poll(() => shown.getAttribute('aria-valuetext')).toBe('step 2,000');
      await section.getByText('131,072 of 818,048 parameters').waitFor();
      await section.locator('.plot-host').scrollIntoViewIfNeeded();
      await expect.poll(() => inked(section.locator('canvas'))).toBeGreaterThan(0.005);
      await page.screenshot({ path: `${SHOTS}/optimizer-${view}.png` });
      await section.getByRole('button', { name: 'Compare v with Fisher' }).click();
      await section.getByLabel('Fisher and Adam').getByText('0.978').first().waitFor();
      await expect.poll(() => section.locator('.density-scatter .attention-cell').count()).toBeGreaterThan(40);
      await section.getByText('By tensor').click();
      await section.getByText('h.0.attn.c_attn.weight').waitFor();
      await fits(page, `fisher-adam-${view}`, section.locator('.density-scatter'));
    },
  },
  {
    part: 'one-shot pruning by key',
    scenario: 'mid',
    views: ['1440-light', '390-dark'],
    async use(page, view) {
      const scrubber = page.getByLabel('Sparsity to prune to');
      await scrubber.focus();
      for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight'); // one question for all of them
      const facts = page.getByLabel('One-shot pruning').last();
      await facts.getByText('471,859 of 786,432, magnitude').waitFor();
      await page.getByLabel('Score', { exact: true }).selectOption('random');
      await facts.getByText('471,859 of 786,432, random').waitFor();
      await scrubber.press('End');
      await facts.getByText('778,568 of 786,432, random').waitFor();
      await page.locator('.prune-plot').last().scrollIntoViewIfNeeded(); // nothing is drawn out of sight
      await expect.poll(() => inked(page.locator('.prune-plot').last().locator('canvas'))).toBeGreaterThan(0.005);
      await page.getByLabel('Score', { exact: true }).selectOption('bitter6');
      await page.getByText('Not pruned: bitter6 needs exp_avg').waitFor();
      await fits(page, `one-shot-${view}`, scrubber);
    },
  },
  {
    part: 'the timeline as it grows',
    scenario: 'mid',
    views: FOUR,
    async use(page, view) {
      const section = sectionOf(page, 'Timeline');
      await section.getByText('nothing to do for 3.0 % of the time').waitFor();
      const plots = section.locator('.plot-cell');
      await expect.poll(() => plots.count()).toBe(3);
      for (const i of [0, 1, 2]) {
        await plots.nth(i).scrollIntoViewIfNeeded(); // nothing is drawn out of sight
        await expect.poll(() => inked(plots.nth(i).locator('canvas'))).toBeGreaterThan(0.005);
      }
      await fits(page, `timeline-${view}`, section);
    },
  },
];

describe('parts of the machine panel in the middle of a run', () => {
  const cases = parts.flatMap(({ views, ...rest }) => views.map((view) => ({ ...rest, view })));
  it.each(cases)('$part at $view', async ({ scenario, view, use }) => {
    const { page, errors } = await open(`scenario=${scenario}`, VIEWS[view]);
    await showTab(page, view, 'Machine');
    await page.getByText('Prunes trained weights once').waitFor(); // what a part says before there is a run
    await status(page, 'Ready'); // before it the key has nothing to run
    await page.keyboard.press('r');
    await middleOfRun(page);
    await use(page, view);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

describe('states', () => {
  const cases = [
    { scenario: 'empty', run: false, text: 'Training loss' },
    { scenario: 'reference', run: false, text: 'No WebGPU in this browser' },
    { scenario: 'refused', run: false, text: 'Largest tensors: logits' },
    { scenario: 'nan', run: true, text: 'Stopped at step 1,480: loss is not finite' },
    { scenario: 'lost', run: true, text: 'The GPU device was lost' },
    { scenario: 'crash', run: true, text: 'The engine worker stopped' },
    { scenario: 'finished', run: true, text: 'The best validation loss is' },
  ];
  it.each(cases)('$scenario', async ({ scenario, run, text }) => {
    const { page } = await open(`scenario=${scenario}${run ? '&run=1' : ''}`);
    if (scenario === 'empty') await page.locator('.plot-host[aria-label*="no points yet"]').first().waitFor();
    else await page.getByText(text).first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.waitForTimeout(300);
    await page.screenshot({ path: `${SHOTS}/${scenario}-1440-light.png` });
    if (scenario === 'refused') {
      expect(await page.locator('.topbar').getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true);
    }
    if (scenario === 'crash') {
      // Nothing is lost, and the page goes on with a new worker.
      await page.getByRole('button', { name: 'Restart the worker' }).click();
      await status(page, 'Failed');
      await expect.poll(() => page.locator('.run-status').textContent()).toContain('600');
      await page.locator('.topbar').getByRole('button', { name: 'Run', exact: true }).and(page.locator(':enabled')).waitFor(); // prettier-ignore
    }
    if (scenario === 'nan') {
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await expect.poll(() => page.locator('.notice').count()).toBe(0);
    }
    await page.context().close();
  });
});

describe('keys', () => {
  it('run, pause, resume, fold, help', async () => {
    const { page } = await open('scenario=live');
    await status(page, 'Ready');
    await page.locator('.facts').first().waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Run');
    await page.keyboard.press('r');
    await status(page, 'Running');
    await page.keyboard.press('p');
    await status(page, 'Paused');
    await page.keyboard.press('p');
    await status(page, 'Running');
    await page.keyboard.press('[');
    await page.locator('.panel-left[data-collapsed=true]').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.screenshot({ path: `${SHOTS}/help-1440-light.png` });
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.reload();
    await page.locator('.panel-left[data-collapsed=true]').waitFor();
    await page.context().close();
  });

  it('typing in a field runs nothing', async () => {
    const { page } = await open('scenario=live');
    await page.locator('.facts').first().waitFor();
    await page.getByLabel('Prompt').fill('');
    await page.getByLabel('Prompt').pressSequentially('rps?');
    expect(await page.getByLabel('Prompt').inputValue()).toBe('rps?');
    await status(page, 'Ready');
    await page.context().close();
  });

  it('moves one crosshair through all plots', async () => {
    const { page } = await open('scenario=mid&run=1');
    await middleOfRun(page);
    await page.locator('.plot-host').first().focus();
    await page.keyboard.press('Home');
    await page.waitForFunction(() => document.querySelector('.plot-readout')?.textContent?.includes('step 0'));
    const rate = page.locator('.plot-readout').nth(1);
    await expect.poll(() => rate.textContent()).toBe('1.0e\u22125');
    await page.keyboard.press('End');
    await page.waitForFunction(() => document.querySelector('.plot-readout')?.textContent?.includes('step 2,399'));
    await expect.poll(() => rate.textContent()).toBe('4.3e\u22124');
    await page.screenshot({ path: `${SHOTS}/crosshair-1440-light.png` });
    await page.context().close();
  });
});

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the thread's own time. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** Milliseconds of processor time of every task on a page's main thread. */
function mainThreadTasks(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const isName = (e: TraceEvent): boolean => e.name === 'thread_name' && e.args.name === 'CrRendererMain';
  const main = new Set(traceEvents.filter(isName).map(thread));
  const ran = (e: TraceEvent): boolean => e.name === 'RunTask' && e.tdur !== undefined && main.has(thread(e));
  return traceEvents.filter(ran).map((e) => e.tdur! / 1000);
}

describe('while training', () => {
  // In the thread's own time: what the machine does beside the page is not the page's.
  it('never holds the main thread for 50 ms', async () => {
    const { page } = await open('scenario=live');
    await page.locator('.facts').first().waitFor();
    await status(page, 'Ready');
    await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline', '__metadata'] });
    await page.keyboard.press('r');
    await status(page, 'Running');
    await page.waitForTimeout(5000);
    const tasks = mainThreadTasks(await browser.stopTracing());
    expect(tasks.length).toBeGreaterThan(100);
    expect(tasks.filter((ms) => ms >= 50)).toEqual([]);
    await page.context().close();
  });

  it('saves a plot as PNG, SVG and CSV', async () => {
    const { page, errors } = await open('scenario=mid&run=1');
    await middleOfRun(page);
    for (const kind of ['PNG', 'SVG', 'CSV']) {
      await page.locator('summary[aria-label="Save Loss"]').click();
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Save Loss as ${kind}` }).click(),
      ]);
      expect(file.suggestedFilename()).toBe(`moby-0001-loss.${kind.toLowerCase()}`);
      await file.saveAs(`${SHOTS}/${file.suggestedFilename()}`);
    }
    const csv = readFileSync(`${SHOTS}/moby-0001-loss.csv`, 'utf8').split('\n');
    expect(csv[1]).toBe('step,train raw,train EMA,val');
    expect(csv.length).toBe(2 + 2400 + 1);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('takes a dropped file and a paste', async () => {
    const { page } = await open('scenario=live');
    await page.locator('.facts').first().waitFor();
    await page.setInputFiles('#text-file', { name: 'a.bin', mimeType: 'text/plain', buffer: Buffer.from([1, 0, 2]) });
    await page.getByText('a.bin is not text').waitFor();
    await page.getByRole('button', { name: 'Paste', exact: true }).click();
    await page.getByLabel('Text to train on').fill('Call me Ishmael.');
    await page.getByRole('button', { name: 'Use this text' }).click();
    await page.getByText('16 characters').waitFor();
    await page.context().close();
  });
});
