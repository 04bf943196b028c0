#!/usr/bin/env node
// Kills `wb run` (and `wb matrix`) with SIGKILL at random moments, continues, kills again, and compares what comes out with an
// undisturbed run: metrics without `time`, every .safetensors byte by byte. Exit 1 at the first difference.
//
//   node scripts/kill-test.mjs [--runs 20] [--matrix 5] [--backend reference|webgpu] [--kills 3] [--seed 1]
//     [--set SYMBOL=value ...]
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const WB = resolve(fileURLToPath(import.meta.url), '../../bin/wb');
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    matrix: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'reference' },
    kills: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const tiny = [
  '--defconfig',
  'gpt2-vanilla-baseline-ci',
  'GPT2_N_LAYER=1',
  'GPT2_N_EMBD=8',
  'GPT2_N_HEAD=1',
  'GPT2_BLOCK_SIZE=8',
  ...values.set,
];
const steps = values.backend === 'reference' ? ['MAX_ITERS=300', 'EVAL_INTERVAL=20', 'CHECKPOINT_INTERVAL=15'] : ['MAX_ITERS=60', 'EVAL_INTERVAL=10', 'CHECKPOINT_INTERVAL=7']; // prettier-ignore
const RUN = ['run', ...tiny, ...steps, '--backend', values.backend];
const MATRIX = ['matrix', ...tiny, 'MAX_ITERS=60', 'EVAL_INTERVAL=20', 'CHECKPOINT_INTERVAL=15', 'LEARNING_RATE=1e-3,3e-3', '--seeds', '2', '--backend', values.backend]; // prettier-ignore

let state = Number(values.seed) >>> 0;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};

/** Runs wb; kills it after `ms` (null: never), counted from when the file `after` is there, if given. */
function wb(args, ms, after = null) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [WB, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    let timer = null;
    const arm = () => {
      if (ms === null) return;
      if (after !== null && !existsSync(after)) timer = setTimeout(arm, 5);
      else timer = setTimeout(() => child.kill('SIGKILL'), after === null ? ms : ms / 2);
    };
    arm();
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    child.on('error', fail).on('close', (code, signal) => {
      clearTimeout(timer);
      done({ code, killed: signal === 'SIGKILL', err });
    });
  });
}

async function finish(args) {
  const { code, err } = await wb(args, null);
  if (code !== 0) throw new Error(`wb ${args.join(' ')} exits ${code}: ${err}`);
}

/** What must be equal, by file. */
function contents(root) {
  const out = new Map();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1);
    if (name.endsWith('metrics.jsonl')) {
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)); // prettier-ignore
      out.set(name, lines.map(({ time: _, ...rest }) => JSON.stringify(rest)).join('\n'));
    } else if (name.endsWith('STATUS')) out.set(name, readFileSync(path, 'utf8'));
    else if (name.endsWith('.safetensors') && !name.endsWith('optimizer.safetensors'))
      out.set(name, readFileSync(path).toString('base64'));
    else if (/\.tmp-\d+$/.test(name)) out.set(name, 'left over');
  }
  return out;
}

function difference(a, b) {
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    if (!a.has(name)) return `${name} is only in the killed run`;
    if (!b.has(name)) return `${name} is missing in the killed run`;
    if (a.get(name) === b.get(name)) continue;
    const [left, right] = [a.get(name).split('\n'), b.get(name).split('\n')];
    const line = left.findIndex((text, i) => text !== right[i]);
    return `${name}:${line + 1}: ${left[line]?.slice(0, 160)} | ${right[line]?.slice(0, 160)}`;
  }
  return null;
}

const work = mkdtempSync(join(tmpdir(), 'wb-kill-'));
let kills = 0;
let restarts = 0;

async function trials(name, args, count) {
  if (count === 0) return;
  const reference = join(work, `${name}-undisturbed`);
  const began = performance.now();
  await finish([...args, '--out', reference]);
  const duration = performance.now() - began;
  const expected = contents(reference);
  for (let i = 0; i < count; i++) {
    const out = join(work, `${name}-${i}`);
    let started = false;
    for (let left = Number(values.kills); ; left--) {
      if (started && !existsSync(join(out, 'manifest.json'))) {
        rmSync(out, { recursive: true, force: true }); // killed before there was a run
        started = false;
        restarts++;
      }
      const command = started ? ['continue', out] : [...args, '--out', out];
      started = true;
      if (left <= 0) {
        await finish(command);
        break;
      }
      // Most kills once there is something to lose: starting an adapter can take longer than the run.
      const { killed, code, err } = await wb(
        command,
        random() * duration,
        random() < 0.75 ? join(out, 'manifest.json') : null,
      );
      if (killed) kills++;
      else if (code !== 0) throw new Error(`wb ${command.join(' ')} exits ${code}: ${err}`);
    }
    const found = difference(expected, contents(out));
    if (found !== null) {
      console.error(`${name} ${i}: differs from the undisturbed run: ${found}\nkept: ${work}`);
      process.exit(1);
    }
    rmSync(out, { recursive: true, force: true });
  }
  console.log(
    `${name}: ${count} of ${count} equal to the undisturbed run (${Math.round(duration)} ms), backend ${values.backend}`,
  );
}

await trials('run', RUN, Number(values.runs));
await trials('matrix', MATRIX, Number(values.matrix));
console.log(`${kills} kills, ${restarts} before a manifest was written`);
rmSync(work, { recursive: true, force: true });
