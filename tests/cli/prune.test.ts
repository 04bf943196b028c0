/** One-shot pruning and the Fisher comparison on a run in the terminal, on the CPU reference. Runs the built `bin/wb`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const WB = resolve('bin/wb');
const TINY = ['--defconfig', 'gpt2-vanilla-baseline-ci', '--backend', 'reference', 'GPT2_N_LAYER=1', 'GPT2_N_EMBD=8', 'GPT2_BLOCK_SIZE=8', 'MAX_ITERS=30']; // prettier-ignore
let dir = '';

function wb(...args: string[]): { code: number | null; out: string; err: string } {
  const env = { ...process.env, KCONFIG_CONFIG: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [WB, ...args], { cwd: dir, encoding: 'utf8', env });
  return { code: status, out: stdout, err: stderr };
}
function json<T>(...args: string[]): T {
  const { code, out, err } = wb(...args, '--json');
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as T;
}

beforeAll(() => {
  if (!existsSync('dist/cli/wb.js')) throw new Error('dist/cli/wb.js is missing: run "make build" first');
  dir = mkdtempSync(join(tmpdir(), 'wb-prune-'));
  json('run', ...TINY, '--out', 'dense');
  json('run', ...TINY, 'OPTIMIZER_ADAMWPRUNE=y', 'PRUNING_START=4', 'PRUNING_EVERY=4', '--out', 'pruned');
  json('run', ...TINY, 'OPTIMIZER_SGD=y', '--out', 'sgd');
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Pruned {
  readonly checkpoint: string;
  readonly results: readonly {
    readonly score: string;
    readonly lossBefore: number;
    readonly loss: number;
    readonly pruned: number;
    readonly prunable: number;
    readonly jaccardMagnitude: number;
    readonly density: Readonly<Record<string, number>>;
  }[];
}
const REFERENCE = ['--backend', 'reference'];

describe('wb prune', () => {
  it('prunes by scores of weights, of saved moments and of calibration; counts are exact', () => {
    const { checkpoint, results } = json<Pruned>('prune', '--run', 'dense', ...REFERENCE, '--sequences', '2', '--sparsity', '0.7', '--score', 'magnitude,bitter7,bitter3,fisher,wanda,random'); // prettier-ignore
    expect(checkpoint).toBe('checkpoints/30.safetensors');
    expect(results.map(({ score }) => score)).toEqual(['magnitude', 'bitter7', 'bitter3', 'fisher', 'wanda', 'random']);
    for (const { pruned, prunable, lossBefore, loss, density } of results) {
      expect(prunable).toBe(12 * 8 * 8);
      expect(pruned).toBe(Math.round(0.7 * prunable));
      expect(lossBefore).toBe(results[0]!.lossBefore);
      expect(loss).not.toBe(lossBefore);
      expect(Object.keys(density)).toHaveLength(4);
    }
    expect(results[0]!.jaccardMagnitude).toBe(1);
    expect(results[5]!.jaccardMagnitude).toBeLessThan(0.9);
  });

  it('a run pruned to half loses nothing at half, by magnitude', () => {
    const { results } = json<Pruned>('prune', '--run', 'pruned', ...REFERENCE, '--sparsity', '0.5');
    expect(results[0]!.loss).toBe(results[0]!.lossBefore);
  });

  it('refuses in one line', () => {
    const line = (pattern: RegExp, ...args: string[]): void => {
      const { code, out, err } = wb('prune', ...args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err.trimEnd().split('\n')).toHaveLength(1);
      expect(err).toMatch(pattern);
    };
    line(/--sparsity 1: give a number in \[0, 1\)/, '--run', 'dense', '--sparsity', '1');
    line(/--score nope: there are random, magnitude/, '--run', 'dense', '--score', 'nope');
    line(/nowhere: config.full is missing/, '--run', 'nowhere');
    line(
      /--score bitter7: needs exp_avg_sq, which the optimizer of sgd does not keep/,
      '--run',
      'sgd',
      ...REFERENCE,
      '--score',
      'bitter7',
    );
  });
});

describe('wb fisher-adam', () => {
  interface Report {
    readonly sequences: number;
    readonly batch: number;
    readonly pooled: { readonly n: number; readonly spearman: number; readonly ratio: number };
    readonly tensors: readonly { readonly name: string }[];
    readonly overBatch: readonly { readonly batch: number; readonly spearman: number; readonly ratio: number }[];
    readonly overBeta2: readonly { readonly beta2: number }[];
    readonly bottom: readonly { readonly share: number }[];
  }
  it('reports pooled, by tensor, over batch and beta2; a batch of one is F_emp', () => {
    const report = json<Report>('fisher-adam', '--run', 'dense', ...REFERENCE, '--sequences', '16', '--batches', '1,4');
    expect(report).toMatchObject({ sequences: 16, batch: 8 });
    expect(report.pooled.spearman).toBeGreaterThan(0.3);
    expect(report.tensors.map(({ name }) => name)).toContain('transformer.h.0.attn.c_attn.weight');
    expect(report.overBatch[0]).toMatchObject({ batch: 1, spearman: 1, ratio: 1 });
    expect(report.overBeta2.map(({ beta2 }) => beta2)).toEqual([0.9, 0.99, 0.999]);
    expect(report.bottom.map(({ share }) => share)).toEqual([0.5, 0.7, 0.9]);
  });

  it('leaves pruned weights out, and refuses an optimizer without exp_avg_sq', () => {
    const report = json<Report>('fisher-adam', '--run', 'pruned', ...REFERENCE, '--sequences', '4', '--batches', '1');
    const dense = json<Report>('fisher-adam', '--run', 'dense', ...REFERENCE, '--sequences', '1', '--batches', '1');
    expect(dense.pooled.n - report.pooled.n).toBe((12 * 8 * 8) / 2);
    const { code, err } = wb('fisher-adam', '--run', 'sgd', ...REFERENCE);
    expect(code).toBe(2);
    expect(err).toMatch(/keeps no exp_avg_sq/);
  });
});
