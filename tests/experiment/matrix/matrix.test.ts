/** The matrix directory, shards, estimates and reports. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { openConfig } from '@/experiment/kconfig-tree';
import { parseAxis } from '@/experiment/matrix/axes';
import { durationText, etaSeconds } from '@/experiment/matrix/eta';
import { expandMatrix } from '@/experiment/matrix/expand';
import {
  cellDirectory,
  cellStates,
  createMatrix,
  mergeMatrices,
  readMatrix,
  resetCell,
} from '@/experiment/matrix/matrix-directory';
import { kubernetesFile, parseShard, shardOf, slurmFile } from '@/experiment/matrix/shard';
import { readManifest } from '@/experiment/manifest/read';
import { reportCsv, reportText } from '@/experiment/report/format';
import { type ReportedRun, makeReport } from '@/experiment/report/report';
import { MemoryDirectory, readText } from '@/experiment/run-directory';
import { writeConfig } from '@/kconfig';
import { trainManifest } from '../manifest/sample';

const host = { version: '0', commit: 'unknown', os: 'linux', browser: 'node' };
const expansion = expandMatrix(
  '',
  { axes: [parseAxis('LEARNING_RATE=1e-3,3e-3')!], seeds: 2 },
  () => openConfig().config,
);

async function matrix(shard: string | null = null) {
  const directory = new MemoryDirectory();
  const cells = shard === null ? expansion.cells : shardOf(expansion.cells, parseShard(shard));
  await createMatrix(directory, {
    record: {
      runId: 'm', project: 'gpt2', preset: 'p', createdAt: '2026-01-01T00:00:00Z', backend: 'reference', stopAt: null, overrides: {},
      axes: [{ name: 'LEARNING_RATE', labels: ['1e-3', '3e-3'] }], shard,
    },
    expansion: { cells, excluded: [] },
    base: { minimal: '', full: writeConfig(openConfig('').config) },
    host,
  }); // prettier-ignore
  return directory;
}

describe('a matrix directory', () => {
  it('asks STATUS and nothing else', async () => {
    const directory = await matrix();
    const record = await readMatrix(directory);
    expect((await cellStates(directory, record)).map((s) => s.status)).toEqual([
      'pending',
      'pending',
      'pending',
      'pending',
    ]);
    await cellDirectory(directory, record.cells[1]!.id).write('STATUS', 'ok\n');
    await cellDirectory(directory, record.cells[2]!.id).write('STATUS', 'splendid\n');
    await cellDirectory(directory, record.cells[3]!.id).remove('STATUS');
    expect((await cellStates(directory, record)).map((s) => s.status)).toEqual(['pending', 'ok', 'invalid', 'invalid']);
    const { valid, manifest } = readManifest((await readText(directory, 'manifest.json'))!);
    expect(valid).toBe(true);
    expect(manifest?.cells?.length).toBe(4);
  });

  it('a cell put back keeps its configuration alone', async () => {
    const directory = await matrix();
    const { id } = (await readMatrix(directory)).cells[0]!;
    const cell = cellDirectory(directory, id);
    for (const file of ['metrics.jsonl', 'optimizer.safetensors', 'checkpoints/5.safetensors'])
      await cell.write(file, 'x');
    await cell.write('STATUS', 'ok\n');
    await resetCell(directory, id);
    expect([...(await cell.list())].sort()).toEqual(['STATUS', 'config.full', 'config.min']);
    expect(await readText(cell, 'STATUS')).toBe('pending\n');
  });

  it('shards share every cell out, and merge to the whole', async () => {
    const parts = await Promise.all(['0/2', '1/2'].map(async (name) => ({ name, directory: await matrix(name) })));
    const into = new MemoryDirectory();
    const merged = await mergeMatrices(into, parts, host);
    expect(new Set(merged.cells.map((c) => c.id))).toEqual(new Set(expansion.cells.map((c) => c.id)));
    expect(merged.shard).toBeNull();
    const whole = await matrix();
    expect(await into.list()).toEqual(await whole.list());
    await expect(mergeMatrices(new MemoryDirectory(), [parts[0]!, parts[0]!], host)).rejects.toThrow(
      /is in 0\/2 and in 0\/2/,
    );
    await expect(mergeMatrices(into, parts, host)).rejects.toThrow(/not empty/);
    await parts[1]!.directory.write('config.full', 'CONFIG_SEED=1\n');
    await expect(mergeMatrices(new MemoryDirectory(), parts, host)).rejects.toThrow(
      /1\/2 is no part of the matrix in 0\/2/,
    );
  });

  it('says what is wrong with matrix.json', async () => {
    const directory = new MemoryDirectory();
    await expect(readMatrix(directory)).rejects.toThrow(/holds no matrix/);
    await directory.write('matrix.json', '{');
    await expect(readMatrix(directory)).rejects.toThrow(/not JSON/);
    await directory.write('matrix.json', '{"schema":"wb-matrix/1","cells":[{"id":"../x"}]}');
    await expect(readMatrix(directory)).rejects.toThrow(/matrix\.json: /);
  });
});

describe('job files', () => {
  it('run one shard an index, and quote what the shell would take apart', () => {
    const args = ['LEARNING_RATE=1e-3,3e-3', "GPT2_DROPOUT=0.1 it's"];
    const slurm = slurmFile('m', { start: args, both: [] }, 8);
    expect(slurm).toContain('#SBATCH --array=0-7\n');
    expect(slurm).toContain('--shard "${SLURM_ARRAY_TASK_ID}/8"');
    expect(spawnSync('bash', ['-n'], { input: slurm }).status).toBe(0);
    const echo = slurm.replace(/exec bin\/wb matrix (.*) --shard/, "printf '%s|' $1; exit 0; : --shard").replace('set -euo', 'SLURM_ARRAY_TASK_ID=0; set -euo'); // prettier-ignore
    expect(spawnSync('bash', [], { input: echo, encoding: 'utf8' }).stdout).toBe(`${args.join('|')}|`);
    const job = kubernetesFile('My Matrix', { start: args, both: [] }, 8);
    expect(job).toMatch(/completionMode: Indexed\n {2}completions: 8\n/);
    expect(job).toContain('name: my-matrix');
    expect(job).toContain('$JOB_COMPLETION_INDEX/8');
  });

  it.each(['3/3', '-1/3', '1', 'a/b', '0/0'])('refuses the shard %s', (text) =>
    expect(() => parseShard(text)).toThrow(/--shard/),
  );
});

describe('estimates', () => {
  const cell = (done: number, seconds: number, kind = 'a', steps = 100) => ({ kind, steps, done, seconds });

  it('takes finished peers of the same kind, then any, and the running cell by its own speed', () => {
    expect(etaSeconds([cell(0, 0), cell(0, 0)])).toBeNull();
    expect(etaSeconds([cell(100, 50), cell(0, 0)])).toBeCloseTo(50);
    expect(etaSeconds([cell(100, 50), cell(100, 200, 'b'), cell(0, 0, 'b')])).toBeCloseTo(200);
    expect(etaSeconds([cell(50, 10), cell(0, 0)])).toBeCloseTo(10 + 20);
    // 50 of 100 steps: own speed (0.4) and peers' (0.2) count the same
    expect(etaSeconds([cell(100, 20), cell(50, 20)])).toBeCloseTo(50 * 0.3);
    expect([7, 185, 3720].map(durationText)).toEqual(['7 s', '3 min 05 s', '1 h 02 min']);
  });
});

describe('reports', () => {
  const run = (arm: string, seed: number, loss: number, status: ReportedRun['status'] = 'ok'): ReportedRun => {
    const manifest = trainManifest();
    manifest.results!.final = { loss: 9, val_loss: loss };
    return { id: `${arm}${seed}`, axes: { arm }, seed, status, manifest };
  };
  const runs = [
    run('base', 1, 2),
    run('base', 2, 4),
    run('base', 3, 8),
    run('ra', 1, 1.9),
    run('ra', 2, 3.6),
    run('ra', 4, 100),
    run('bad', 1, 1, 'failed'),
  ];

  it('pairs by seed, relative to the baseline of that seed, and leaves failed runs out', () => {
    const report = makeReport(runs, 'val_loss');
    expect(report.counts).toEqual({ ok: 6, failed: 1 });
    const [base, ra, bad] = report.rows;
    expect(base).toMatchObject({ baseline: true, paired: null, seeds: [1, 2, 3] });
    expect(ra!.paired!.n).toBe(2);
    expect(ra!.paired!.relative).toBeCloseTo((-0.05 - 0.1) / 2, 12);
    expect(ra!.paired!.spread).toBeCloseTo(0.05 / Math.SQRT2, 12);
    expect(ra!.paired!.test).toEqual({ p: 0.5, exact: true, floor: 0.5 });
    expect(bad).toMatchObject({ values: [], mean: null, paired: null });
    expect(report.notes.join('\n')).toMatch(/p cannot be below 0\.5/);
    expect(report.notes.join('\n')).toMatch(/software adapter/);
    expect(makeReport(runs, 'val_loss', 'ra').rows[0]!.paired!.relative).toBeCloseTo(
      (2 / 1.9 - 1 + (4 / 3.6 - 1)) / 2,
      12,
    );
    expect(() => makeReport(runs, 'val_loss', 'none')).toThrow(/no group "none"; there are: base, ra, bad/);
  });

  it('prints them as text and CSV', () => {
    const report = makeReport(runs, 'val_loss');
    expect(reportText(report)).toMatch(/^ra +3 +35\.1667 .* -7\.50 % +3\.54 % +- +0\.500 +2$/m);
    const [head, ...lines] = reportCsv(report).trimEnd().split('\n');
    expect(head).toMatch(/^group,arm,runs,val_loss_mean,/);
    expect(lines.every((line) => line.split(',').length === head!.split(',').length)).toBe(true);
    expect(reportCsv(makeReport([run('a,"b"', 1, 2)], 'val_loss'))).toContain('"a,""b"""');
  });
});
