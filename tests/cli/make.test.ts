/** The Makefile's targets and variables: the command lines that they make. A recording bin/wb stands in a folder of its own; nothing is built. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'wb-make-'));
  copyFileSync('Makefile', join(dir, 'Makefile'));
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin/wb'), '#!/bin/sh\nprintf "%s" wb; for w in "$@"; do printf " %s" "$w"; done; echo\n');
  chmodSync(join(dir, 'bin/wb'), 0o755);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function make(...args: string[]): { code: number | null; out: string; err: string } {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(MAKE|MFLAGS|OUT$|ARGS$)/.test(name))); // prettier-ignore
  const result = spawnSync('make', ['--old-file=build', ...args], { cwd: dir, encoding: 'utf8', env });
  return { code: result.status, out: result.stdout, err: result.stderr };
}
const runs = (...args: string[]): string => {
  const { code, out, err } = make(...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out.trimEnd();
};
const matrix = (name: string): void => {
  mkdirSync(join(dir, 'runs', name), { recursive: true });
  writeFileSync(join(dir, 'runs', name, 'matrix.json'), '{}');
};

describe('configurations', () => {
  it('nconfig is menuconfig; presets by target and by variable', () => {
    expect(runs('menuconfig')).toBe('wb menuconfig');
    expect(runs('nconfig')).toBe('wb menuconfig');
    expect(runs('defconfig-gpt2-ra-sdpa')).toBe('wb defconfig gpt2-ra-sdpa');
    expect(runs('defconfig', 'DEFCONFIG=gpt2-ra-sdpa')).toBe('wb defconfig gpt2-ra-sdpa');
    expect(runs('savedefconfig')).toBe('wb savedefconfig');
    expect(runs('list-defconfigs')).toBe('wb defconfig --list');
    expect(runs('allnoconfig')).toBe('wb kconfig allnoconfig');
    expect(runs('check', 'ARGS=--json')).toBe('wb check --json');
  });
});

describe('runs and matrices', () => {
  it('pass the variables on, also those that wb refuses with a word on what to use', () => {
    expect(runs('run', 'OUT=a', 'MAX_ITERS=9', 'TIME=60', 'TRACKER=both')).toBe('wb run MAX_ITERS=9 TIME=60 TRACKER=both --out a'); // prettier-ignore
    expect(runs('run', 'OUT=a', 'EPOCHS=3')).toBe('wb run EPOCHS=3 --out a');
    expect(runs('matrix', 'OUT=a', 'MODELS=dir', 'STAGE=1')).toBe('wb matrix MODELS=dir STAGE=1 --out a');
    expect(runs('matrix', 'OUT=a', 'ARGS=SEED=1,2 --steps 3', 'BASELINE=x,y')).toBe('wb matrix SEED=1,2 --steps 3 BASELINE=x,y --out a'); // prettier-ignore
  });

  it('run cells beside each other with J, PARALLEL_JOBS and parallel-N', () => {
    expect(runs('matrix', 'OUT=a', 'J=4')).toBe('wb matrix -j 4 --out a');
    expect(runs('matrix', 'OUT=a', 'PARALLEL_JOBS=8')).toBe('wb matrix -j 8 --out a');
    expect(runs('parallel-4', 'OUT=a', 'ARGS=SEED=1,2')).toBe('wb matrix SEED=1,2 -j 4 --out a');
    expect(runs('parallel-4', 'DRY_RUN=1')).toBe('wb matrix -j 4 --dry-run');
    expect(runs('matrix', 'DRY_RUN=1')).toBe('wb matrix --dry-run');
    expect(runs('test-matrix-dry-run')).toBe('wb matrix --dry-run');
  });

  it('take the newest matrix, or the one that M names, and say when there is none', () => {
    expect(make('continue')).toMatchObject({ code: 2, err: expect.stringContaining('no matrix below runs/: give M=DIR') as string }); // prettier-ignore
    matrix('m1');
    expect(runs('continue')).toBe('wb continue runs/m1');
    expect(runs('continue', 'J=2')).toBe('wb continue runs/m1 -j 2');
    expect(runs('estimate', 'M=runs/m2')).toBe('wb estimate runs/m2');
    expect(runs('test-rerun', 'TARGET=status=failed')).toBe('wb rerun runs/m1 --filter status=failed');
    expect(make('test-rerun')).toMatchObject({ code: 2, err: expect.stringContaining('give TARGET=') as string });
    expect(runs('summary')).toBe('wb report runs/m1');
    expect(runs('update-graphs')).toBe('wb graphs runs/m1');
    expect(make('sweep')).toMatchObject({ code: 2, err: expect.stringContaining('give RANGE_CONFIG=FILE') as string });
    expect(runs('sweep', 'RANGE_CONFIG=r', 'OUT=a')).toBe('wb sweep r --out a');
  });

  it('know the stages of the decode lane', () => {
    expect(runs('bpa', 'STAGE=smoke', 'LANE=l')).toBe('wb bpa smoke --out l');
    expect(runs('bpa', 'STAGE=fit', 'LANE=l')).toBe('wb bpa fit l');
    expect(runs('bpa', 'STAGE=package', 'LANE=l')).toBe('wb bpa package l --out l.zip');
    expect(make('bpa', 'STAGE=train')).toMatchObject({ code: 2, err: expect.stringContaining('STAGE=smoke, matrix, fit or package') as string }); // prettier-ignore
  });
});

describe('three strengths of cleaning', () => {
  const files = (): string[] => readdirSync(dir).sort();
  beforeEach(() => {
    matrix('m1');
    for (const path of ['dist/site/data', 'dist/cli', '.cache', 'public/data', 'public/schema'])
      mkdirSync(join(dir, path), { recursive: true });
    for (const path of ['.config', 'defconfig', 'public/data/moby-dick.txt', 'public/schema/s.json'])
      writeFileSync(join(dir, path), '');
  });

  it('clean takes what a build makes', () => {
    runs('clean');
    expect(files()).toEqual(['.config', 'Makefile', 'bin', 'defconfig', 'public', 'runs']);
  });

  it('mrproper takes configurations and runs too, and asks for YES=1 first', () => {
    expect(make('mrproper')).toMatchObject({ code: 2, err: expect.stringContaining('1 folders in runs/: say YES=1') as string }); // prettier-ignore
    expect(existsSync(join(dir, 'runs/m1')) && existsSync(join(dir, '.config'))).toBe(true);
    runs('mrproper', 'YES=1');
    expect(files()).toEqual(['Makefile', 'bin', 'public']);
    runs('mrproper'); // nothing to ask for
  });

  it('data-clean takes the data sets alone', () => {
    runs('data-clean');
    expect(readdirSync(join(dir, 'public'))).toEqual(['schema']);
    expect(existsSync(join(dir, 'dist/site/data'))).toBe(false);
    expect(existsSync(join(dir, 'runs/m1')) && existsSync(join(dir, 'dist/cli'))).toBe(true);
  });
});
