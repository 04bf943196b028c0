#!/usr/bin/env node
// `wb run` on a device that is destroyed again and again, against one that is left alone: metrics and weights must be equal.
// One JSON document; exit 1 on a difference, on too few losses, and when the time is up.
//   node scripts/device-loss-test.mjs [--losses 20] [--minutes 15] [--every 25]       needs "make build"
// --every: command encoders (steps, evaluations, reads of a checkpoint) between two losses.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { TINY, adapterOf, contents, deadline, difference, finalMetrics, finish, round, wb } from './support/wb-run.mjs';

const { values } = parseArgs({
  options: {
    losses: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '15' },
    every: { type: 'string', default: '25' },
  },
});
const wanted = Number(values.losses);
const limit = deadline(Number(values.minutes));
const folder = mkdtempSync(join(tmpdir(), 'wb-device-loss-'));
const preload = resolve(fileURLToPath(import.meta.url), '../lose-device.mjs');
const settings = ['MAX_ITERS=400', 'CHECKPOINT_INTERVAL=5', 'EVAL_INTERVAL=40', 'GPT2_DROPOUT=0.1', '--software'];

async function train(name, options = {}) {
  const out = join(folder, name);
  const ended = await wb(['run', ...TINY, ...settings, '--out', out], { ...options, limitMs: limit.left() });
  const losses = (ended.err.match(/the device was lost/g) ?? []).length;
  return { out, losses, ...ended };
}

try {
  const alone = await train('alone');
  if (alone.code !== 0) throw new Error(`the undisturbed run ended with ${alone.code}: ${alone.err.slice(-1000)}`);
  const lossy = await train('lossy', {
    nodeArgs: ['--import', preload],
    env: { WB_LOSE_EVERY: values.every, WB_LOSE_TIMES: values.losses },
  });
  const report = {
    adapter: adapterOf(alone.out),
    steps: 400,
    losses: lossy.losses,
    losses_wanted: wanted,
    timed_out: lossy.late,
    seconds: { undisturbed: round(alone.ms), disturbed: round(lossy.ms), per_loss: round((lossy.ms - alone.ms) / Math.max(1, lossy.losses)) }, // prettier-ignore
  };
  if (lossy.code !== 0) finish({ ...report, equal: false, failure: lossy.err.slice(-1000) }, false);
  else {
    const expected = contents(alone.out);
    const found = difference(expected, contents(lossy.out));
    finish(
      { ...report, equal: found === null, files_compared: expected.size, ...(found === null ? {} : { first_difference: found }), final: { undisturbed: finalMetrics(alone.out), disturbed: finalMetrics(lossy.out) } }, // prettier-ignore
      found === null && lossy.losses >= wanted,
    );
  }
} catch (error) {
  finish({ equal: false, failure: error.message }, false);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
