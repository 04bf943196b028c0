/** kvs-spline: invariant 23 of the attention specification. */
import { describe, expect, it } from 'vitest';
import {
  decode,
  encode,
  fitCode,
  reconstructionError,
  unwarp,
  untrainedCode,
  warp,
  warpOf,
} from '@/experiment/kvs-spline';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { splineReport } from '@/experiment/kvs-spline-report';
import { type AttentionConfig, BASELINE_ATTENTION } from '@/models/attention/config';
import { testEngine, testExperiment } from '../support/experiment';
import { eigenvectors } from '@/fisher/trace-spectrum';
import { noise } from '../support/gpu';

const WIDTH = 5;
/** 40 rows near a curve: linear directions miss it. */
const rows = Float64Array.from(noise([40 * WIDTH], 7, 0.1), (x, i) => {
  const t = Math.floor(i / WIDTH) / 10 - 2;
  return x + [t, t ** 3, Math.exp(t), -t, 0.3 * t * t][i % WIDTH]!;
});

describe('kvs-spline', () => {
  it('23: the inverse undoes the warp, inside and outside the knots', () => {
    const w = warpOf([-2, -1, -0.5, 0, 0.25, 1, 3], [1, -2, 0.5, 3, -1, 0.2, 0.7, -0.4]);
    for (let x = -9; x <= 9; x += 0.37) expect(unwarp(w, warp(w, x))).toBeCloseTo(x, 10);
    for (let x = -9; x < 9; x += 0.37) expect(warp(w, x + 0.37)).toBeGreaterThan(warp(w, x));
    const mean = w.slopes.reduce((sum, m, i) => sum + m * (w.knots[i + 1]! - w.knots[i]!), 0) / 5;
    expect(mean).toBeCloseTo(1, 12);
  });

  it('23: untrained, it is plain PCA; of full rank, the identity', () => {
    const mean = Array.from({ length: WIDTH }, (_, j) =>
      rows.reduce((s, x, i) => s + (i % WIDTH === j ? x / 40 : 0), 0),
    );
    const values = new Float64Array(WIDTH * WIDTH);
    for (let r = 0; r < 40; r++)
      for (let c = 0; c < WIDTH * WIDTH; c++) {
        const [a, b] = [Math.floor(c / WIDTH), c % WIDTH];
        values[c]! += (rows[r * WIDTH + a]! - mean[a]!) * (rows[r * WIDTH + b]! - mean[b]!);
      }
    const { values: spectrum, vectors } = eigenvectors({ n: WIDTH, values });
    for (const k of [1, 2, 4]) {
      const code = untrainedCode(rows, WIDTH, k);
      for (const r of [0, 17, 39]) {
        const row = rows.subarray(r * WIDTH, (r + 1) * WIDTH);
        const plain = mean.map((m, j) => vectors.slice(0, k).reduce((s, v) => s + v[j]! * v.reduce((d, x, i) => d + x * (row[i]! - mean[i]!), 0), m)); // prettier-ignore
        decode(code, encode(code, row)).forEach((x, j) => expect(x).toBeCloseTo(plain[j]!, 10));
      }
      const rest = spectrum.slice(k).reduce((a, b) => a + b, 0) / rows.length;
      expect(reconstructionError(code, rows)).toBeCloseTo(rest, 10);
    }
    expect(reconstructionError(untrainedCode(rows, WIDTH, WIDTH), rows)).toBeLessThan(1e-20);
  });

  it('23: a fit is at most the error of PCA, and less where the rows bend; a hopeless fit is PCA itself', () => {
    const pca = reconstructionError(untrainedCode(rows, WIDTH, 1), rows);
    expect(reconstructionError(fitCode(rows, WIDTH, 1), rows)).toBeLessThan(0.9 * pca);
    expect(fitCode(rows, WIDTH, 1, 2, 1e4)).toEqual(untrainedCode(rows, WIDTH, 1));
  });

  it('refuses a rank that no head has', () => {
    expect(() => untrainedCode(rows, WIDTH, 6)).toThrow('rank 6 must be 1 to 5, the width of a head');
  });
});

describe('on a checkpoint', () => {
  const experiment = (attention: Partial<AttentionConfig> = {}) =>
    testExperiment({
      model: { nLayer: 2, nHead: 3, nEmbd: 15, blockSize: 11, attention: { ...BASELINE_ATTENTION, ...attention } },
    });
  const request = async (rank: number, attention?: Partial<AttentionConfig>) => {
    const { config, model, corpus } = experiment(attention);
    const weights = await new ReferenceBackend(config, model, corpus).parameters();
    return { engine: null, model, corpus, weights, seed: 7, rank, knots: 5, rows: 17, epochs: 2 };
  };

  it('of full rank nothing is lost; less keeps less, never worse than PCA on what was fitted; bytes are those kept', async () => {
    const full = await splineReport(await request(5));
    expect(full.heads.map((h) => `${h.layer}.${h.head}`)).toEqual(['0.0', '0.1', '0.2', '1.0', '1.1', '1.2']);
    for (const { pca_mse: mse, power } of full.heads) expect(mse / power).toBeLessThan(1e-10);
    const two = await splineReport(await request(2));
    for (const { calibration, kept, pca_mse: mse, power } of two.heads) {
      expect(calibration.spline_mse).toBeLessThanOrEqual(calibration.pca_mse);
      expect(kept === 'pca').toBe(calibration.spline_mse === calibration.pca_mse);
      expect(mse / power).toBeGreaterThan(1e-3);
    }
    expect(two.cache_bytes_per_token).toBe(4 * 2 * 15 * 2);
    expect(two.coded_bytes_per_token).toBe(4 * (15 + 3 * 2) * 2);
  });

  it('the engine agrees with the reference', async () => {
    const r = await request(2);
    const [expected, found] = [await splineReport(r), await splineReport({ ...r, engine: await testEngine() })];
    found.heads.forEach((h, i) => expect(h.pca_mse / expected.heads[i]!.pca_mse).toBeCloseTo(1, 4));
  });

  it('refuses a model that stores no values', async () => {
    const r = await request(2, { core: { kind: 'mla', latent: 4 } });
    await expect(splineReport(r)).rejects.toThrow('kvs-spline codes stored values: it needs ATTN_MHA');
  });
});
