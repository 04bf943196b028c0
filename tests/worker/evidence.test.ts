/** Local evidence: every comparison of the Claims page has arms, runs find theirs, and pairs are pairs. */
import { describe, expect, it } from 'vitest';
import { COMPARISONS } from '@/app/claims/reproduce';
import type { Manifest } from '@/experiment/manifest/schema';
import { type Arm, armSymbols, armsOf } from '@/worker/store/arms';
import { assignments } from '@/experiment/assignments';
import { type FinishedRun, evidenceOf, placeRun } from '@/worker/store/evidence';
import { msPerStep } from '@/worker/store/evidence-reader';

describe('arms', () => {
  it.each(COMPARISONS.filter(({ id }) => id !== 'gpt2-vanilla-baseline'))('$id has arms that differ', (plan) => {
    const arms = armsOf(plan);
    expect(arms.length).toBeGreaterThan(1);
    expect(arms[0]!.baseline).toBe(arms[0]!.label);
    const labels = arms.map(({ label }) => label);
    expect(new Set(labels).size).toBe(labels.length);
    for (const { baseline } of arms) expect(labels).toContain(baseline);
    for (const arm of arms) expect(placeRun(arm.values, arms)).toEqual({ arm, otherwise: [] });
  });

  it('pairs arms at equal points of the other axes', () => {
    const arms = armsOf({ id: 'x', preset: 'gpt2-sparsity-sweep' });
    const found = arms.find(({ label }) => label === 'random PRUNING_TARGET_SPARSITY=0.9')!;
    expect(found.baseline).toBe('magnitude PRUNING_TARGET_SPARSITY=0.9');
  });

  it('a run of another preset is the arm whose symbols it shares', () => {
    const arms = armsOf({ id: 'x', preset: 'gpt2-attention-matrix' });
    const [, , ra] = arms;
    const own = new Map([...ra!.values, ['MAX_ITERS', '50'], ['SEED', '7']]);
    expect(placeRun(own, arms)).toEqual({ arm: ra, otherwise: ['MAX_ITERS=50'] });
    expect(placeRun(new Map([...own, ['ATTN_GATE', 'other']]), arms)).toBeNull();
  });
});

const arm = (label: string, baseline: string, text: string): Arm => ({ label, baseline, values: assignments(text) });
const ARMS = [arm('base', 'base', 'CONFIG_A=y'), arm('new', 'base', '# CONFIG_A is not set')];

interface Made {
  readonly a: string;
  readonly seed: number;
  readonly loss: number;
  readonly ms?: number;
  readonly extra?: string;
  readonly data?: string;
  readonly adapter?: string;
}

const made = ({ a, seed, loss, ms, extra = '', data = 'd', adapter = 'gpu' }: Made, i: number): FinishedRun => ({
  id: `run-${i}`,
  values: assignments(`${a}\nCONFIG_SEED=${seed}\n${extra}`),
  msPerStep: ms ?? null,
  manifest: {
    createdAt: `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`,
    seed,
    model: { name: 'm', params: a === 'CONFIG_A=y' ? 100 : 110, kvBytesPerToken: 1 },
    data: { name: data, sha256: data, tokens: 1, trainTokens: 1, valTokens: 0 },
    device: {
      backend: 'webgpu',
      software: true,
      adapter: { vendor: 'v', architecture: '', device: '', description: adapter },
      features: [],
      limits: {},
      os: '',
      browser: '',
    },
    results: { steps: 10, final: { val_loss: loss } },
  } as unknown as Manifest,
});

describe('evidence', () => {
  const base = { a: 'CONFIG_A=y' };
  const changed = { a: '# CONFIG_A is not set' };
  it('gives the mean relative change over pairs, its deviation and n', () => {
    const runs = [
      made({ ...base, seed: 1, loss: 2, ms: 10 }, 0),
      made({ ...base, seed: 2, loss: 4, ms: 10 }, 1),
      made({ ...changed, seed: 1, loss: 1.8, ms: 12 }, 2),
      made({ ...changed, seed: 2, loss: 4.4, ms: 14 }, 3),
      made({ ...changed, seed: 3, loss: 9, ms: 99 }, 4),
    ];
    const [set, ...others] = evidenceOf(runs, ARMS);
    expect(others).toEqual([]);
    expect(set).toMatchObject({ adapter: 'gpu', software: true, steps: 10, otherwise: [] });
    const [loss] = set!.rows.loss;
    expect(loss).toMatchObject({ arm: 'new', baseline: 'base', n: 2, p: 1, interval: null });
    expect(loss!.relative).toBeCloseTo(0, 12); // -10 % and +10 %
    expect(loss!.spread).toBeCloseTo(Math.SQRT2 / 10, 12);
    const [perplexity] = set!.rows.perplexity;
    expect(perplexity!.relative).toBeCloseTo((Math.exp(-0.2) + Math.exp(0.4)) / 2 - 1, 12);
    expect(set!.rows['step-time'][0]!.relative).toBeCloseTo(0.3, 12);
    expect(set!.rows.parameters[0]).toMatchObject({ n: 2 });
    expect(set!.rows.parameters[0]!.relative).toBeCloseTo(0.1, 12);
  });

  it.each([
    ['settings', { extra: 'CONFIG_MAX_ITERS=5' }],
    ['data', { data: 'other' }],
    ['adapter', { adapter: 'other' }],
    ['seed', { seed: 2 }],
  ])('runs that differ in %s are no pair', (_name, difference) => {
    const runs = [made({ ...base, seed: 1, loss: 2 }, 0), made({ ...changed, seed: 1, loss: 1, ...difference }, 1)];
    expect(evidenceOf(runs, ARMS)).toEqual([]);
  });

  it('a second run of one arm and seed adds nothing', () => {
    const runs = [
      made({ ...base, seed: 1, loss: 2 }, 0),
      made({ ...changed, seed: 1, loss: 1 }, 1),
      made({ ...changed, seed: 1, loss: 100 }, 2),
    ];
    expect(evidenceOf(runs, ARMS)[0]!.rows.loss[0]).toMatchObject({ n: 1, relative: -0.5, spread: null });
  });

  it('reads the mean step time from the end of a log that was cut at its beginning', () => {
    const line = (step: number, ms: number): string =>
      `{"event":"step","step":${step},"loss":1,"tokens":1,"time":{"elapsed_ms":${ms},"step_ms":1}}`;
    expect(msPerStep(`ed_ms":3}}\n${line(7, 70)}\n${line(8, 90)}\n`)).toBe(10);
    expect(msPerStep(`${line(7, 80)}\n{"event":"step","step":8,"time":{"elapsed_ms":9`)).toBe(10);
    expect(msPerStep('')).toBeNull();
  });

  it('arms differ in the symbols that they set', () => {
    expect([...armSymbols(ARMS)]).toEqual(['A']);
  });
});
