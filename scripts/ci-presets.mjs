// Trains every -ci twin from its defconfig to its last cell and prints one JSON document: seconds of each, and those over the limit.
//   node scripts/ci-presets.mjs [--only adamw,prun] [--limit 20] [--json FILE]      needs "make build"
// Exit 1 when a preset fails or takes longer than --limit seconds. The time is that of the process: start, kernels, steps, files.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { finish, round, wb } from './support/wb-run.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    limit: { type: 'string', default: '20' },
    json: { type: 'string' },
  },
});
const limit = Number(values.limit);
if (!(limit > 0)) throw new Error('ci-presets: --limit is a number of seconds');
const wanted = values.only.split(',').filter(Boolean);
const names = readdirSync('defconfigs').filter(
  (name) => name.endsWith('-ci') && (wanted.length === 0 || wanted.some((part) => name.includes(part))),
);
if (names.length === 0) throw new Error(`ci-presets: no -ci preset matches ${values.only}`);

const work = mkdtempSync(join(tmpdir(), 'wb-ci-presets-'));
const presets = [];
for (const name of names) {
  const cells = Number(/^# Cells: (\d+)$/m.exec(readFileSync(join('defconfigs', name), 'utf8'))?.[1] ?? 1);
  const out = join(work, name);
  const { code, late, err, ms } = await wb([cells > 1 ? 'matrix' : 'run', '--defconfig', name, '--out', out], {
    limitMs: 10_000 * limit,
  });
  const seconds = round(ms);
  const problem = late ? 'cut off' : code === 0 ? null : err.trim().split('\n').at(-1);
  presets.push({ name, cells, seconds, ...(problem === null ? {} : { problem }) });
  console.error(`${name}: ${seconds} s, ${cells} cells${problem === null ? '' : `: ${problem}`}`);
  rmSync(out, { recursive: true, force: true });
}
rmSync(work, { recursive: true, force: true });
const over = presets.filter(({ seconds }) => seconds > limit).map(({ name }) => name);
const failed = presets.filter(({ problem }) => problem).map(({ name }) => name);
const document = {
  limit_s: limit,
  load: loadavg()[0],
  longest_s: Math.max(...presets.map((p) => p.seconds)),
  over,
  failed,
  presets,
};
if (values.json) writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`);
finish(document, over.length + failed.length === 0);
