// Trains a tiny model for many steps in the built site and samples what must not grow; prints one JSON document.
//   node scripts/soak.mjs [--steps 10000] [--every 5000]        needs "make build" and a browser (CHROMIUM_PATH)
// gpu_bytes: of the buffers that the engine made and has not destroyed. heap_bytes: of the page, after a collection
// (Chromium tells no worker its heap).
// run_bytes: of the run's directory. Samples are taken every N ms; `growth` is the last quarter's mean over that of the second.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { adapterName, launch } from './browser.mjs';
import { serve } from './serve.mjs';

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '10000' }, every: { type: 'string', default: '5000' } },
});
if (!existsSync('dist/site/index.html')) {
  console.error('soak: the site is not built: run "make build"');
  process.exit(1);
}
const server = await serve('dist/site', 0);
const browser = await launch({ args: ['--enable-precise-memory-info', '--js-flags=--expose-gc'] });
const page = await browser.newPage();
const model = 'GPT2_N_LAYER=1&GPT2_N_HEAD=2&GPT2_N_EMBD=16&GPT2_BLOCK_SIZE=16&BATCH_SIZE=4';
const query = `defconfig=gpt2-vanilla-baseline-ci&${model}&MAX_ITERS=${values.steps}&EVAL_INTERVAL=500&CHECKPOINT_INTERVAL=1000`;
await page.goto(`http://127.0.0.1:${server.address().port}/?${query}#/lab`);
await page.getByText('Software adapter').waitFor();
const worker = page.workers().find((w) => w.url().includes('/worker-'));
await worker.evaluate(() => {
  const live = (globalThis.liveBuffers = new Map());
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    live.set(buffer, descriptor.size);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    live.delete(this);
    return destroy.call(this);
  };
});
await page.waitForTimeout(3000); // the planned run is prepared meanwhile
const sample = async () => {
  const engine = await worker.evaluate(async () => {
    globalThis.gc?.();
    const gpu = [...globalThis.liveBuffers.values()].reduce((a, b) => a + b, 0);
    return {
      gpu_bytes: gpu,
      gpu_buffers: globalThis.liveBuffers.size,
    };
  });
  const run_bytes = await page.evaluate(async () => {
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
  const heap_bytes = await page.evaluate(() => {
    globalThis.gc?.();
    return performance.memory?.usedJSHeapSize ?? null;
  });
  const step = await page.evaluate(() => {
    const match = /step\s+([\d,]+)\s*\/\s*[\d,]+/.exec(document.body.innerText);
    return match ? Number(match[1].replaceAll(',', '')) : 0;
  });
  return { step, ...engine, heap_bytes, run_bytes };
};
await page.getByRole('button', { name: 'Run', exact: true }).first().click();
const samples = [];
const started = performance.now();
for (;;) {
  await page.waitForTimeout(Number(values.every));
  const found = await sample();
  const state = await page.locator('.state').first().innerText();
  // What is measured once the run has ended (the roof) is no part of it.
  if (found.step > 0 && state === 'Running') samples.push(found);
  if (/Finished|Failed|Stopped/.test(state)) {
    const quarter = Math.floor(samples.length / 4);
    const mean = (list, key) => list.reduce((sum, s) => sum + (s[key] ?? 0), 0) / Math.max(1, list.length);
    const growth = (key) => mean(samples.slice(-quarter), key) / mean(samples.slice(quarter, 2 * quarter), key);
    const keys = ['gpu_bytes', 'gpu_buffers', 'heap_bytes'];
    console.log(
      JSON.stringify(
        {
          adapter: await adapterName(page),
          browser: browser.version(),
          state,
          steps: Number(values.steps),
          seconds: Math.round((performance.now() - started) / 1000),
          growth: Object.fromEntries(keys.map((key) => [key, growth(key)])),
          samples,
        },
        null,
        2,
      ),
    );
    break;
  }
}
await browser.close();
server.close();
