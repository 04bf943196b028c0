// What the reliability scripts share: a tiny model, `wb` as a process with a time limit, and what of a run directory must be equal.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const WB = resolve(fileURLToPath(import.meta.url), '../../../bin/wb');

/** One layer, 8 wide: what is tested is the recovery, and compiling the kernels anew is most of its time. */
export const TINY = ['--defconfig', 'gpt2-vanilla-baseline-ci', 'GPT2_N_LAYER=1', 'GPT2_N_EMBD=8', 'GPT2_N_HEAD=1', 'GPT2_BLOCK_SIZE=8', 'BATCH_SIZE=4', 'EVAL_BATCHES=1']; // prettier-ignore

export const round = (ms) => Math.round(ms / 100) / 10;

/** Ends the process with one JSON document: what was done until then counts, what was not is said. */
export function finish(document, ok) {
  console.log(JSON.stringify(document, null, 2));
  process.exitCode = ok ? 0 : 1;
}

/** A deadline for a whole script. `left` throws once it has passed. */
export function deadline(minutes) {
  const end = performance.now() + 60_000 * minutes;
  return {
    left: () => end - performance.now(),
    passed: () => performance.now() >= end,
  };
}

/**
 * Runs wb to its end or for `limitMs`. `nodeArgs`: before the program. Resolves with the exit code, stderr and whether the
 * limit ended it; never rejects for a failure of wb.
 */
export function wb(args, { limitMs = Infinity, nodeArgs = [], env = {}, onChild } = {}) {
  return new Promise((done, fail) => {
    const began = performance.now();
    const child = spawn(process.execPath, [...nodeArgs, WB, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    let err = '';
    let late = false;
    const timer = Number.isFinite(limitMs)
      ? setTimeout(() => ((late = true), child.kill('SIGKILL')), Math.max(0, limitMs))
      : null;
    child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
    const end = onChild?.(child);
    child.on('error', fail).on('close', (code, signal) => {
      clearTimeout(timer);
      end?.();
      done({ code, killed: signal === 'SIGKILL' && !late, late, err, ms: performance.now() - began });
    });
  });
}

/** What must be equal between two directories, by file: metrics without `time`, STATUS, weights; temp files must not be there. */
export function contents(root) {
  const out = new Map();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(root.length + 1);
    if (name.endsWith('metrics.jsonl')) {
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)); // prettier-ignore
      out.set(name, lines.map(({ time: _, ...rest }) => JSON.stringify(rest)).join('\n'));
    } else if (name.endsWith('STATUS')) out.set(name, readFileSync(path, 'utf8'));
    else if (name.endsWith('.safetensors') && !/(state|optimizer)\.safetensors$/.test(name))
      out.set(name, readFileSync(path).toString('base64'));
    else if (/\.tmp-\d+$/.test(name)) out.set(name, 'left over');
  }
  return out;
}

/** The first difference in words, or null. */
export function difference(expected, found) {
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    if (!expected.has(name)) return `${name} is only in the disturbed run`;
    if (!found.has(name)) return `${name} is missing in the disturbed run`;
    if (expected.get(name) === found.get(name)) continue;
    const [left, right] = [expected.get(name).split('\n'), found.get(name).split('\n')];
    const line = left.findIndex((text, i) => text !== right[i]);
    return `${name}:${line + 1}: ${left[line]?.slice(0, 160)} | ${right[line]?.slice(0, 160)}`;
  }
  return null;
}

/** The adapter that a manifest names. */
export function adapterOf(out) {
  const { device } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  if (device?.backend !== 'webgpu') return 'CPU reference';
  return `${device.adapter.description || device.adapter.architecture}${device.software ? ' (software adapter)' : ''}`;
}

/** Of the last evaluation: what a reader compares first. */
export function finalMetrics(out) {
  const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)); // prettier-ignore
  const last = (event) => lines.findLast((line) => line.event === event);
  return { step: last('eval')?.step ?? null, loss: last('step')?.loss ?? null, val_loss: last('eval')?.loss ?? null };
}
