// Times the built site with the real engine in Chromium, as a reader meets it; prints one JSON document.
//   node scripts/page.mjs [--defconfig NAME] [--steps N]        needs "make build" and a browser (CHROMIUM_PATH)
// first_point_ms: from the click on Run to the first training point on the loss plot, kernels compiled beforehand.
// long_tasks_ms: main-thread tasks over 50 ms from that point on, for N further steps.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { adapterName, launch } from './browser.mjs';
import { serve } from './serve.mjs';

const { values } = parseArgs({
  options: {
    defconfig: { type: 'string', default: 'gpt2-vanilla-baseline' },
    steps: { type: 'string', default: '20' },
  },
});
if (!existsSync('dist/site/index.html')) {
  console.error('page: the site is not built: run "make build"');
  process.exit(1);
}
const server = await serve('dist/site', 0);
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.goto(`http://127.0.0.1:${server.address().port}/#/lab?defconfig=${values.defconfig}`);
await page.getByText('roof measured').waitFor({ timeout: 120_000 });
const step = () =>
  page.evaluate(() => {
    const match = /step\s+([\d,]+)\s*\/\s*[\d,]+/.exec(document.body.innerText);
    return match ? Number(match[1].replaceAll(',', '')) : -1;
  });
const until = async (target) => {
  while ((await step()) < target) await page.waitForTimeout(20);
};
await page.waitForTimeout(20_000); // the planned preset's kernels compile ahead, while a reader looks at it
await page.evaluate(() => {
  globalThis.longTasks = [];
  new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((e) => e.duration))).observe({
    type: 'longtask',
  });
});
const clicked = performance.now();
await page.getByRole('button', { name: /^Run/ }).first().click();
await until(1);
const firstPoint = performance.now() - clicked;
await page.evaluate(() => (globalThis.longTasks.length = 0));
const from = performance.now();
const first = await step();
await until(first + Number(values.steps));
const ms = (performance.now() - from) / Number(values.steps);
const longTasks = await page.evaluate(() => globalThis.longTasks);
const adapter = await adapterName(page);
console.log(
  JSON.stringify(
    {
      adapter,
      browser: browser.version(),
      defconfig: values.defconfig,
      first_point_ms: Math.round(firstPoint),
      ms_per_step: Math.round(ms),
      steps: Number(values.steps),
      long_tasks_ms: longTasks,
    },
    null,
    2,
  ),
);
await browser.close();
server.close();
