/** Fits against workflow-and-explainers 4.4's reference values (fixtures/reference_fits.json, computed independently). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { derive } from '@/experiment/bpa/derive';
import { fit } from '@/experiment/bpa/envelope';
import { affine, hill2, hill3, inverseBandwidth } from '@/experiment/bpa/models';
import type { ManifestPoint } from '@/experiment/manifest/schema';

const path = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);
const csv = (name: string): Record<string, string>[] => {
  const [head, ...lines] = readFileSync(path(name), 'utf8').trim().split('\n').map((line) => line.split(',')); // prettier-ignore
  return lines.map((line) => Object.fromEntries(head!.map((key, i) => [key, line[i]!])));
};
const points = (rows: Record<string, string>[], x: (row: Record<string, string>) => number, y: string) =>
  rows.map((row) => ({ x: x(row), y: Number(row[y]) }));
const batch = csv('kv_batch_scaling.csv');
const context = csv('kv_context_scaling.csv');
const near = (got: number, expected: number, relative = 1e-4): void =>
  expect(Math.abs(got / expected - 1), `${got} for ${expected}`).toBeLessThan(relative);

describe('published tables', () => {
  it('Hill on B200 throughput, with two and three parameters', () => {
    const samples = points(batch, (r) => Number(r['batch_seq']), 'throughput_tok_per_s');
    const three = fit(hill3, samples);
    expect(three.converged).toBe(true);
    near(three.params.sMax, 10740.62);
    near(three.params.bHalf, 80.693);
    near(three.params.gamma, 1.0222);
    near(three.r2, 0.999603, 1e-6);
    const two = fit(hill2, samples);
    near(two.params.sMax, 11094.99);
    near(two.params.bHalf, 86.43);
    near(two.r2, 0.999574, 1e-6);
    expect(two).toMatchObject({ n: 8, dof: 6 });
    expect(two.ci95!.bHalf.low).toBeLessThan(86.43);
    expect(two.ci95!.bHalf.high).toBeGreaterThan(86.43);
  });

  it('latency against batch, context and their product', () => {
    const byBatch = fit(
      affine('B', 'sequences'),
      points(batch, (r) => Number(r['batch_seq']), 'latency_ms'),
    );
    near(byBatch.params.a, 8.032);
    near(byBatch.params.b, 0.087472);
    near(byBatch.r2, 0.996897, 1e-6);
    const slice = context.filter((r) => r['batch_seq'] === '8');
    const byContext = fit(
      affine('T', 'tokens'),
      points(slice, (r) => Number(r['context_tok']), 'latency_ms'),
    );
    near(byContext.params.a, 8.4993);
    near(1000 * byContext.params.b, 0.23246);
    near((8 * 57344) / (byContext.params.b * 1e6), 1973.5);
    const joint = fit(
      affine('B*T', 'tokens'),
      points(context, (r) => Number(r['batch_seq']) * Number(r['context_tok']), 'latency_ms'),
    );
    near(joint.params.a, 8.5799);
    near(joint.r2, 0.99103, 1e-5);
  });

  it('inverse bandwidth over three GPUs', () => {
    const rows = csv('gpu_decode_summary.csv').map((r) => ({ x: Number(r['peak_bw_gb_per_s']), y: 1000 / Number(r['decode_b1_tok_per_s']) })); // prettier-ignore
    const result = fit(inverseBandwidth, rows);
    near(result.params.a, 3.8585);
    near(result.params.b, 26964.2);
    expect(result).toMatchObject({ dof: 1, ci95: null });
    near(result.r2, 0.999917, 1e-6);
  });
});

describe('closed forms', () => {
  it('gamma = 1 is the affine law: S_max = 1 / b, B_half = a / b', () => {
    const samples = [1, 2, 4, 8, 16].map((b) => ({ x: b, y: (1000 * b) / (8 + 0.5 * b) }));
    const { params, r2 } = fit(hill2, samples);
    near(params.sMax, 2000, 1e-9);
    near(params.bHalf, 16, 1e-9);
    expect(r2).toBeCloseTo(1, 12);
    near(fit(hill3, samples).params.gamma, 1, 1e-6);
  });

  it('refuses what cannot be determined', () => {
    expect(() => fit(affine('B', 's'), [{ x: 1, y: 1 }, { x: 1, y: 2 }])).toThrow(RangeError); // prettier-ignore
    expect(() => fit(hill3, [{ x: 1, y: 1 }, { x: 2, y: 2 }])).toThrow(RangeError); // prettier-ignore
  });
});

describe('a lane', () => {
  /** t = 2 + 1e-3 B T: B_half = 2000 / T. */
  const lane = (skip = 0): ManifestPoint[] =>
    [128, 256, 512, 1024].flatMap((T) =>
      [1, 2, 4, 8].map((B, i): ManifestPoint => {
        const meanMs = 2 + 1e-3 * B * T;
        const kvBytesPerToken = 4096;
        const base = { device: 'd', lane: 'l', batch: B, context: T };
        if (i < skip) return { ...base, status: 'failed', reason: 'x' };
        return { ...base, status: 'ok', meanMs, stdMs: 0, samplesMs: [meanMs], tokPerS: (1000 * B) / meanMs, kvBytesPerToken, bwGBs: (B * T * kvBytesPerToken) / (meanMs * 1e6) }; // prettier-ignore
      }),
    );

  it('gives the files of the contract, the law that made it, and passes the gates', () => {
    const { files, gates } = derive(lane());
    expect(Object.keys(files).sort()).toEqual(['bootstrap_ci.json', 'context_linearity.json', 'hill_fit_T1024.json', 'hill_fit_T128.json', 'hill_fit_T256.json', 'hill_fit_T512.json', 'residual_summary.json']); // prettier-ignore
    const hill = files['hill_fit_T512.json'] as { hill2: { params: { bHalf: number } } };
    near(hill.hill2.params.bHalf, 2000 / 512, 1e-6);
    const { perBatch, joint } = files['context_linearity.json'] as { perBatch: { batch: number; marginalBwGBs: number }[]; joint: { params: { a: number } } }; // prettier-ignore
    near(joint.params.a, 2, 1e-9);
    for (const { marginalBwGBs } of perBatch) near(marginalBwGBs, 4096 / 1e3, 1e-9);
    expect(gates.map((g) => g.pass)).toEqual([true, true, true]);
    expect(derive(lane())).toEqual({ files, gates });
  });

  it('fails the coverage gate when a quarter is missing', () => {
    expect(derive(lane(1)).gates[0]).toMatchObject({ pass: false, value: 0.75 });
  });
});
