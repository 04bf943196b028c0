/** The Kconfig menu in Chromium by keyboard alone, on the built site with the real engine (software adapter). */
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, serve, type Site } from './browser';
import { axe, overflow } from './checks';
import { buildLab } from './site';

const SITE = 'dist/site';
const SHOTS = fileURLToPath(new URL('../../screenshots/menu', import.meta.url));
const CI = 'defconfig=gpt2-vanilla-baseline-ci';
/** Width of the twin. A block has 12 C^2 + 13 C parameters (four matrices of 4, 4, 2 x 4 C^2 with biases, two LayerNorms). */
const C = 32;
const BLOCK = 12 * C ** 2 + 13 * C;

let browser: Browser;
let site: Site;
const errors: string[] = [];
beforeAll(async () => {
  if (!existsSync(`${SITE}/index.html`)) throw new Error('the site is not built: run "make build"');
  mkdirSync(SHOTS, { recursive: true });
  site = await serve(SITE);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

// Whatever became of the test: a page left open goes on compiling kernels under the next one.
afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

async function open(query: string, options: BrowserContextOptions = {}, at = site): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(`${at.url}/${query}`);
  await page.locator('.cost[data-stale=false]').waitFor({ state: 'attached', timeout: 60_000 });
  return page;
}

const press = async (page: Page, ...keys: string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};

/** The planned parameters, once the plan is the present configuration's. */
async function parameters(page: Page): Promise<number> {
  const text = await page.locator('.cost[data-stale=false] dd').first().innerText();
  return Number(/^[\d,]+/.exec(text)![0].replaceAll(',', ''));
}

/** What the row with the focus says to a screen reader. */
const focused = (page: Page): Promise<string | null> =>
  page.evaluate(() => {
    const row = document.activeElement?.cloneNode(true) as Element | undefined;
    row?.querySelectorAll('[aria-hidden=true]').forEach((mark) => mark.remove());
    return row?.textContent ?? null;
  });

/** Goes to an option by its name. */
async function find(page: Page, words: string): Promise<void> {
  await press(page, '/');
  await page.keyboard.type(words);
  await press(page, 'Enter');
  await page.locator('[role=treeitem]:focus').waitFor();
}

async function type(page: Page, value: string): Promise<void> {
  await press(page, 'Enter');
  await page.locator('.menu-edit input:focus').waitFor();
  await page.keyboard.type(value);
}

describe('by keyboard alone', () => {
  it('find an option, change it, see the plan, undo, redo, save, reload from the address, run', async () => {
    const page = await open(`?${CI}`);
    const before = await parameters(page);
    await find(page, 'n_layer');
    expect(await focused(page)).toBe('Layers, 2');
    await type(page, '3');
    await press(page, 'Enter');
    expect(await focused(page)).toBe('Layers, 3, changed');
    await expect.poll(() => parameters(page)).toBe(before + BLOCK);
    await press(page, 'Control+z');
    await expect.poll(() => parameters(page)).toBe(before);
    await press(page, 'Control+y');
    await expect.poll(() => parameters(page)).toBe(before + BLOCK);

    await press(page, 's');
    await page.locator('dialog input:focus').waitFor();
    await page.keyboard.type('three layers');
    await press(page, 'Enter');
    await page.getByText('Saved as three layers in this browser.').waitFor();
    expect(await focused(page)).toBe('Layers, 3, changed');

    await expect.poll(() => page.url()).toMatch(/#\/lab\?defconfig=gpt2-vanilla-baseline-ci&GPT2_N_LAYER=3$/);
    await page.reload();
    await expect.poll(() => parameters(page), { timeout: 30_000 }).toBe(before + BLOCK);
    await press(page, 'm', 'Enter', 'ArrowDown');
    expect(await focused(page)).toBe('Layers, 3, changed');

    await press(page, 'r');
    await page.getByText('A GPT-2 of 3 layers').waitFor({ timeout: 60_000 });
    await page.locator('.state.state-finished').waitFor({ timeout: 90_000 });
    await expect.poll(() => page.locator('.run-status').innerText()).toContain('40/40');
    await expect.poll(() => page.locator('.sentences').innerText()).toContain('best validation loss');
    const allocated = page.locator('.facts > div', { hasText: 'Allocated' }).locator('dd');
    const planned = page.locator('.facts > div', { hasText: 'Planned' }).locator('dd');
    await expect.poll(() => allocated.innerText()).toBe(await planned.innerText());
    expect(await page.locator('.num', { hasText: '+1 changed' }).count()).toBeGreaterThan(0);

    // The slot is there after the reload, and undo has nothing before it.
    await press(page, 'm', 'Control+z');
    await page.getByText('Nothing to undo.').waitFor();
    await press(page, 'l');
    await page.getByRole('button', { name: 'Load three layers' }).waitFor();
  }, 180_000);

  it('refuses a value out of range in place, and leaves the field by Esc', async () => {
    const page = await open(`?${CI}`);
    await find(page, 'block_size');
    expect(await focused(page)).toBe('Context length, 32 tokens');
    await find(page, 'learning_rate');
    await type(page, '11');
    await page.getByText('11 is outside the range (0, 10]').waitFor();
    await press(page, 'Enter');
    expect(await page.locator('.menu-edit input:focus').inputValue()).toBe('11');
    expect(await axe(page)).toEqual([]);
    await press(page, 'Escape');
    expect(await focused(page)).toBe('Peak learning rate, 1e-3');
  });

  it('says why an option is hidden, goes to the operand, and shows what a flip would do', async () => {
    const page = await open(`?${CI}`);
    await find(page, 'bpe_vocab');
    await page.getByText('It is hidden now').waitFor();
    expect(await page.locator('[role=treeitem]:focus').getAttribute('data-dim')).toBe('true');
    await press(page, 'Enter');
    await page.getByText('This cannot be changed now').waitFor();
    await press(page, 'w');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('it has to be true').waitFor();
    expect(await dialog.innerText()).toContain('TOKENIZER_BPE is n');
    await press(page, 'Tab', 'Enter');
    await dialog.waitFor({ state: 'detached' });
    expect(await focused(page)).toBe('BPE trained on the text');

    await press(page, 'w');
    await dialog.getByText('It would bring up TOKENIZER_BPE_VOCAB.').waitFor();
    expect(await dialog.locator('tr', { hasText: /^Tokenizer/ }).innerText()).toMatch(
      /TOKENIZER_CHAR\s+TOKENIZER_BPE$/,
    );
    await press(page, 'Escape');
  });

  it('previews a preset, loads it, and takes it back', async () => {
    const page = await open(`?${CI}`);
    await press(page, 'm', 'e');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('This is the configuration in use').waitFor();
    await press(page, 'Shift+Tab');
    await page.keyboard.type('sotu-bpe');
    expect(await dialog.locator('.diff').innerText()).toMatch(/Dataset\s+choice\s+DATASET_MOBY_DICK\s+DATASET_SOTU/);
    await press(page, 'Tab', 'Enter');
    await page.getByText('Preset gpt2-sotu-bpe.').waitFor();
    await expect.poll(() => page.locator('.topbar-preset').innerText()).toBe('gpt2-sotu-bpe');
    await press(page, 'v');
    await dialog.getByText('No value differs.').waitFor();
    await press(page, 'Escape');
    await press(page, 'u');
    await expect.poll(() => page.locator('.topbar-preset').innerText()).toBe('gpt2-vanilla-baseline-ci');
  });

  it('reports what a text has without effect, line by line, and what an address has', async () => {
    const page = await open(`?${CI}&GPT2_N_HEADS=4`);
    const dialog = page.getByRole('dialog');
    await dialog.getByText("no symbol 'GPT2_N_HEADS' in the tree").waitFor();
    expect(await axe(page)).toEqual([]);
    await press(page, 'Escape', 'm', 'l', 'Tab', 'Tab');
    await page.locator('textarea:focus').waitFor();
    await page.keyboard.insertText('CONFIG_GPT2_N_LAYER=1\nCONFIG_BATCH_SIZE=0\n');
    await press(page, 'Tab', 'Tab', 'Enter');
    await dialog.getByText('BATCH_SIZE=0 has no effect').waitFor();
    await press(page, 'Escape');
    await find(page, 'n_layer');
    expect(await focused(page)).toBe('Layers, 1, changed');

    // A link followed in the open page; undo leads back before it.
    await page.evaluate(() => void (location.hash = '#/lab?defconfig=gpt2-task-recall&GPT2_N_LAYER=5'));
    await expect.poll(() => page.locator('.topbar-preset').innerText()).toBe('gpt2-task-recall +1 changed');
    await find(page, 'n_layer');
    expect(await focused(page)).toBe('Layers, 5, changed');
    await press(page, 'u', 'u');
    expect(await focused(page)).toBe('Layers, 1, changed');
  });

  it('re-plans the KV cache when the attention changes, whatever fragment the option comes from', async () => {
    const page = await open(`?${CI}`);
    const cache = page.locator('.cost[data-stale=false] > div', { hasText: 'KV cache' }).locator('dd');
    // Two layers; keys and values of C f32 elements, or one latent of 10 (MLA_LATENT's default at this width).
    expect(await cache.innerText()).toBe(`${2 * 2 * C * 4} B/token`);
    await find(page, 'attn_mla$');
    await press(page, 'Enter');
    await expect.poll(() => cache.innerText()).toMatch(new RegExp(`^${2 * 10 * 4} B/token`));
    await find(page, 'mla_latent');
    expect(await focused(page)).toBe('Latent width, 10 elements');
  });

  it('names the options of a refused plan, and goes to one', async () => {
    const page = await open(`?${CI}`);
    await find(page, 'n_head');
    await type(page, '3');
    await press(page, 'Enter');
    const refusal = page.getByRole('alert').filter({ hasText: 'cannot run' });
    await refusal.waitFor();
    expect(await refusal.innerText()).toMatch(/GPT2_N_EMBD/);
    await press(page, 'Control+z');
    await refusal.waitFor({ state: 'detached' });
  });
});

describe('looks', () => {
  // On the recorded worker: kernels that compile meanwhile would only slow axe down.
  let lab: Site;
  beforeAll(async () => {
    lab = await serve(await buildLab('menu-test'));
  });
  afterAll(() => lab?.close());
  const cases = [
    { name: '1440-light', width: 1440, colorScheme: 'light' },
    { name: '1440-dark', width: 1440, colorScheme: 'dark' },
    { name: '390-light', width: 390, colorScheme: 'light' },
    { name: '390-dark', width: 390, colorScheme: 'dark' },
  ] as const;
  it.each(cases)('is accessible in every pane at $name', async ({ name, width, colorScheme }) => {
    const page = await open(`lab.html?${CI}&GPT2_N_LAYER=3`, { viewport: { width, height: 844 }, colorScheme }, lab);
    const check = async (what: string): Promise<void> => {
      expect(await axe(page), what).toEqual([]);
      expect(await overflow(page), what).toBeLessThanOrEqual(0);
      await page.screenshot({ path: `${SHOTS}/${what}-${name}.png` });
    };
    await press(page, 'm');
    await page.locator('[role=treeitem]:focus').waitFor();
    await check('root');
    await find(page, 'n_embd');
    await check('rows');
    await type(page, '1');
    await check('edit');
    await press(page, 'Escape', 'z', 'c');
    await check('all');
    await press(page, '?');
    await check('info');
    await press(page, 'Escape', 'w');
    await check('why');
    await press(page, 'Escape', 'e', 'ArrowDown');
    await check('presets');
    await press(page, 'Escape', 'v');
    await check('changes');
    await press(page, 'Escape', 's');
    await check('save');
    await press(page, 'Escape', 'l');
    await check('load');
    await press(page, 'Escape', '/');
    await page.keyboard.type('token');
    await check('search');
  });

  it('raised no error in the console', () => expect(errors).toEqual([]));
});
