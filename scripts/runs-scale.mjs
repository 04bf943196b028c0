// Puts many runs into the browser's store and measures the Runs page with them; prints one JSON document.
//   node scripts/runs-scale.mjs [--runs 1000] [--curves 20] [--points 10000]      needs "make build" and a browser (CHROMIUM_PATH)
// One small run is trained for real and its directory is copied; the newest `curves` copies get logs of `points` steps.
// index_ms: from navigation to the first rows with an empty index; open_ms: the same with the index, median of five;
// to_runs_ms: from the click on Runs in the open Lab. curves_ms: from choosing the last run to the drawn plot.
// frames_ms: time between animation frames while something is done at every frame. js_ms: script run in each of those frames, which
// a busy machine changes less. --profile FILE: where the main thread and the rasteriser spend a zoomed frame, by Chromium's tracing.
import { existsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { launch } from './browser.mjs';
import { serve } from './serve.mjs';
import { selfTimes } from './support/trace.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    curves: { type: 'string', default: '20' },
    points: { type: 'string', default: '10000' },
    frames: { type: 'string', default: '120' },
    profile: { type: 'string' },
  },
});
const [runs, curves, points, frames] = ['runs', 'curves', 'points', 'frames'].map((name) => Number(values[name]));
if (!existsSync('dist/site/index.html')) {
  console.error('runs-scale: the site is not built: run "make build"');
  process.exit(1);
}
const server = await serve('dist/site', 0);
const site = `http://127.0.0.1:${server.address().port}`;
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
const errors = [];
page.on('pageerror', (error) => errors.push(error.message));
// Script of a frame: what its callbacks take, added up by the frame's own time stamp.
await page.addInitScript(() => {
  const ask = requestAnimationFrame.bind(window);
  window.frameScript = new Map();
  window.requestAnimationFrame = (callback) =>
    ask((at) => {
      const from = performance.now();
      callback(at);
      window.frameScript.set(at, (window.frameScript.get(at) ?? 0) + performance.now() - from);
    });
});

async function trainOne() {
  await page.goto(`${site}/?defconfig=gpt2-vanilla-baseline-ci&MAX_ITERS=20&EVAL_INTERVAL=10#/lab`);
  await page.getByText('Software adapter').waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Run', exact: true }).first().click();
  await page.locator('.state', { hasText: 'Finished' }).waitFor({ timeout: 180_000 });
}

/** Copies of the one run: seeds and times differ, and the newest have long logs. */
const copy = (options) =>
  page.evaluate(async ({ runs, curves, points }) => {
    const top = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
    const names = [];
    for await (const name of top.keys()) names.push(name);
    const from = await top.getDirectoryHandle(names[0]);
    const text = async (name) => (await (await from.getFileHandle(name)).getFile()).text();
    const files = {};
    for (const name of ['config.min', 'config.full', 'metrics.jsonl', 'STATUS']) files[name] = await text(name);
    const manifest = JSON.parse(await text('manifest.json'));
    const step = (i, tokens, seed) =>
      JSON.stringify({
        event: 'step',
        step: i,
        loss: 2 + 2 * Math.exp(-i / 2000) + 0.2 * Math.sin(12.9898 * i + seed),
        lr: 1e-3,
        grad_norm: 1,
        tokens: tokens * (i + 1),
        time: { elapsed_ms: 10 * i, step_ms: 10, tokens_per_second: 1000 },
      });
    const write = async (folder, name, content) => {
      const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await stream.write(content);
      await stream.close();
    };
    const one = async (i) => {
      const long = i >= runs - curves;
      const id = `scale-${String(i).padStart(5, '0')}`;
      const folder = await top.getDirectoryHandle(id, { create: true });
      const log = long
        ? `${Array.from({ length: points }, (_, k) => step(k, 256, i)).join('\n')}\n`
        : files['metrics.jsonl'];
      const at = new Date(Date.UTC(2030, 0, 1) + 60_000 * i).toISOString().replace('.000', '');
      const results = { ...manifest.results, steps: long ? points : manifest.results.steps, weights: [] };
      const own = { ...manifest, runId: id, seed: i, createdAt: at, results };
      for (const [name, content] of Object.entries({ ...files, 'metrics.jsonl': log }))
        await write(folder, name, content);
      await write(folder, 'manifest.json', JSON.stringify(own, null, 2));
    };
    for (let i = 0; i < runs; i += 20)
      await Promise.all(Array.from({ length: Math.min(20, runs - i) }, (_, k) => one(i + k)));
    await top.removeEntry(names[0], { recursive: true });
    await new Promise((resolve, reject) => {
      const request = indexedDB.open('knlp-runs');
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const clearing = request.result.transaction('runs', 'readwrite').objectStore('runs').clear();
        clearing.onsuccess = () => (request.result.close(), resolve());
      };
    });
  }, options);

/** Milliseconds from navigation to the first painted rows, by the page's clock. */
async function open() {
  await page.goto('about:blank');
  await page.goto(`${site}/#/runs`, { waitUntil: 'commit' });
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const look = () =>
          document.querySelectorAll('.runs-table tbody tr').length > 0
            ? requestAnimationFrame(() => resolve(performance.now()))
            : requestAnimationFrame(look);
        look();
      }),
  );
}

/** From the Lab, as a reader does. */
async function toRuns() {
  await page.goto('about:blank');
  await page.goto(`${site}/#/lab`);
  await page.getByText('Software adapter').waitFor({ timeout: 60_000 });
  await page.waitForTimeout(1500);
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const from = performance.now();
        location.hash = '#/runs';
        const look = () =>
          document.querySelectorAll('.runs-table tbody tr').length > 0
            ? requestAnimationFrame(() => resolve(performance.now() - from))
            : requestAnimationFrame(look);
        look();
      }),
  );
}

/** Chooses the newest runs; resolves when the plot has been drawn with all of them. */
async function choose() {
  return page.evaluate(
    (curves) =>
      new Promise((resolve) => {
        const boxes = [...document.querySelectorAll('.runs-table tbody input')].slice(0, curves);
        const from = performance.now();
        for (const box of boxes) box.click();
        const look = () =>
          Number(document.querySelector('.runs-plot .plot-host').dataset.series) >= curves
            ? resolve(performance.now() - from)
            : setTimeout(look, 10);
        look();
      }),
    curves,
  );
}

/** Does one thing at every animation frame and keeps the times between them. */
const framesOf = (name, count) =>
  page.evaluate(
    async ({ name, count }) => {
      const host = document.querySelector('.runs-plot .plot-host');
      const box = host.getBoundingClientRect();
      const pointer = (type, i, more = {}) =>
        host.dispatchEvent(
          new PointerEvent(type, {
            bubbles: true,
            pointerId: 1,
            button: 0,
            clientX: box.left + 80 + ((7 * i) % (box.width - 200)),
            clientY: box.top + box.height / 2,
            ...more,
          }),
        );
      const key = (text) => host.dispatchEvent(new KeyboardEvent('keydown', { key: text, bubbles: true }));
      const wheel = (more) =>
        host.dispatchEvent(
          new WheelEvent('wheel', { bubbles: true, cancelable: true, clientX: box.left + box.width / 2, ...more }),
        );
      const select = [...document.querySelectorAll('.runs-axes select')].at(-1);
      const smooth = (i) => {
        select.value = select.options[i % select.options.length].value;
        select.dispatchEvent(new Event('change', { bubbles: true }));
      };
      const acts = {
        idle: () => {},
        hover: (i) => pointer('pointermove', i),
        zoom: (i) => wheel({ ctrlKey: true, deltaY: i % 40 < 20 ? -40 : 40 }),
        pan: (i) => wheel({ deltaX: i % 60 < 30 ? 12 : -12 }),
        smoothing: (i) => i % 6 === 0 && smooth(i / 6),
      };
      key('0');
      if (name === 'pan') {
        for (let i = 0; i < 4; i++) key('+');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const times = [];
      let last = null;
      window.frameScript.clear();
      await new Promise((resolve) => {
        const frame = (at) => {
          if (last !== null) times.push(at - last);
          last = at;
          if (times.length >= count) return resolve();
          acts[name](times.length);
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      });
      const of = (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        const at = (q) => Number(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))].toFixed(1));
        return { median: at(0.5), p95: at(0.95), max: at(1) };
      };
      return { frames: of(times), js: of([...window.frameScript.values()]) };
    },
    { name, count },
  );

/** Self time in ms a frame of every traced task, by process and thread. */
async function profile(name, count) {
  await browser.startTracing(page, { categories: ['devtools.timeline', 'cc', 'viz', 'gpu', 'toplevel'] });
  await framesOf(name, count);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  return selfTimes(traceEvents, count);
}

const round = (x) => Math.round(x);
await trainOne();
await copy({ runs, curves, points });
const index = await open();
const opens = [];
for (let i = 0; i < 5; i++) opens.push(await open());
const to = await toRuns();
const rows = await page.evaluate(() => document.body.innerText.match(/([\d,]+) in this browser/)?.[1] ?? null);
const chosen = await choose();
await page.waitForTimeout(500);
const found = {};
const script = {};
for (const name of ['idle', 'hover', 'zoom', 'pan', 'smoothing']) {
  const { frames: between, js } = await framesOf(name, frames);
  found[name] = between;
  script[name] = js;
}
if (values.profile) writeFileSync(values.profile, JSON.stringify(await profile('zoom', frames), null, 2));
const adapter = await page.evaluate(async () => {
  const one = await navigator.gpu?.requestAdapter();
  return one ? `${one.info.vendor} ${one.info.architecture} ${one.info.description}`.trim() : 'none';
});
console.log(
  JSON.stringify(
    {
      adapter,
      browser: browser.version(),
      machine: { cores: cpus().length, load: loadavg().map((x) => Number(x.toFixed(1))) },
      runs: rows,
      curves,
      points,
      index_ms: round(index),
      open_ms: round(opens.toSorted((a, b) => a - b)[2]),
      to_runs_ms: round(to),
      curves_ms: round(chosen),
      frames_ms: found,
      js_ms: script,
      errors,
    },
    null,
    2,
  ),
);
await browser.close();
server.close();
