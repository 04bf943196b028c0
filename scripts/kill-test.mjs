#!/usr/bin/env node
// Kills `wb run` and `wb matrix` with SIGKILL at random moments, continues, kills again, and compares what comes out with an
// undisturbed run: metrics without `time`, STATUS, every weight file byte by byte, no temp file. One JSON document; exit 1 at the
// first difference and when the time is up before all trials were made.
//
//   node scripts/kill-test.mjs [--runs 20] [--matrix 20] [--kills 3] [--backend reference|webgpu] [--jobs 1] [--seed 1]
//     [--minutes 15] [--set SYMBOL=value ...]                                         needs "make build"; --jobs: of the matrices
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TINY, adapterOf, contents, deadline, difference, finalMetrics, finish, round, wb } from './support/wb-run.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    matrix: { type: 'string', default: '20' },
    backend: { type: 'string', default: 'reference' },
    kills: { type: 'string', default: '3' },
    jobs: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '15' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const reference = values.backend === 'reference';
const adapter = reference ? ['--backend', 'reference'] : ['--backend', 'webgpu', '--software'];
const steps = reference ? ['MAX_ITERS=300', 'EVAL_INTERVAL=20', 'CHECKPOINT_INTERVAL=15'] : ['MAX_ITERS=150', 'EVAL_INTERVAL=25', 'CHECKPOINT_INTERVAL=7']; // prettier-ignore
const RUN = ['run', ...TINY, ...steps, ...values.set, ...adapter];
const JOBS = ['-j', values.jobs];
const MATRIX = ['matrix', ...TINY, ...JOBS, 'MAX_ITERS=60', 'EVAL_INTERVAL=20', 'CHECKPOINT_INTERVAL=15', 'LEARNING_RATE=1e-3,3e-3', ...values.set, '--seeds', '2', ...adapter]; // prettier-ignore

let state = Number(values.seed) >>> 0;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

const limit = deadline(Number(values.minutes));
const work = mkdtempSync(join(tmpdir(), 'wb-kill-'));
class Late extends Error {}

/** Kills the child after `ms`, counted from when `after` is there, if given. */
const killer = (ms, after) => (child) => {
  let timer = null;
  const arm = () => {
    if (after !== null && !existsSync(after)) timer = setTimeout(arm, 5);
    else timer = setTimeout(() => child.kill('SIGKILL'), after === null ? ms : ms / 2);
  };
  arm();
  return () => clearTimeout(timer);
};

/** One command to its end. Throws Late when the script's time is up, Error when wb fails. */
async function run(args, onChild) {
  const ended = await wb(args, { limitMs: limit.left(), ...(onChild ? { onChild } : {}) });
  if (ended.late) throw new Late();
  if (!ended.killed && ended.code !== 0)
    throw new Error(`wb ${args.join(' ')} exits ${ended.code}: ${ended.err.slice(-1000)}`);
  return ended;
}

/** One directory: killed up to `--kills` times, continued after each, then finished. Counts the kills that hit. */
async function trial(args, out, duration, tally) {
  const jobs = args === MATRIX ? JOBS : [];
  for (let left = Number(values.kills); ; left--) {
    const begun = existsSync(join(out, 'manifest.json'));
    if (!begun && existsSync(out)) {
      rmSync(out, { recursive: true, force: true }); // killed before there was a run
      tally.before_manifest++;
    }
    const command = begun ? ['continue', out, ...jobs, ...(reference ? [] : ['--software'])] : [...args, '--out', out];
    if (left <= 0) return run(command);
    // Most kills once there is something to lose: starting an adapter can take longer than the run.
    const after = random() < 0.75 ? join(out, 'manifest.json') : null;
    const { killed } = await run(command, killer(random() * duration, after));
    if (killed) tally.kills++;
  }
}

async function trials(name, args, count) {
  const undisturbed = join(work, `${name}-undisturbed`);
  const began = await run([...args, '--out', undisturbed]);
  const expected = contents(undisturbed);
  const tally = { kills: 0, before_manifest: 0 };
  const report = {
    trials: count,
    equal: 0,
    ...tally,
    files_compared: expected.size,
    undisturbed_seconds: round(began.ms),
  };
  for (let i = 0; i < count; i++) {
    const out = join(work, `${name}-${i}`);
    try {
      await trial(args, out, began.ms, tally);
    } catch (error) {
      if (!(error instanceof Late)) throw error;
      return { ...report, ...tally, timed_out: true };
    }
    Object.assign(report, tally);
    const found = difference(expected, contents(out));
    if (found !== null) return { ...report, first_difference: `trial ${i}: ${found}`, kept: out };
    report.equal++;
    rmSync(out, { recursive: true, force: true });
  }
  if (name === 'run') report.final = finalMetrics(undisturbed);
  return { ...report, adapter: adapterOf(name === 'run' ? undisturbed : cellOf(undisturbed, expected)) };
}

const cellOf = (matrix, files) => join(matrix, [...files.keys()].find((file) => /^cells\/[^/]+\/STATUS$/.test(file)), '..'); // prettier-ignore

const document = { backend: values.backend, settings: values.set, jobs: Number(values.jobs) };
try {
  if (Number(values.runs) > 0) document.run = await trials('run', RUN, Number(values.runs));
  if (Number(values.matrix) > 0) document.matrix = await trials('matrix', MATRIX, Number(values.matrix));
} catch (error) {
  document.failure = error instanceof Late ? 'the undisturbed run did not end in time' : error.message;
}
const parts = [document.run, document.matrix].filter(Boolean);
const ok = document.failure === undefined && parts.every((part) => part.equal === part.trials);
finish(document, ok);
if (!parts.some((part) => part.kept)) rmSync(work, { recursive: true, force: true });
