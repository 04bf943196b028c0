/** The widgets' own fits and coefficients against the independently computed reference, to every digit that it gives. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  fusedInt4Latency,
  gpuDecodeSummary,
  int4Saturation,
  kvBatchScaling,
  kvContextScaling,
  kvExtremeContext,
} from '@/explainers/data/reported';
import { fitAffine, fitHill, hill, r2 } from '@/explainers/maths/fits';
import { correlationP, criticalR, fisherInterval, spearman } from '@/explainers/maths/statistics';

type Numbers = Readonly<Record<string, number>>;
interface Reference {
  readonly kv_bytes_per_token_qwen25_7b: number;
  readonly hill3_b200_tok_per_s: Numbers;
  readonly hill2_b200_tok_per_s: Numbers;
  readonly affine_latency_vs_batch_b200: Numbers;
  readonly affine_latency_vs_context_b200: readonly Numbers[];
  readonly affine_latency_vs_batch_times_context_b200: Numbers;
  readonly unified_bt_hill_on_throughput_b200: Numbers;
  readonly inverse_bandwidth_b1_3gpu: Numbers;
  readonly extreme_context_b200: Numbers;
  readonly int4_saturation: {
    readonly published: Numbers;
    readonly r2_of_published_params_on_8_plotted_means: number;
    readonly refit_on_8_plotted_means: Numbers;
  };
  readonly fused_int4_speedup_hill_by_model: readonly (Numbers & { readonly model: string })[];
  readonly fused_int4_speedup_hill_pooled: Numbers;
  readonly correlation_checks: readonly {
    readonly predictor: string;
    readonly r: number;
    readonly n: number;
    readonly p_two_sided_t: number;
    readonly ci95_fieller: readonly number[] | null;
  }[];
  readonly critical_abs_rho_n14_alpha05: number;
  readonly fp8_fleet_spearman_bias_vs_ppl_mult: Numbers;
  readonly fp8_fleet_spearman_bias_vs_top1: Numbers;
}
const ref = JSON.parse(
  readFileSync(new URL('../experiment/bpa/fixtures/reference_fits.json', import.meta.url), 'utf8'),
) as Reference;

/** Equal to the digits of `printed`, to within what the stopping rule of the reference's fits leaves (1e-6). */
function same(value: number, printed: number): void {
  const digits = /\.(\d+)$/.exec(String(printed))?.[1].length ?? 0;
  expect(Math.abs(value - printed), `${value} against ${printed}`).toBeLessThanOrEqual(
    0.5 * 10 ** -digits + 1e-6 * Math.abs(printed),
  );
}
const column = <R>(rows: readonly R[], of: (row: R) => number): number[] => rows.map(of);
const BYTES = ref.kv_bytes_per_token_qwen25_7b;

describe('one B200', () => {
  const batch = column(kvBatchScaling.rows, (r) => r.batch_seq);
  const rate = column(kvBatchScaling.rows, (r) => r.throughput_tok_per_s);

  it('Hill curves of the token rate', () => {
    const three = fitHill(batch, rate);
    const want = ref.hill3_b200_tok_per_s;
    same(three.sMax, want.s_max_tok_per_s);
    same(three.bHalf, want.b_half_seq);
    same(three.gamma, want.gamma_1);
    same(three.r2, want.r2_1);
    const two = fitHill(batch, rate, { gamma: 1 });
    same(two.sMax, ref.hill2_b200_tok_per_s.s_max_tok_per_s);
    same(two.bHalf, ref.hill2_b200_tok_per_s.k_m_seq);
    same(two.r2, ref.hill2_b200_tok_per_s.r2_1);
  });
  it('latency is affine in the batch, with a limit of its own', () => {
    const want = ref.affine_latency_vs_batch_b200;
    const fit = fitAffine(batch, column(kvBatchScaling.rows, (r) => r.latency_ms)); // prettier-ignore
    same(fit.a, want.a_ms);
    same(fit.b, want.b_ms_per_seq);
    same(fit.r2, want.r2_1);
    same(1000 / fit.b, want.implied_s_max_tok_per_s);
    same(fit.a / fit.b, want.implied_b_half_seq);
  });
  it.each(ref.affine_latency_vs_context_b200)('latency against context at batch $batch_seq', (want) => {
    const rows = kvContextScaling.rows.filter((r) => r.batch_seq === want.batch_seq);
    const [x, y] = [column(rows, (r) => r.context_tok), column(rows, (r) => r.latency_ms)];
    const fit = fitAffine(x, y);
    expect(rows).toHaveLength(want.n_points);
    same(fit.a, want.a_ms);
    same(1000 * fit.b, want.b_us_per_ctx_tok);
    same(fit.r2, want.r2_1);
    same(Math.max(...y.map((v, i) => Math.abs(v - fit.a - fit.b * x[i]))), want.max_abs_residual_ms);
    same((want.batch_seq * BYTES) / (fit.b * 1e6), want.implied_marginal_bw_gb_per_s);
  });
  it('latency follows batch times context; the printed law of the rate does not', () => {
    const { rows } = kvContextScaling;
    const tokens = column(rows, (r) => r.batch_seq * r.context_tok);
    const fit = fitAffine(tokens, column(rows, (r) => r.latency_ms)); // prettier-ignore
    const want = ref.affine_latency_vs_batch_times_context_b200;
    same(fit.a, want.a_ms);
    same(1000 * fit.b, want.b_us_per_tok);
    same(fit.r2, want.r2_1);
    same(BYTES / (fit.b * 1e6), want.implied_marginal_bw_gb_per_s);
    const law = fitHill(tokens, column(rows, (r) => r.throughput_tok_per_s), { gamma: 1 }); // prettier-ignore
    // The sum of squares is flat about its minimum, and the reference stopped short of it: ours is lower.
    const printed = ref.unified_bt_hill_on_throughput_b200;
    const throughput = column(rows, (r) => r.throughput_tok_per_s);
    const ofPrinted = { sMax: printed.s_max_tok_per_s, bHalf: printed.k_m_tok, gamma: 1 };
    expect(law.r2).toBeGreaterThanOrEqual(r2(throughput, tokens.map((v) => hill(ofPrinted, v)))); // prettier-ignore
    expect(law.sMax / printed.s_max_tok_per_s).toBeCloseTo(1, 3);
    expect(law.bHalf / printed.k_m_tok).toBeCloseTo(1, 3);
    same(law.r2, printed.r2_1);
  });
  it('memory and latency of long contexts', () => {
    const want = ref.extreme_context_b200;
    const x = column(kvExtremeContext.rows, (r) => r.context_ktok);
    const memory = fitAffine(x, column(kvExtremeContext.rows, (r) => r.memory_gb)); // prettier-ignore
    same(memory.a, want.memory_a_gb);
    same(memory.b, want.memory_b_gb_per_ktok);
    same(memory.r2, want.memory_r2_1);
    same((memory.b * 1e9) / (1024 * BYTES), want.memory_growth_over_fp16_kv_x);
    const latency = fitAffine(x, column(kvExtremeContext.rows, (r) => r.latency_ms)); // prettier-ignore
    same(latency.a, want.latency_a_ms);
    same(latency.b, want.latency_b_ms_per_ktok);
    same(latency.r2, want.latency_r2_1);
  });
});

it('three GPUs: latency against inverse bandwidth', () => {
  const { rows } = gpuDecodeSummary;
  const fit = fitAffine(column(rows, (r) => 1 / r.peak_bw_gb_per_s), column(rows, (r) => 1000 / r.decode_b1_tok_per_s)); // prettier-ignore
  same(fit.a, ref.inverse_bandwidth_b1_3gpu.a_ms);
  same(fit.b, ref.inverse_bandwidth_b1_3gpu.b_mb_effective);
  same(fit.r2, ref.inverse_bandwidth_b1_3gpu.r2_1);
});

describe('INT4 speed-up', () => {
  const x = column(int4Saturation.rows, (r) => r.batch_seq);
  const y = column(int4Saturation.rows, (r) => r.plotted_mean_speedup_x);
  it('of the eight plotted means', () => {
    const { published, refit_on_8_plotted_means: want } = ref.int4_saturation;
    const law = { sMax: published.s_max_x, bHalf: published.b_half_seq, gamma: published.gamma_1 };
    same(r2(y, x.map((b) => hill(law, b))), ref.int4_saturation.r2_of_published_params_on_8_plotted_means); // prettier-ignore
    const fit = fitHill(x, y);
    same(fit.sMax, want.s_max_x);
    same(fit.bHalf, want.b_half_seq);
    same(fit.gamma, want.gamma_1);
    same(fit.r2, want.r2_1);
  });
  it.each([...ref.fused_int4_speedup_hill_by_model, { model: 'all', ...ref.fused_int4_speedup_hill_pooled }])(
    'of the kernel cells: $model',
    ({ model, ...want }) => {
      const rows = fusedInt4Latency.rows.filter((r) => model === 'all' || r.model === model);
      const speedup = column(rows, (r) => r.fused_vs_fp16_speedup_x);
      const fit = fitHill(column(rows, (r) => r.batch_seq), speedup); // prettier-ignore
      expect(rows).toHaveLength((want as Numbers).n);
      same(fit.sMax, (want as Numbers).s_max_x);
      same(fit.bHalf, (want as Numbers).b_half_seq);
      same(fit.gamma, (want as Numbers).gamma_1);
      same(fit.r2, (want as Numbers).r2_1);
    },
  );
});

describe('correlations', () => {
  it.each(ref.correlation_checks)('$predictor', ({ r, n, p_two_sided_t, ci95_fieller }) => {
    same(correlationP(r, n), p_two_sided_t);
    const interval = fisherInterval(r, n);
    if (ci95_fieller === null) expect(interval).toBeNull();
    else ci95_fieller.forEach((bound, i) => same(interval![i], bound));
  });
  it('the least |rho| that 14 models could show', () => same(criticalR(14), ref.critical_abs_rho_n14_alpha05));
  it('key bias of ten models against what fp8 costs them', () => {
    // docs/fp8-kv-failure-atlas.html#FLEET of the public knlp repository.
    const bias = [0, 0, 0, 11.9, 32.8, 91.5, 316, 404, 414, 428];
    const multiple = [1.0011, 1.0022, 1.013, 1.0563, 1.0019, 1.0782, 1.5809, 3.2205, 12.404, 4.3828];
    const top1 = [0.982, 0.977, 0.963, 0.877, 0.965, 0.898, 0.718, 0.57, 0.3, 0.45];
    const [cost, same1] = [spearman(bias, multiple), spearman(bias, top1)];
    same(cost.rho, ref.fp8_fleet_spearman_bias_vs_ppl_mult.rho_1);
    same(cost.p, ref.fp8_fleet_spearman_bias_vs_ppl_mult.p_1);
    same(same1.rho, ref.fp8_fleet_spearman_bias_vs_top1.rho_1);
    same(same1.p, ref.fp8_fleet_spearman_bias_vs_top1.p_1);
  });
});
