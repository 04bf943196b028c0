/** Golden values of the published tables and of SciPy; digits as the sources print them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  deviceSpecs,
  fusedInt4Latency,
  gpuDecodeSummary,
  int4Saturation,
  kvBatchScaling,
  kvContextScaling,
  kvExtremeContext,
} from '@/explainers/data/reported';
import { fitAffine, fitHill, hill, r2 } from '@/explainers/maths/fits';
import {
  FORMATS,
  cacheBytes,
  kvBytesPerToken,
  readTimeMs,
  tokensPerSecond,
  totalReads,
  trafficSpeedup,
} from '@/explainers/maths/kv-cache';
import {
  bitsPerElement,
  bytesMoved,
  e4m3Step,
  fakeQuantise,
  int4Asymmetric,
  int4Symmetric,
  toF16,
} from '@/explainers/maths/quantise';
import { batchForIntensity, decodeIntensity, gemmIntensity, ridge } from '@/explainers/maths/roofline';
import { fitted } from '@/explainers/spearman/model';
import { correlationP, criticalR, fisherInterval, pearson, ranks, spearman } from '@/explainers/maths/statistics';
import { CUTS, place, rank, RANKINGS, serialMs, simulatorMs, transferMs } from '@/explainers/tiering/model';

interface Fixture {
  readonly cases: readonly { x: number[]; y: number[]; rho: number; p: number; pearson: number; ranks: number[] }[];
}
const scipy = JSON.parse(readFileSync(new URL('./scipy-correlations.json', import.meta.url), 'utf8')) as Fixture;
const f16 = FORMATS.find((f) => f.name === 'f16')!;
const gpt2 = { layers: 12, queryHeads: 12, kvHeads: 12, headDim: 64 };

describe('fits of the B200 tables', () => {
  const b = kvBatchScaling.rows.map((r) => r.batch_seq);
  const s = kvBatchScaling.rows.map((r) => r.throughput_tok_per_s);

  it('Hill with three parameters', () => {
    const fit = fitHill(b, s);
    expect(fit.sMax / 10740.62).toBeCloseTo(1, 4);
    expect(fit.bHalf / 80.693).toBeCloseTo(1, 4);
    expect(fit.gamma).toBeCloseTo(1.0222, 4);
    expect(fit.r2).toBeCloseTo(0.999603, 6);
  });
  it('Hill with two parameters', () => {
    const fit = fitHill(b, s, { gamma: 1 });
    expect(fit.sMax / 11094.99).toBeCloseTo(1, 4);
    expect(fit.bHalf / 86.43).toBeCloseTo(1, 4);
    expect(fit.r2).toBeCloseTo(0.999574, 6);
  });
  it('latency against batch', () => {
    const fit = fitAffine(
      b,
      kvBatchScaling.rows.map((r) => r.latency_ms),
    );
    expect(fit.a).toBeCloseTo(8.032, 3);
    expect(fit.b).toBeCloseTo(0.087472, 6);
    expect(fit.r2).toBeCloseTo(0.996897, 6);
  });
  it.each([
    [1, 8.3353, 0.04075, 0.9271, 1407.3],
    [8, 8.4993, 0.23246, 0.99957, 1973.5],
    [16, 8.7479, 0.44524, 0.99732, 2060.7],
    [32, 8.777, 0.8989, 0.99825, 2041.4],
  ])('latency against context at batch %i', (batch, a, slope, quality, bandwidth) => {
    const rows = kvContextScaling.rows.filter((r) => r.batch_seq === batch);
    const fit = fitAffine(
      rows.map((r) => r.context_tok),
      rows.map((r) => r.latency_ms),
    );
    expect(fit.a).toBeCloseTo(a, 4);
    expect(fit.b * 1000).toBeCloseTo(slope, 4);
    expect(fit.r2).toBeCloseTo(quality, 4);
    expect((batch * 57344) / (fit.b * 1e6) / bandwidth).toBeCloseTo(1, 3);
  });
  it('latency against batch times context', () => {
    const { rows } = kvContextScaling;
    const fit = fitAffine(
      rows.map((r) => r.batch_seq * r.context_tok),
      rows.map((r) => r.latency_ms),
    );
    expect(fit.a).toBeCloseTo(8.5799, 4);
    expect(fit.b * 1000).toBeCloseTo(0.02897, 5);
    expect(fit.r2).toBeCloseTo(0.99103, 5);
  });
  it('latency against inverse bandwidth, and the memory line', () => {
    const { rows } = gpuDecodeSummary;
    const t = fitAffine(
      rows.map((r) => 1 / r.peak_bw_gb_per_s),
      rows.map((r) => 1000 / r.decode_b1_tok_per_s),
    );
    expect(t.a).toBeCloseTo(3.8585, 3);
    expect(t.b).toBeCloseTo(26964.2, 0);
    const memory = fitAffine(
      kvExtremeContext.rows.map((r) => r.context_ktok),
      kvExtremeContext.rows.map((r) => r.memory_gb),
    );
    expect(memory.a).toBeCloseTo(14.2, 1);
    expect(memory.b).toBeCloseTo(0.351562, 4);
  });
  it('every cache bandwidth follows from batch, context and latency', () => {
    for (const r of kvContextScaling.rows)
      expect(
        Math.abs((r.batch_seq * r.context_tok * 57344) / (r.latency_ms * 1e6) - r.kv_bandwidth_gb_per_s),
      ).toBeLessThan(0.16);
  });
  it('INT4 saturation: printed curve, refit, pooled kernel cells', () => {
    const printed = { sMax: 3.75, bHalf: 5.1, gamma: 1.32 };
    expect(hill(printed, 16)).toBeCloseTo(3.071, 3);
    expect(hill(printed, 64)).toBeCloseTo(3.622, 3);
    expect(hill(printed, 16) / 3.75).toBeCloseTo(0.819, 3);
    const x = int4Saturation.rows.map((r) => r.batch_seq);
    const y = int4Saturation.rows.map((r) => r.plotted_mean_speedup_x);
    expect(
      r2(
        y,
        x.map((v) => hill(printed, v)),
      ),
    ).toBeCloseTo(0.9684, 3);
    const refit = fitHill(x, y);
    expect(refit.sMax).toBeCloseTo(3.9656, 2);
    expect(refit.bHalf).toBeCloseTo(6.555, 2);
    expect(refit.r2).toBeCloseTo(0.99535, 4);
    const cells = fusedInt4Latency.rows;
    const pooled = fitHill(
      cells.map((r) => r.batch_seq),
      cells.map((r) => r.fused_vs_fp16_speedup_x),
    );
    expect(pooled.sMax).toBeCloseTo(3.883, 2);
    expect(pooled.bHalf).toBeCloseTo(2.438, 2);
    expect(pooled.gamma).toBeCloseTo(1.695, 2);
    expect(pooled.r2).toBeCloseTo(0.8867, 3);
  });
});

describe('statistics', () => {
  it.each(scipy.cases.map((c) => [c.x.length, c] as const))('equal SciPy at n = %i', (_, c) => {
    const result = spearman(c.x, c.y);
    expect(Math.abs(result.rho - c.rho)).toBeLessThan(1e-12);
    expect(Math.abs(result.p - c.p)).toBeLessThan(1e-12);
    expect(Math.abs(pearson(c.x, c.y) - c.pearson)).toBeLessThan(1e-12);
    expect(ranks(c.x)).toEqual(c.ranks);
  });
  it.each([
    [-0.18, 14, 0.538, [-0.659, 0.402]],
    [0.01, 14, 0.9729, [-0.536, 0.55]],
    [0.2, 14, 0.493, [-0.385, 0.67]],
    [0.29, 6, 0.5772, [-0.7, 0.898]],
    [0.89, 3, 0.3014, null],
  ])('p and interval of r = %d, n = %i', (r, n, p, interval) => {
    expect(correlationP(r, n)).toBeCloseTo(p, 3);
    const found = fisherInterval(r, n);
    if (interval === null) expect(found).toBeNull();
    else interval.forEach((v, i) => expect(found![i]).toBeCloseTo(v, 3));
  });
  it('critical correlation at n = 14', () => expect(criticalR(14)).toBeCloseTo(0.5324, 4));
  it('exact p: a perfect order of n is reached by 2 of n! orders, and sampling agrees', () => {
    const x = [1, 2, 3, 4, 5, 6];
    expect(spearman(x, x, { p: 'exact' }).p).toBe(2 / 720);
    const y = [2, 1, 4, 3, 6, 5];
    const exact = spearman(x, y, { p: 'exact' }).p;
    const sampled = spearman(x, y, { p: 'permutation', draws: 20000 }).p;
    expect(Math.abs(exact - sampled)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / 20000));
    expect(() => spearman(ranks([...Array(10).keys()]), ranks([...Array(10).keys()]), { p: 'exact' })).toThrow(
      'at most 9',
    );
  });
  it('a constant series has no correlation', () => expect(spearman([1, 1, 1], [1, 2, 3]).rho).toBeNaN());
});

describe('cache', () => {
  it('GPT-2 124M, MLA and KVSplice at 1,024 tokens', () => {
    expect(kvBytesPerToken(gpt2, { kind: 'heads' }, f16)).toBe(36864);
    const mib = (cache: Parameters<typeof kvBytesPerToken>[1]): number =>
      (kvBytesPerToken(gpt2, cache, f16) * 1024) / 2 ** 20;
    expect(mib({ kind: 'heads' })).toBe(36);
    expect(mib({ kind: 'mla', latent: 256 })).toBe(6);
    expect(mib({ kind: 'kvsplice', latent: 256, spliced: 128, splicedLayers: 4 })).toBe(5);
    expect(mib({ kind: 'kvsplice', latent: 256, spliced: 128, splicedLayers: 12 })).toBe(3);
  });
  it('Qwen2.5-7B', () =>
    expect(kvBytesPerToken({ layers: 28, queryHeads: 28, kvHeads: 4, headDim: 128 }, { kind: 'heads' }, f16)).toBe(
      57344,
    ));
  it('defaults of the roofline calculator', () => {
    const shape = { layers: 32, queryHeads: 32, kvHeads: 8, headDim: 128 };
    const bytes = cacheBytes(kvBytesPerToken(shape, { kind: 'heads' }, f16), 4096, 1);
    expect(bytes).toBe(536870912);
    expect(readTimeMs(bytes, 3350)).toBeCloseTo(0.16, 3);
    expect(tokensPerSecond(bytes, 3350, 1)).toBeCloseTo(6240, -1);
    expect(cacheBytes(100, 10, 4, 0.5)).toBe(2500);
  });
  it('reads of a decode loop', () => expect(totalReads(4096 + 256, 128)).toBe(565184));
  it('traffic bound of a smaller cache', () => expect(trafficSpeedup(0.85, 0.25)).toBeCloseTo(2.76, 2));
});

describe('roofline', () => {
  it('ridges as printed', () => {
    const printed: Record<string, number> = {
      B200: 281,
      MI300X: 247,
      H200: 206,
      H100: 295,
      MI250X: 117,
      A100: 156,
      W7900: 142,
      MI50: 53,
    };
    for (const [name, value] of Object.entries(printed)) {
      const spec = deviceSpecs.rows.find(
        (r) => r.device === name && r.peak_tflop_per_s !== null && r.peak_bw_gb_per_s !== null,
      )!;
      expect(Math.round(ridge({ name, bandwidth: spec.peak_bw_gb_per_s!, peak: spec.peak_tflop_per_s! }))).toBe(value);
    }
  });
  it('decode intensity and the batch that reaches the H100 ridge', () => {
    expect(decodeIntensity(32, 32, 1)).toBe(2);
    expect(decodeIntensity(32, 8, 0.5)).toBe(16);
    expect(Math.round(batchForIntensity(295, 4096, 2))).toBe(345);
    expect(gemmIntensity(345, 4096, 4096, 2)).toBeCloseTo(345 / (1 + 345 / 2048), 9);
  });
});

describe('quantisation', () => {
  it('INT4 symmetric: halves away from zero, f16 scale, even codes', () => {
    expect(int4Symmetric([7, 3.5, -2.5, 0], 0)).toEqual([7, 4, -3, 0]);
    expect(int4Symmetric([0, 0])).toEqual([0, 0]);
  });
  it('the cap holds an outlier to ten times the mean of the rest', () => {
    const group = [1000, ...new Array<number>(31).fill(1)];
    const scale = toF16(10 / 7);
    expect(int4Symmetric(group)[0]).toBe(7 * scale);
    expect(int4Symmetric(group, 0)[1]).toBe(0);
  });
  it('INT4 asymmetric spans the range', () => expect(int4Asymmetric([0, 15, 7.4])).toEqual([0, 15, 7]));
  it('n-bit fake quantisation', () => expect(fakeQuantise([127, 0.5, -126.4], 8)).toEqual([127, 1, -126]));
  it('f16 agrees with the platform where it has f16 arrays', () => {
    expect(toF16(1 / 3)).toBe(0.333251953125);
    expect(toF16(65504)).toBe(65504);
    expect(toF16(65520)).toBe(Infinity);
    expect(toF16(2 ** -24)).toBe(2 ** -24);
    expect(toF16(2049)).toBe(2048);
  });
  it('bits and bytes an element', () => {
    expect(bitsPerElement(4, 32, false)).toBe(4.5);
    expect(bitsPerElement(4, 32, true)).toBe(5);
    expect(2 / bytesMoved(4, 32, false)).toBeCloseTo(0.44, 2);
    expect(2 / bytesMoved(4, 32, true)).toBeCloseTo(3.6, 1);
  });
  it('e4m3 about a bias of 400: spacing 32, so a residual of 2 vanishes', () => {
    expect(e4m3Step(400) / 2).toBe(16);
    expect(e4m3Step(2) / 2).toBe(0.125);
  });
});

it('the interval of Pearson is Fisher’s own: r = 0.5, n = 28 gives atanh(0.5) ± 1.96 / 5', () => {
  const [low, high] = fisherInterval(0.5, 28, 1)!;
  expect(low).toBeCloseTo(Math.tanh(Math.atanh(0.5) - 1.959963984540054 / 5), 12);
  expect(high).toBeCloseTo(0.7358, 4);
});

it('the least squares line ends where the plot ends', () => {
  expect(
    fitted([
      { x: 10, y: 0 },
      { x: 20, y: 50 },
    ]),
  ).toEqual([
    { x: 10, y: 0 },
    { x: 30, y: 100 },
  ]);
  expect(
    fitted([
      { x: 5, y: 1 },
      { x: 5, y: 9 },
    ]),
  ).toEqual([]);
});

describe('memory tiers', () => {
  const tiers = [
    { bandwidth_gb_per_s: 800, latency_us: 1 },
    { bandwidth_gb_per_s: 150, latency_us: 5 },
    { bandwidth_gb_per_s: 10, latency_us: 30 },
  ];
  const equal = Array.from({ length: 12 }, (_, i) => ({ bytes: 1e6, importance: (i * 5) % 12 }));
  it('t = setup + bytes / bandwidth', () => {
    expect(transferMs(15e6, tiers[1])).toBeCloseTo(0.105, 12);
    expect(transferMs(0, tiers[2])).toBeCloseTo(0.03, 12);
  });
  it.each(CUTS)('equal bytes in each tier cost the same in any order, cut by %s', (cut) => {
    const times = RANKINGS.map((r) => serialMs(equal, place(equal, rank(equal, r), [0.25, 0.75], cut), tiers));
    for (const t of times) expect(t).toBeCloseTo(3 * 0.00225 + 6 * (0.005 + 1 / 150) + 3 * 0.13, 12);
  });
  it('shares of bytes are met within one module; equal importance keeps its order', () => {
    const mixed = Array.from({ length: 30 }, (_, i) => ({ bytes: 1 + ((i * 7) % 11), importance: i % 2 }));
    const total = mixed.reduce((s, m) => s + m.bytes, 0);
    for (const ranking of RANKINGS) {
      const placed = place(mixed, rank(mixed, ranking), [0.3, 0.8], 'bytes');
      const share = (until: number): number =>
        mixed.reduce((s, m, i) => s + (placed[i] <= until ? m.bytes : 0), 0) / total;
      expect(Math.abs(share(0) - 0.3)).toBeLessThanOrEqual(11 / total);
      expect(Math.abs(share(1) - 0.8)).toBeLessThanOrEqual(11 / total);
    }
    expect(rank(mixed, 'importance').slice(0, 3)).toEqual([1, 3, 5]);
    expect(rank(mixed, 'reverse').slice(0, 3)).toEqual([0, 2, 4]);
  });
  it('golden: 3, 6 and 3 of twelve modules give 12.75 ms in the source’s simulator', () => {
    const placed = place(equal, rank(equal, 'importance'), [0.3, 0.8], 'modules');
    expect([0, 1, 2].map((tier) => placed.filter((p) => p === tier).length)).toEqual([3, 6, 3]);
    expect(simulatorMs(placed)).toBe(12.75);
  });
});
