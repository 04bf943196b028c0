#!/usr/bin/env node
// Trains a tiny model for many steps, in the built site and with `wb run`, and samples what must not grow. One JSON document; exit 1
// when GPU bytes grow at all, the heap by more than 5 %, or the time is up.
//   node scripts/soak.mjs [--steps 10000] [--every 3000] [--where both|page|terminal] [--minutes 15]      needs "make build"
// gpu_bytes: of the buffers that were made and not destroyed, from the run's own timeline. heap_bytes: objects on the JavaScript heap after a forced collection
// (of the page: Chromium tells no worker its heap). kept_bytes: typed arrays beside it; the page's plots keep up to 16,384
// points a series, 16 bytes each, so a short run's grow; stated and not judged. run_bytes: files of the run. Samples are taken every N ms; growth is the lowest of the
// last quarter over the lowest of the second: what came before is warming up.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adapterName, launch } from './browser.mjs';
import { serve } from './serve.mjs';
import { adapterOf, deadline, finish, round, wb } from './support/wb-run.mjs';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '10000' },
    every: { type: 'string', default: '3000' },
    where: { type: 'string', default: 'both' },
    minutes: { type: 'string', default: '15' },
  },
});
if (!existsSync('dist/site/index.html')) {
  console.error('soak: the site is not built: run "make build"');
  process.exit(1);
}
const limit = deadline(Number(values.minutes));
const every = Number(values.every);
const SETTINGS = ['GPT2_N_LAYER=1', 'GPT2_N_HEAD=2', 'GPT2_N_EMBD=16', 'GPT2_BLOCK_SIZE=16', 'BATCH_SIZE=4', `MAX_ITERS=${values.steps}`, 'EVAL_INTERVAL=500', 'CHECKPOINT_INTERVAL=1000']; // prettier-ignore
const LIMITS = { gpu_bytes: 1, heap_bytes: 1.05 };

function verdict(samples) {
  const quarter = Math.floor(samples.length / 4);
  if (quarter === 0)
    return { growth: null, flat: false, reason: `${samples.length} samples are too few: lower --every` };
  const lowest = (list, key) => Math.min(...list.map((sample) => sample[key] ?? NaN));
  const keys = Object.keys(LIMITS).filter((key) => samples.some((sample) => sample[key] !== undefined));
  const growth = Object.fromEntries(
    keys.map((key) => [key, lowest(samples.slice(-quarter), key) / lowest(samples.slice(quarter, 2 * quarter), key)]),
  );
  return { growth, flat: keys.every((key) => growth[key] <= LIMITS[key]) };
}

/** In the page: the timeline of its one run. */
async function storedTimeline() {
  const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
  for await (const folder of runs.values())
    if (folder.kind === 'directory') return (await (await folder.getFileHandle('timeline.jsonl')).getFile()).text();
  throw new Error('the page keeps no run');
}

const timelineSamples = (text) =>
  text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line))
    .map(({ step, gpu_bytes, heap_bytes }) => ({
      step,
      gpu_bytes: Object.values(gpu_bytes).reduce((a, b) => a + b, 0),
      heap_bytes,
    }));

async function page() {
  const server = await serve('dist/site', 0);
  const browser = await launch();
  const tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${server.address().port}/?defconfig=gpt2-vanilla-baseline-ci&${SETTINGS.join('&')}#/lab`); // prettier-ignore
  await tab.getByText('Software adapter').waitFor();
  const adapter = await adapterName(tab);
  await tab.waitForTimeout(3000); // the planned run is prepared meanwhile
  const cdp = await tab.context().newCDPSession(tab);
  const sample = async () => {
    const run_bytes = await tab.evaluate(async () => {
      const size = async (folder) => {
        let sum = 0;
        for await (const handle of folder.values())
          sum += handle.kind === 'file' ? (await handle.getFile()).size : await size(handle);
        return sum;
      };
      try {
        return await size(await (await navigator.storage.getDirectory()).getDirectoryHandle('runs'));
      } catch {
        return null; // a file was being renamed
      }
    });
    const step = await tab.evaluate(() => {
      const match = /step\s+([\d,]+)\s*\/\s*[\d,]+/.exec(document.body.innerText);
      return match ? Number(match[1].replaceAll(',', '')) : 0;
    });
    await cdp.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = await cdp.send('Runtime.getHeapUsage');
    return { step, heap_bytes: usedSize, kept_bytes: backingStorageSize ?? null, run_bytes };
  };
  const began = performance.now();
  await tab.getByRole('button', { name: 'Run', exact: true }).first().click();
  const samples = [];
  let state = '';
  while (!/Finished|Failed|Stopped/.test(state) && !limit.passed()) {
    await tab.waitForTimeout(every);
    const found = await sample();
    state = await tab.locator('.state').first().innerText();
    // What is measured once the run has ended (the roof) is no part of it.
    if (found.step > 0 && state === 'Running') samples.push(found);
  }
  const gpu = timelineSamples(await tab.evaluate(storedTimeline)).map(({ step, gpu_bytes }) => ({ step, gpu_bytes }));
  await browser.close();
  server.close();
  const [heap, device] = [verdict(samples), verdict(gpu)];
  const growth = { ...heap.growth, ...device.growth };
  return { adapter, state, timed_out: limit.passed(), seconds: round(performance.now() - began), growth, flat: heap.flat && device.flat, samples, gpu }; // prettier-ignore
}

const bytesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0), 0); // prettier-ignore

/** GPU bytes and heap are those of the run's own timeline; a preloaded timer collects before them. */
async function terminal() {
  const folder = mkdtempSync(join(tmpdir(), 'wb-soak-'));
  const out = join(folder, 'run');
  const sizes = [];
  const onChild = () => {
    const timer = setInterval(() => existsSync(out) && sizes.push(bytesBelow(out)), every);
    return () => clearInterval(timer);
  };
  try {
    const nodeArgs = ['--expose-gc', '--import', `data:text/javascript,setInterval(()=>globalThis.gc(),100).unref()`];
    const args = ['run', '--defconfig', 'gpt2-vanilla-baseline-ci', ...SETTINGS, '--software', '--out', out];
    const ended = await wb(args, { nodeArgs, onChild, limitMs: limit.left() });
    if (!existsSync(join(out, 'timeline.jsonl'))) throw new Error(`wb run wrote no timeline: ${ended.err.slice(-500)}`);
    const samples = timelineSamples(readFileSync(join(out, 'timeline.jsonl'), 'utf8'));
    const state = ended.code === 0 ? 'Finished' : `exit ${ended.code}`;
    const result = { adapter: adapterOf(out), state, timed_out: ended.late, seconds: round(ended.ms), ...verdict(samples) }; // prettier-ignore
    return { ...result, run_bytes: { first: sizes[0] ?? null, last: bytesBelow(out), most: Math.max(...sizes, 0) }, samples }; // prettier-ignore
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const document = { steps: Number(values.steps) };
try {
  if (values.where !== 'terminal') document.page = await page();
  if (values.where !== 'page') document.terminal = await terminal();
} catch (error) {
  document.failure = error.message;
}
const parts = [document.page, document.terminal].filter(Boolean);
finish(document, document.failure === undefined && parts.every((part) => part.flat && part.state === 'Finished'));
process.exit();
