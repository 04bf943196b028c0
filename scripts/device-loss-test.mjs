// "wb run" on a device that is destroyed again and again, against one that is left alone: metrics and weights must be equal.
//   node scripts/device-loss-test.mjs [--losses 20] [--every 40]        needs "make build"
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { losses: { type: 'string', default: '20' }, every: { type: 'string', default: '40' } },
});
const folder = mkdtempSync(join(tmpdir(), 'wb-device-loss-'));
const settings = ['MAX_ITERS=240', 'CHECKPOINT_INTERVAL=10', 'GPT2_DROPOUT=0.1', 'GPT2_N_LAYER=1', 'EVAL_INTERVAL=40'];
function train(out, env, preload) {
  const args = [
    ...preload,
    'bin/wb',
    'run',
    '--defconfig',
    'gpt2-vanilla-baseline-ci',
    ...settings,
    '--software',
    '--out',
    out,
  ];
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (done.status !== 0) throw new Error(`wb run ended with ${done.status}:\n${done.stderr.slice(-2000)}`);
  return done.stderr;
}
const lines = (out) =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.stringify({ ...JSON.parse(line), time: undefined }));
const files = (out) => [
  'best.safetensors',
  ...readdirSync(join(out, 'checkpoints'))
    .sort()
    .map((name) => `checkpoints/${name}`),
];

try {
  const [alone, lossy] = [join(folder, 'alone'), join(folder, 'lossy')];
  train(alone, {}, []);
  const said = train(lossy, { WB_LOSE_EVERY: values.every, WB_LOSE_TIMES: values.losses }, [
    '--import',
    './scripts/lose-device.mjs',
  ]);
  const losses = (said.match(/the device was lost/g) ?? []).length;
  const [a, b] = [lines(alone), lines(lossy)];
  const first = a.findIndex((line, i) => line !== b[i]);
  const same = a.length === b.length && first < 0;
  const weights = files(alone).filter(
    (file) => !readFileSync(join(alone, file)).equals(readFileSync(join(lossy, file))),
  );
  const result = {
    losses,
    lines: a.length,
    metrics_equal: same,
    files: files(alone).length,
    files_that_differ: weights,
  };
  console.log(JSON.stringify(result, null, 2));
  if (!same) console.error(`device-loss-test: line ${first + 1}\n  ${a[first]}\n  ${b[first]}`);
  if (!same || weights.length > 0 || losses < Number(values.losses)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
