/** What every page test asks of a page. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Locator, Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface AxeOptions {
  /** An id; without it the whole document. */
  readonly within?: string;
  /** Rules that do not apply to what is tested. */
  readonly without?: readonly string[];
  /** These rules alone. */
  readonly only?: readonly string[];
}

/**
 * Findings of axe that are serious or critical, a line each. The script is injected as an evaluated string by the driver, which
 * the page's policy does not govern.
 */
export async function axe(page: Page, { within, without = [], only }: AxeOptions = {}): Promise<string[]> {
  await page.evaluate(AXE);
  const target = within === undefined ? 'document' : `document.getElementById(${JSON.stringify(within)})`;
  const rules = JSON.stringify(Object.fromEntries(without.map((rule) => [rule, { enabled: false }])));
  const runOnly = only === undefined ? '' : `, runOnly: ${JSON.stringify(only)}`;
  const { violations } = (await page.evaluate(`axe.run(${target}, { rules: ${rules}${runOnly} })`)) as AxeResults;
  return violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)}`));
}

/** Pixels by which the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Share of pixels of a canvas that differ from its corner: something is drawn. */
export const inked = (canvas: Locator): Promise<number> =>
  canvas.first().evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    let count = 0;
    for (let i = 4; i < data.length; i += 4) if (data[i] !== data[0] || data[i + 1] !== data[1]) count++;
    return count / (data.length / 4);
  });
