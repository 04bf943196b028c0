#!/usr/bin/env node
// A run of the built site whose GPU device is destroyed again and again, against one that is left alone: metrics and weights must be
// equal. Progress on stderr; one JSON document; exit 1 on a difference, on too few losses, on an error in the page and when the time is up.
//   node scripts/device-loss-page.mjs [--losses 20] [--minutes 15] [--every 25]       needs "make build" and a browser (CHROMIUM_PATH)
// --every: command encoders (steps, evaluations, reads of a checkpoint) between two losses. per_loss: seconds that a loss adds.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { adapterName, launch } from './browser.mjs';
import { serve } from './serve.mjs';
import { loseDevices } from './support/lose-devices.mjs';
import { TINY, deadline, difference, finish, round } from './support/wb-run.mjs';

const { values } = parseArgs({
  options: {
    losses: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '15' },
    every: { type: 'string', default: '25' },
  },
});
const [wanted, every] = [Number(values.losses), Number(values.every)];
const limit = deadline(Number(values.minutes));
const STEPS = 400;
const SETTINGS = [`MAX_ITERS=${STEPS}`, 'CHECKPOINT_INTERVAL=5', 'EVAL_INTERVAL=40', 'GPT2_DROPOUT=0.1'];
const query = [`defconfig=${TINY[1]}`, ...TINY.slice(2), ...SETTINGS].join('&');
const began = performance.now();
const say = (text) =>
  process.stderr.write(
    `${round(performance.now() - began)
      .toFixed(1)
      .padStart(6)} s  ${text}\n`,
  );

if (!existsSync('dist/site/index.html')) {
  console.error('device-loss-page: the site is not built: run "make build"');
  process.exit(1);
}

/** What must be equal between two runs, by file: metrics without `time`, STATUS, hashes of weights. */
const contents = (page) =>
  page.evaluate(async () => {
    const top = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
    const runs = [];
    for await (const name of top.keys()) runs.push(name);
    if (runs.length !== 1) throw new Error(`${runs.length} runs in the store, not one`);
    const found = {};
    const read = async (folder, prefix) => {
      for await (const [name, handle] of folder.entries()) {
        const path = `${prefix}${name}`;
        if (handle.kind === 'directory') await read(handle, `${path}/`);
        else found[path] = await handle.getFile();
      }
    };
    await read(await top.getDirectoryHandle(runs[0]), '');
    const out = [];
    for (const [path, file] of Object.entries(found)) {
      if (path === 'metrics.jsonl') {
        const lines = (await file.text()).trimEnd().split('\n').map((line) => JSON.parse(line)); // prettier-ignore
        out.push([path, lines.map(({ time: _, ...rest }) => JSON.stringify(rest)).join('\n')]);
      } else if (path === 'STATUS') out.push([path, await file.text()]);
      else if (path.endsWith('.safetensors') && !/(state|optimizer)\.safetensors$/.test(path)) {
        const hash = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
        out.push([path, [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('')]);
      } else if (/\.tmp/.test(path)) out.push([path, 'left over']);
    }
    return out;
  });

/** One run in a profile of its own. */
async function train(browser, site, losses) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${site}/?${query}#/lab`);
    await page.getByText('Software adapter').waitFor({ timeout: limit.left() });
    await page.waitForTimeout(500);
    const worker = page.workers().find((one) => one.url().includes('/worker-'));
    if (!worker) throw new Error('the page has no engine worker');
    await worker.evaluate(loseDevices, [losses, every]); // the product needs no door for it
    const from = performance.now();
    await page.getByRole('button', { name: 'Run', exact: true }).first().click();
    let lost = 0;
    for (;;) {
      const now = await worker.evaluate(() => globalThis.losses);
      const [state, line] = await page.evaluate(() => [
        document.querySelector('.state')?.textContent ?? '',
        document.querySelector('.run-status')?.innerText.replace(/\s+/g, ' ') ?? '',
      ]);
      if (now > lost) say(`loss ${(lost = now)} of ${losses}; ${line}`);
      if (/Finished|Failed|Stopped/.test(state)) {
        const ms = performance.now() - from;
        return {
          state,
          ms,
          losses: now,
          errors,
          adapter: await adapterName(page),
          late: false,
          files: new Map(await contents(page)),
        };
      }
      if (limit.passed()) return { state: line, ms: performance.now() - from, losses: now, errors, late: true };
      await page.waitForTimeout(200);
    }
  } finally {
    await context.close();
  }
}

const server = await serve('dist/site', 0);
const browser = await launch();
try {
  const site = `http://127.0.0.1:${server.address().port}`;
  const alone = await train(browser, site, 0);
  if (!/Finished/.test(alone.state)) throw new Error(`the undisturbed run ended as: ${alone.state}`);
  say(`undisturbed: ${STEPS} steps in ${round(alone.ms)} s`);
  const lossy = await train(browser, site, wanted);
  const found = lossy.late ? null : difference(alone.files, lossy.files);
  const errors = [...alone.errors, ...lossy.errors];
  const equal = !lossy.late && found === null;
  finish(
    {
      adapter: alone.adapter,
      browser: browser.version(),
      steps: STEPS,
      losses: lossy.losses,
      losses_wanted: wanted,
      timed_out: lossy.late,
      seconds: { undisturbed: round(alone.ms), disturbed: round(lossy.ms), per_loss: round((lossy.ms - alone.ms) / Math.max(1, lossy.losses)) }, // prettier-ignore
      ended: lossy.state,
      equal,
      files_compared: alone.files.size,
      ...(found === null ? {} : { first_difference: found }),
      errors,
    },
    equal && lossy.losses >= wanted && errors.length === 0,
  );
} catch (error) {
  finish({ equal: false, timed_out: limit.passed(), failure: error.message }, false);
} finally {
  await browser.close();
  server.close();
}
