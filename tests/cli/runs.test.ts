/** Runs in the terminal from start to archive, on the CPU reference. Runs the built `bin/wb`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const WB = resolve('bin/wb');
const TINY = ['--defconfig', 'gpt2-vanilla-baseline-ci', '--backend', 'reference', 'GPT2_N_LAYER=1', 'GPT2_N_EMBD=8', 'GPT2_BLOCK_SIZE=8', 'MAX_ITERS=30']; // prettier-ignore
let dir = '';
beforeAll(() => {
  if (!existsSync('dist/cli/wb.js')) throw new Error('dist/cli/wb.js is missing: run "make build" first');
  dir = mkdtempSync(join(tmpdir(), 'wb-runs-'));
  mkdirSync(join(dir, 'bare'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function wb(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WB, ...args], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, KCONFIG_CONFIG: '' },
  });
  return { code: status, out: stdout, err: stderr };
}
function ok(...args: string[]): string {
  const { code, out, err } = wb(...args);
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  return out;
}
const fails = (code: number, line: RegExp, ...args: string[]): void => {
  const result = wb(...args);
  expect(result).toMatchObject({ code, out: '' });
  expect(result.err.trimEnd().split('\n').at(-1)).toMatch(line);
};
const json = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(dir, path), 'utf8')) as Record<string, unknown>;

describe('one run', () => {
  it('leaves a valid manifest, and is not overwritten', () => {
    ok('run', ...TINY, '--out', 'a', '--json', 'TRACKER=tensorboard,wandb');
    expect(JSON.parse(ok('manifest', 'check', 'a', '--json'))).toMatchObject({ valid: true, findings: [] });
    expect(json('a/manifest.json')).toMatchObject({ schema: 'wb-manifest/1', kind: 'train', seed: 1337, device: { backend: 'cpu', software: true }, results: { status: 'ok', steps: 30 } }); // prettier-ignore
    expect(readdirSync(join(dir, 'a/trackers')).sort()).toEqual(['tensorboard', 'wandb']);
    fails(2, /holds a run already .*wb continue a/, 'run', ...TINY, '--out', 'a');
    fails(2, /TRACKER=mlflow: "mlflow" is none of/, 'run', ...TINY, '--out', 'new', 'TRACKER=mlflow');
    expect(existsSync(join(dir, 'new'))).toBe(false);
    expect(ok('continue', 'a', '--json')).toContain('"status": "ok"');
    fails(2, /holds no run/, 'continue', '.');
  });

  it('is replayed identically, and a changed line is found', () => {
    expect(ok('replay', 'a')).toBe('identical\n');
    const path = join(dir, 'a/metrics.jsonl');
    const before = readFileSync(path, 'utf8');
    const manifest = readFileSync(join(dir, 'a/manifest.json'), 'utf8');
    writeFileSync(path, before.replace(/("step":3,"loss":)[\d.]+/, '$19.5'));
    writeFileSync(join(dir, 'a/manifest.json'), manifest.replace(/("metricsSha256": ")./, (_, head: string) => `${head}${manifest.includes('"metricsSha256": "0') ? '1' : '0'}`)); // prettier-ignore
    const { code, out } = wb('replay', 'a');
    expect(code).toBe(1);
    const line = 1 + before.split('\n').findIndex((text) => text.startsWith('{"event":"step","step":3,'));
    expect(out.split('\n')[0]).toBe(`differs on the same adapter: metrics.jsonl:${line}`);
    expect(out).toMatch(/^ {2}was .*"step":3,"loss":9\.5/m);
    writeFileSync(path, before);
    writeFileSync(join(dir, 'a/manifest.json'), manifest);
  });

  it('of a build without EARLY_STOP_PATIENCE is replayed and continued, and it is said', () => {
    /** As that build would have written it. */
    const older = (name: string): void => {
      const manifest = json(`${name}/manifest.json`) as { config: { full: string; sha256: string; tree: string } };
      const full = manifest.config.full.replace(/^CONFIG_EARLY_STOP_PATIENCE=.*\n/m, '');
      expect(full).not.toBe(manifest.config.full);
      Object.assign(manifest.config, { full, sha256: createHash('sha256').update(full).digest('hex'), tree: '0'.repeat(64) }); // prettier-ignore
      writeFileSync(join(dir, name, 'manifest.json'), JSON.stringify(manifest));
      writeFileSync(join(dir, name, 'config.full'), full);
    };
    const said = 'wb: the run was made with other Kconfig sources: EARLY_STOP_PATIENCE is new and has its default\n';
    cpSync(join(dir, 'a'), join(dir, 'old'), { recursive: true });
    older('old');
    expect(wb('replay', 'old', '--out', 'again')).toMatchObject({ code: 0, out: 'identical\n', err: expect.stringContaining(said) as string }); // prettier-ignore
    expect(ok('manifest', 'check', 'again')).toContain('is valid');
    ok('run', ...TINY, '--out', 'half', '--steps', '10', 'CHECKPOINT_INTERVAL=5');
    older('half');
    const status = readFileSync(join(dir, 'half/STATUS'), 'utf8');
    writeFileSync(join(dir, 'half/STATUS'), 'running\n');
    expect(status).toBe('ok\n');
    expect(wb('continue', 'half')).toMatchObject({ code: 0, err: expect.stringContaining(said) as string });
    expect(ok('manifest', 'check', 'half')).toContain('is valid');
  });

  it('goes into a zip and out again; a damaged one is refused and nothing is written', () => {
    ok('export', 'a', '--out', 'a.zip');
    ok('import', 'a.zip', '--out', 'b');
    expect(ok('manifest', 'check', 'b')).toContain('is valid');
    expect(readFileSync(join(dir, 'b/best.safetensors')).equals(readFileSync(join(dir, 'a/best.safetensors')))).toBe(
      true,
    );
    expect(ok('replay', 'a.zip')).toBe('identical\n');
    const zip = readFileSync(join(dir, 'a.zip'));
    zip[200]! ^= 255;
    writeFileSync(join(dir, 'bad.zip'), zip);
    fails(1, /^wb: bad\.zip: /, 'import', 'bad.zip', '--out', 'c');
    fails(1, /^wb: bad\.zip: /, 'replay', 'bad.zip');
    expect(existsSync(join(dir, 'c'))).toBe(false);
    fails(1, /not empty/, 'import', 'a.zip', '--out', 'b');
  });
});

describe('evaluation and A/B', () => {
  it('gives the figure that the run recorded, and a valid manifest', () => {
    const recorded = (json('a/manifest.json')['results'] as { best: { loss: number; step: number } }).best;
    const measured = JSON.parse(ok('eval', 'a', '--json', '--out', 'eval.json')) as { val_loss: number; step: number };
    expect(measured.step).toBe(recorded.step);
    expect(Math.abs(measured.val_loss - recorded.loss)).toBeLessThan(1e-5); // weights are saved in f32
    expect(json('eval.json')).toMatchObject({ kind: 'eval', parents: [json('a/manifest.json')['runId']] });
    expect(ok('manifest', 'check', 'eval.json')).toContain('is valid');
    fails(2, /no such file/, 'eval', 'a', '--weights', 'gone.safetensors');
  });

  it('times two configurations in turns', () => {
    const result = JSON.parse(ok('ab', ...TINY, '--b', 'GPT2_N_LAYER=4', '--rounds', '3', '--steps', '2', '--json')) as { a: number[]; comparison: { n: number } }; // prettier-ignore
    expect(result).toMatchObject({ a: { length: 3 }, comparison: { n: 3 }, adapter: { software: true } });
    fails(2, /same configuration/, 'ab', ...TINY, '--b', 'SEED=1337');
    fails(2, /MAX_ITERS=30 is less than the 43 steps/, 'ab', ...TINY, '--b', 'SEED=1');
    wb('ab', ...TINY, '--b', 'LEARNING_RATE=3e-3', '--steps', '7', '--out', 'turns');
    const [a, b] = ['a', 'b'].map((side) => json(`turns/${side}/manifest.json`));
    expect(a).toMatchObject({ results: { status: 'ok', steps: 30 }, interleaved: { with: b!['runId'], side: 'a', steps: 7 } }); // prettier-ignore
    expect(ok('replay', 'turns/b')).toBe('identical\n'); // a run alone
    expect(ok('report', 'turns/a', 'turns/b')).toMatch(/^gpt2-vanilla-baseline-ci LEARNING_RATE=3e-3 .* 1$/m);
  });
});

describe('killed at random', () => {
  it('two runs and one matrix of two cells at a time end as if nothing had happened (scripts/kill-test.mjs)', () => {
    const args = [
      'scripts/kill-test.mjs',
      '--runs',
      '2',
      '--matrix',
      '1',
      '--seed',
      '3',
      '--kills',
      '2',
      '--jobs',
      '2',
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ run: { trials: 2, equal: 2 }, matrix: { trials: 1, equal: 1 } });
  });
});

describe('a matrix', () => {
  const AXES = ['LEARNING_RATE=1e-3,3e-3', '--seeds', '2'];

  it('shards and merges to what one machine makes', () => {
    ok('matrix', ...TINY, ...AXES, '--out', 'whole', '--json');
    ok('matrix', ...TINY, ...AXES, '--out', 's0', '--shard', '0/2', '--json');
    ok('matrix', ...TINY, ...AXES, '--out', 's1', '--shard', '1/2', '--json');
    ok('merge', 'merged', 's0', 's1');
    expect(ok('report', 'merged', '--format', 'csv')).toBe(ok('report', 'whole', '--format', 'csv'));
    const report = JSON.parse(ok('report', 'whole', '--json')) as { rows: { paired: { n: number } | null }[] };
    expect(report.rows.map((row) => row.paired?.n ?? null)).toEqual([null, 2]);
    expect(JSON.parse(ok('manifest', 'check', 'whole', '--json'))).toMatchObject({ valid: true });
    expect(ok('estimate', 'whole', '--json')).toContain('"open_cells": 0');
  });

  it('makes the same with three cells at a time', () => {
    const { err } = wb('matrix', ...TINY, ...AXES, '--out', 'beside', '-j', '3');
    expect(err).toMatch(/4 of 4 cells to run, 3 at a time\n( {4}began \S+\n){3}(.*\n)*4\/4 ok /);
    expect(ok('report', 'beside', '--format', 'csv')).toBe(ok('report', 'whole', '--format', 'csv'));
    for (const { id } of (json('whole/matrix.json') as { cells: { id: string }[] }).cells) {
      const hash = (dir: string) => (json(`${dir}/cells/${id}/manifest.json`)['results'] as { weights: { sha256: string }[]; metricsSha256: string }); // prettier-ignore
      expect(hash('beside').metricsSha256).toBe(hash('whole').metricsSha256);
      expect(hash('beside').weights).toEqual(hash('whole').weights);
    }
    fails(2, /^wb: -j 0: give a number of cells from 1 to 64/, 'matrix', ...TINY, ...AXES, '--out', 'x', '-j', '0');
    fails(2, /--autotune with -j 2/, 'matrix', ...TINY, ...AXES, '--out', 'x', '-j', '2', '--autotune');
    fails(2, /-j 2: a is one run/, 'continue', 'a', '-j', '2');
    expect(existsSync(join(dir, 'x'))).toBe(false);
  });

  it('reruns what a filter names, and comes to the same figures', () => {
    const csv = ok('report', 'whole', '--format', 'csv');
    ok('rerun', 'whole', '--filter', 'LEARNING_RATE=3e-3', 'seed=1338');
    expect(ok('report', 'whole', '--format', 'csv')).toBe(csv);
    fails(2, /there are id, seed, status, LEARNING_RATE/, 'rerun', 'whole', '--filter', 'colour=red');
    fails(2, /no cell has seed=5/, 'rerun', 'whole', '--filter', 'seed=5');
  });

  it('shows its cells and job files before anything runs', () => {
    expect(JSON.parse(ok('matrix', ...TINY, ...AXES, '--dry-run', '--json'))).toMatchObject({
      cells: { length: 4 },
      excluded: [],
    });
    expect(ok('matrix', ...TINY, ...AXES, '--emit', 'slurm', '--shards', '3')).toContain('#SBATCH --array=0-2');
    fails(2, /--shard 4\/4/, 'matrix', ...TINY, ...AXES, '--shard', '4/4', '--out', 'x');
    fails(2, /a value twice/, 'matrix', ...TINY, 'SEED=1,1', '--dry-run');
    fails(2, /give --out DIR, or --dry-run/, 'matrix', ...TINY, ...AXES);
  });
});

describe('reports, lists and sweeps', () => {
  const SMALL = [...TINY.slice(0, -1), 'MAX_ITERS=10'];
  it('sweeps the ranges of a file, takes a finished run over, and draws what came out', () => {
    writeFileSync(join(dir, 'ranges'), '# ranges\nCONFIG_LEARNING_RATE="1e-3|3e-3"\nCONFIG_GRAD_CLIP=1.0\n');
    ok('run', ...SMALL, 'LEARNING_RATE=1e-3', '--out', 'base');
    const { out, err } = wb('sweep', 'ranges', ...SMALL, 'BASELINE=base', '--out', 'swept');
    expect(err).toMatch(/1 of 2 cells to run/);
    expect(out).toMatch(/best of 2, held-out loss:\n 1 {2}\d\.\d{4} {2}learning-rate-/);
    const log = readdirSync(join(dir, 'swept/cells')).map((cell) => join(dir, 'swept/cells', cell, 'log.txt'));
    expect(log.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'))).toEqual([expect.stringMatching(/^taken over from run gpt2-/)]); // prettier-ignore
    fails(2, /BASELINE: base: no cell has its configuration/, 'matrix', ...SMALL, 'LEARNING_RATE=2e-3,3e-3', 'BASELINE=base', '--out', 'no'); // prettier-ignore
    expect(existsSync(join(dir, 'no'))).toBe(false);
    writeFileSync(join(dir, 'flat'), 'CONFIG_GRAD_CLIP=1.0\n');
    fails(2, /flat: no line has a range/, 'sweep', 'flat', '--dry-run');

    expect(ok('report', 'swept', '--group', 'LEARNING_RATE')).toMatch(/^LEARNING_RATE=1e-3 .*baseline/m);
    fails(2, /--group: no run has a symbol NOTHING/, 'report', 'swept', '--group', 'NOTHING');
    ok('report', 'swept', '--out', 'swept/r.svg');
    expect(readFileSync(join(dir, 'swept/r.svg'), 'utf8').match(/<polyline /g)).toHaveLength(2);
    wb('graphs', 'swept', '--no-png');
    expect(readdirSync(join(dir, 'swept/figures'))).toEqual(['report.svg']);
  });

  it('shows a run with its timeline, and lists runs', () => {
    expect(ok('show', 'base')).toMatch(/^status +ok, 10 steps\n(.*\n)+time +[\d.]+ s: .*submit [\d.]+ %/m);
    const shown = JSON.parse(ok('show', 'base', '--json')) as { timeline: { samples: number; ms: { wall: number } } };
    expect(shown.timeline.samples).toBeGreaterThan(1);
    expect(shown.timeline.ms.wall).toBeGreaterThan(0);
    const { out } = wb('ls', '.', '--json');
    const { runs } = JSON.parse(out) as { runs: { dir: string; status: string; val_loss: number | null }[] };
    expect(runs.find((run) => run.dir === 'base')).toMatchObject({ status: 'ok', val_loss: expect.any(Number) as number }); // prettier-ignore
    fails(2, /nowhere: no such directory/, 'ls', 'nowhere');
  });
});

describe('two processes', () => {
  it('do not write one run: the second is refused, a lock whose process is gone is not one', () => {
    const began = readFileSync(`/proc/${process.pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[19];
    const lock = (pid: number, at = began) => JSON.stringify({ pid, host: hostname(), began: at });
    ok('run', ...TINY, '--out', 'shared', '--json');
    writeFileSync(join(dir, 'shared/STATUS'), 'running\n');
    const before = readFileSync(join(dir, 'shared/metrics.jsonl'), 'utf8');
    writeFileSync(join(dir, 'shared/.lock'), lock(process.pid));
    fails(2, new RegExp(`^wb: shared is being written by process ${process.pid}: `), 'continue', 'shared');
    expect(readFileSync(join(dir, 'shared/metrics.jsonl'), 'utf8')).toBe(before);
    for (const stale of [lock(process.pid, '1'), lock(2 ** 22 + 1), 'half a li']) {
      writeFileSync(join(dir, 'shared/STATUS'), 'running\n');
      writeFileSync(join(dir, 'shared/.lock'), stale);
      expect(ok('continue', 'shared', '--json')).toContain('"status": "ok"');
      expect(existsSync(join(dir, 'shared/.lock'))).toBe(false);
    }
  });

  it('continue without a directory takes what is open below runs/', () => {
    fails(2, /below runs\/ nothing is open/, 'continue');
    ok('run', ...TINY, '--out', 'runs/x', '--json');
    fails(2, /below runs\/ nothing is open/, 'continue');
    writeFileSync(join(dir, 'runs/x/STATUS'), 'running\n');
    expect(wb('continue')).toMatchObject({ code: 0, err: expect.stringMatching(/^runs\/x\n(.*\n)+ok: runs\/x /) as string }); // prettier-ignore
    fails(2, /^wb: bare: holds no matrix \(matrix\.json is missing\)$/, 'estimate', 'bare');
    fails(2, /^wb: nowhere: no such directory$/, 'rerun', 'nowhere', '--filter', 'a=b');
  });
});

describe('limits and cleaning', () => {
  const LONG = [...TINY.slice(0, -1), 'MAX_ITERS=100000', 'EVAL_INTERVAL=50', 'CHECKPOINT_INTERVAL=0'];
  it('ends complete when its time is up, says so, and is replayed step for step', () => {
    ok('run', ...LONG, 'TIME=0.5', '--out', 'timed', '--json');
    const { status, steps, reason } = json('timed/manifest.json')['results'] as { status: string; steps: number; reason: string }; // prettier-ignore
    expect({ status, reason }).toEqual({ status: 'ok', reason: `ended at step ${steps} of 100000: the time limit` });
    expect(ok('replay', 'timed')).toBe('identical\n');
    expect(ok('continue', 'timed', '--json')).toContain(`"steps": ${steps}`);
  });

  it('stops behind the lowest loss: one run, each cell of a matrix, a replay', () => {
    const early = ['EARLY_STOP_PATIENCE=2', 'EVAL_INTERVAL=2', 'LEARNING_RATE=1', 'GRAD_CLIP=0', 'WARMUP_STEPS=0'];
    const { err } = wb('run', ...LONG, ...early, '--out', 'early');
    const { steps, best, reason } = json('early/manifest.json')['results'] as { steps: number; best: { step: number }; reason: string }; // prettier-ignore
    expect(steps).toBe(best.step + 4);
    expect(reason).toBe(`stopped at step ${steps}: no better validation loss since step ${best.step}`);
    expect(err).toContain(`${reason}\nok: early  loss `);
    expect(ok('replay', 'early')).toBe('identical\n');
    ok('matrix', ...LONG, ...early, '--seeds', '2', '--out', 'earlies', '--json');
    expect(ok('report', 'earlies')).toContain('cells: 2 ok');
    fails(2, /EARLY_STOP_PATIENCE/, 'run', ...LONG, 'EARLY_STOP_PATIENCE=2', 'EVAL_INTERVAL=0', '--out', 'never');
  });

  it('names what stands for variables of other programs', () => {
    fails(2, /^wb: EPOCHS: .*MAX_ITERS=steps/, 'run', ...TINY, 'EPOCHS=3', '--out', 'never');
    fails(2, /there is no symbol SEEED; did you mean SEED\?/, 'matrix', ...TINY, 'SEEED=1,2', '--dry-run');
    fails(2, /^wb: bare: is a directory, no zip/, 'import', 'bare', '--out', 'never');
    fails(2, /--out timed: holds a run already/, 'ab', ...TINY, '--b', 'SEED=2', '--out', 'timed');
    fails(2, /--out timed: holds a run; invented figures/, 'tracker', 'test', '--out', 'timed');
    fails(2, /^wb: MODELS: .*wb eval DIR/, 'matrix', ...TINY, 'MODELS=x', '--out', 'never');
    fails(2, /^wb: TIME=-1: give a positive/, 'matrix', ...TINY, 'TIME=-1', '--out', 'never');
    fails(2, /^wb: STAGE: .*wb bpa/, 'run', ...TINY, 'STAGE=fit', '--out', 'never');
    expect(existsSync(join(dir, 'never'))).toBe(false);
  });

  it('frees space at three strengths; what is not finished stays', () => {
    const kept = readFileSync(join(dir, 'early/best.safetensors'));
    expect(ok('clean', 'early', '--dry-run')).toMatch(/^would free 0\.\d MB of 1 runs$/m);
    expect(existsSync(join(dir, 'early/optimizer.safetensors'))).toBe(true);
    ok('clean', 'early');
    expect(existsSync(join(dir, 'early/optimizer.safetensors')) || existsSync(join(dir, 'early/checkpoints/4.safetensors'))).toBe(false); // prettier-ignore
    expect(readFileSync(join(dir, 'early/best.safetensors')).equals(kept)).toBe(true);
    expect(ok('manifest', 'check', 'early')).toContain('is valid');
    ok('clean', 'early', 'earlies', '--weights');
    expect(ok('manifest', 'check', 'early')).toContain('is valid');
    writeFileSync(join(dir, 'early/STATUS'), 'running\n');
    expect(ok('clean', 'early', '--weights')).toMatch(/of 0 runs; 1 that are not finished stay/);
    expect(wb('clean', 'early', 'earlies', '--all')).toMatchObject({ code: 2, out: expect.stringMatching(/^would free .* of 2 runs; 1 that/) as string }); // prettier-ignore
    ok('clean', 'early', 'earlies', '--all', '--yes');
    expect([existsSync(join(dir, 'early')), existsSync(join(dir, 'earlies'))]).toEqual([true, false]);
    fails(2, /bare: holds no run and no matrix/, 'clean', 'bare');
    fails(2, /nowhere: no such directory/, 'clean', 'nowhere');
  });
});
