/** Decode commands on a tiny trained run: one JSON document each, and one line for what they refuse. Runs the built `bin/wb`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const WB = resolve('bin/wb');
const dir = mkdtempSync(join(tmpdir(), 'wb-decode-'));
const RUN = join(dir, 'run');
const SIZES = ['GPT2_N_LAYER=1', 'GPT2_N_EMBD=32', 'GPT2_N_HEAD=2', 'GPT2_BLOCK_SIZE=32', 'BATCH_SIZE=2', 'DATASET_TASK_COPY=y']; // prettier-ignore

function wb(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [WB, ...args], { cwd: dir, encoding: 'utf8', input: '', env: { ...process.env, KCONFIG_CONFIG: '' } }); // prettier-ignore
  return { code: status, out: stdout, err: stderr };
}

type Json = Readonly<Record<string, unknown>>;

function json(...args: string[]): Json {
  const { code, out, err } = wb(...args, '--json');
  expect(code, err).toBe(0);
  return JSON.parse(out) as Json;
}

function fails(code: number, line: RegExp, ...args: string[]): void {
  const result = wb(...args);
  expect(result).toMatchObject({ code, out: '' });
  expect(result.err.trimEnd().split('\n')).toHaveLength(1);
  expect(result.err).toMatch(line);
}

beforeAll(() => {
  if (!existsSync('dist/cli/wb.js')) throw new Error('dist/cli/wb.js is missing: run "make build" first');
  const { code, err } = wb('run', '--backend', 'reference', ...SIZES, 'EVAL_BATCHES=1', '--steps', '2', '--out', RUN);
  expect(code, err).toBe(0);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const numbers = (rows: unknown, key: string): number[] => (rows as Json[]).map((r) => r[key] as number);

describe('measurements', () => {
  it('saturation: a point a batch, cache bytes in proportion, fits or reasons', () => {
    const d = json('decode', 'saturation', '--run', RUN, '--batch', '1,2', '--samples', '2');
    expect(d).toMatchObject({
      run: RUN,
      points: [
        { batch: 1, context: 32 },
        { batch: 2, context: 32 },
      ],
    });
    expect(typeof d.software).toBe('boolean');
    // K and V, 32 tokens of 32 floats.
    expect(numbers(d.points, 'cacheBytes')).toEqual([8192, 16384]);
    for (const p of d.points as Json[]) expect((p.samplesMs as number[]).length).toBe(2);
    for (const fit of ['hill', 'hill_gamma_1', 'affine']) expect(Object.keys(d[fit] as Json)).toSatisfy((keys: string[]) => keys.includes('params') || keys.includes('reason')); // prettier-ignore
  });

  it('context: the contexts asked for, or eighths of the block', () => {
    const d = json('decode', 'context', '--run', RUN, '--contexts', '8,32', '--samples', '1');
    expect(numbers(d.points, 'context')).toEqual([8, 32]);
    expect(d.affine).toBeTypeOf('object');
  });

  it('fusion: four ways over one cache, bytes from the buffers', () => {
    const d = json('decode', 'fusion', '--run', RUN, '--batch', '1', '--context', '64');
    const rows = d.rows as Json[];
    expect(rows.map((r) => r.name)).toEqual(['f32', 'f16', 'int4_unpacked_first', 'int4_fused']);
    // 64 rows of 32 numbers, twice: 4 bytes, 2 bytes, and 4 words of codes with one of scales.
    expect(numbers(rows, 'cache_bytes')).toEqual([16384, 8192, 2560, 2560]);
    expect(rows[0]!.speed_up_over_f32).toBe(1);
    for (const ms of numbers(rows, 'ms')) expect(ms).toBeGreaterThan(0);
  });

  it('kv-quant: the pair beside f32, with the bytes of its buffers', () => {
    const d = json('kv-quant', '--run', RUN, '--k', 'int8', '--v', 'int4', '--batches', '1', '--inject-bias', '2', '--pre-bias'); // prettier-ignore
    expect(d).toMatchObject({ injected_key_bias: 2, tokens: 256, format: { group: 32, preBiasK: true } });
    const rows = d.rows as Json[];
    expect(rows.map((r) => `${String(r.k)}/${String(r.v)}`)).toEqual(['f32/f32', 'int8/int4']);
    expect(rows[0]!.delta_perplexity_pct).toBe(0);
    // 8 x 32 rows: 32 floats twice; heads of 16, so groups of 16: 8 + 1 and 4 + 1 words.
    expect(numbers(rows, 'cache_bytes')).toEqual([8 * 32 * 256, 8 * 32 * 4 * (9 + 5)]);
  });

  it('roofline: the roof, and dots of the training step and of decode', () => {
    const d = json('roofline', ...SIZES, '--sample-ms', '5');
    const ops = d.ops as Json[];
    expect(new Set(ops.map((o) => o.sequence))).toEqual(new Set(['train', 'update', 'decode', 'draw']));
    const { fmaGflops, bandwidthGBs, ridge } = d.roof as Record<string, number>;
    expect(ridge).toBeCloseTo(fmaGflops! / bandwidthGBs!, 9);
    for (const o of ops) expect(o.ms as number).toBeGreaterThan(0);
    // Variants of a family agree bit for bit (engine/kernel.ts), but for attention to a cache, which sums in another order.
    const compared = ops.filter((o) => o.parity);
    const errorOf = (o: Json): number => (o.parity as Json).error as number;
    const [cached, exact] = [true, false].map((is) => compared.filter((o) => (o.family === 'attention_cached') === is));
    expect(exact!.length).toBeGreaterThan(0);
    expect(new Set(exact!.map(errorOf))).toEqual(new Set([0]));
    expect(cached!.map((o) => (o.parity as Json).twin)).toEqual(cached!.map(() => 'plain'));
    expect(cached!.length).toBeGreaterThan(0);
    for (const o of cached!) expect(errorOf(o)).toBeLessThan(1e-5);
    const { rungs } = d.ladder as { readonly rungs: readonly Json[] };
    expect(rungs[0]).toMatchObject({ variant: 'naive loop', error: 0 });
    for (const r of rungs) expect(r.error as number).toBeLessThan(1e-5);
    expect(['timestamp-query', 'fenced']).toContain(d.timing);
  }, 120_000);
});

describe('generate', () => {
  it('gives one text, drawn on the device or on the CPU, with the cache or without, by either backend', () => {
    const common = ['generate', '--run', RUN, '--prompt', 'ab', '--tokens', '40', '--seed', '3', '--top-p', '0.9'];
    const fast = json(...common);
    expect(fast.tokens).toHaveLength(40);
    expect(fast.submits_per_token).toBe(0.125);
    for (const slow of [['--host-sampling'], ['--no-cache'], ['--backend', 'reference'], ['--per-submit', '3']])
      expect(json(...common, ...slow).tokens, slow.join(' ')).toEqual(fast.tokens);
  });
});

describe('as a lane', () => {
  const OUT = join(dir, 'lane');

  it('keeps every measurement with its system record, and packages them with checksums', () => {
    const first = json('bpa', 'experiment', 'decode-calibration', '--run', RUN, '--out', OUT);
    const file = String(first.file);
    expect(file).toMatch(/^raw\/[^/]+\/decode-calibration\/\d{8}T\d{6}Z\.json$/);
    const document = JSON.parse(readFileSync(join(OUT, file), 'utf8')) as Json;
    expect(document.manifest).toMatchObject({ schema: 'wb-decode/1', preset: 'decode-calibration' });
    const system = join(OUT, file.replace(/^raw/, 'system').replace(/[^/]+$/, 'system_info.json'));
    expect(JSON.parse(readFileSync(system, 'utf8'))).toHaveProperty('adapter');
    fails(1, /not fitted yet/, 'bpa', 'package', OUT, '--out', join(dir, 'lane.zip'));
    expect(wb('bpa', 'fit', OUT).code).toBe(0);
    const summary = JSON.parse(
      readFileSync(join(OUT, file.replace(/^raw/, 'derived').replace(/[^/]+$/, 'summary.json')), 'utf8'),
    ) as Json;
    const sha256 = createHash('sha256')
      .update(readFileSync(join(OUT, file)))
      .digest('hex');
    expect(summary.measurements).toEqual([{ file, sha256 }]);
    const figures = Object.fromEntries(Object.entries(document).filter(([key]) => key !== 'manifest'));
    expect(summary.newest).toEqual(figures);
    expect(wb('bpa', 'package', OUT, '--out', join(dir, 'lane.zip'))).toMatchObject({ code: 0 });
    expect(existsSync(join(dir, 'lane.zip'))).toBe(true);
    writeFileSync(join(OUT, file), '{"manifest":{"schema":"wb-decode/1","preset":"decode-fusion"}}');
    fails(1, /no wb-decode\/1 document of decode-calibration/, 'bpa', 'fit', OUT);
  });
});

describe('refused in one line', () => {
  it('no run, unknown formats, a context above the block, bad numbers', () => {
    fails(2, /--run/, 'decode', 'saturation');
    fails(2, /nowhere/, 'decode', 'saturation', '--run', join(dir, 'nowhere'));
    fails(2, /--k int3: there are f32, f16, int8, int4/, 'kv-quant', '--run', RUN, '--k', 'int3', '--v', 'f32');
    fails(2, /--contexts 33: the model's block is 32 tokens/, 'decode', 'context', '--run', RUN, '--contexts', '8,33');
    fails(2, /--batch 0: give positive whole numbers/, 'decode', 'saturation', '--run', RUN, '--batch', '0');
    fails(2, /--group 7: use 8, 16 or 32/, 'kv-quant', '--run', RUN, '--k', 'int8', '--v', 'int8', '--group', '7');
    fails(2, /--per-submit 17: .* at most 16/, 'generate', '--run', RUN, '--prompt', 'a', '--tokens', '1', '--per-submit', '17'); // prettier-ignore
    fails(2, /--top-p 2: /, 'generate', '--run', RUN, '--prompt', 'a', '--tokens', '1', '--top-p', '2');
    fails(2, /decode preset none: there are decode-roofline/, 'bpa', 'experiment', 'none', '--run', RUN, '--out', join(dir, 'x')); // prettier-ignore
    fails(2, /--rounds 0: give a positive integer/, 'bench', 'decode', '--rounds', '0');
  });
});
