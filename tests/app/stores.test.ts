import { describe, expect, it } from 'vitest';
import type { WorkerEvent } from '@/worker/protocol';
import { parseLocation, type Page } from '@/app/routes';
import { applyEvents, createRunStore, eta } from '@/app/stores/run';
import { requestOf, textProblem, type SetupStore } from '@/app/stores/setup';
import { clampWidth, createUiStore } from '@/app/stores/ui';
import { densityMap } from '@/app/lab/pruning/PruningSection';
import { bytes, duration, sentences, significant } from '@/app/format';

const started: WorkerEvent = {
  type: 'started',
  runId: 'r1',
  id: null,
  fromStep: 0,
  preset: 'p',
  maxIters: 100,
  plan: {
    parameters: 1,
    flopsPerToken: 6,
    tokensPerStep: 8,
    dispatchesPerStep: 9,
    memory: { categories: [], totalBytes: 0, largest: [] },
    cacheBytesPerToken: 0,
    cache: { layers: [], nEmbd: 1, blockSize: 1 },
  },
  allocatedBytes: 0,
  references: [],
  datasetName: 'd',
  trainTokens: 1,
  valTokens: 1,
  description: '',
};
const step = (n: number, loss: number): WorkerEvent => ({
  type: 'step',
  step: n,
  loss,
  lr: 1e-3,
  gradNorm: 1,
  tokens: 8,
  time: { elapsedMs: 10 * n, stepMs: 10, tokensPerSecond: 800 },
});
const val = (n: number, loss: number): WorkerEvent => ({
  type: 'eval',
  step: n,
  split: 'val',
  loss,
  perplexity: Math.exp(loss),
});

describe('numbers of methods', () => {
  const prune = (at: number, actual: number): WorkerEvent => ({
    type: 'metric',
    metric: {
      event: 'prune', step: at, target: actual, actual, pruned: 1, prunable: 2, churn: 0, regrown: 0, monotone: true, jaccard_magnitude: 1,
      sat_frac: null, non_finite: 0, score: { q10: -1, q50: 0.5, q90: 1 }, mask_hash: '0', bytes: { weights: 8, gradients: 8, optimizer: 16, masks: 1 },
      density: { 'transformer.h.1.mlp.c_fc.weight': actual, 'transformer.h.0.attn.c_attn.weight': 1 - actual, 'lm_head.weight': 0.25 },
    },
  }); // prettier-ignore
  const spam = (at: number, kind: 'reset' | 'spike' | 'clip'): WorkerEvent => ({
    type: 'metric',
    metric: { event: 'spam', step: at, kind, z: 3, frac_clipped: 0.5 },
  });

  it('become series by path; null and text become none', () => {
    const store = createRunStore();
    applyEvents(store, [started, prune(10, 0.25), prune(20, 0.5)]);
    const { methods } = store.getState().data;
    expect([...methods.get('prune.actual')!.ys.slice(0, 2)]).toEqual([0.25, 0.5]);
    expect(methods.get('prune.score.q50')!.length).toBe(2);
    expect(methods.has('prune.score.q10')).toBe(false); // on pruned weights
    expect(methods.has('prune.sat_frac')).toBe(false);
    expect(methods.has('prune.mask_hash')).toBe(false);
  });

  it('densities become a map of the newest masks, a row for a layer', () => {
    const store = createRunStore();
    applyEvents(store, [started, prune(10, 0.25), prune(20, 0.5)]);
    expect(densityMap(store.getState().data)).toEqual({
      columns: ['mlp.c_fc', 'attn.c_attn', 'lm_head'],
      rows: [
        { layer: '1', kept: [0.5, null, null] },
        { layer: '0', kept: [null, 0.5, null] },
        { layer: 'other', kept: [null, null, 0.25] },
      ],
    });
  });

  it('resets and spikes are kept once a step, also when a resumed run meets them again', () => {
    const store = createRunStore();
    applyEvents(store, [started, spam(5, 'spike'), spam(9, 'clip'), spam(10, 'reset'), spam(20, 'reset')]);
    applyEvents(store, [spam(10, 'reset')]);
    expect(store.getState().data.spam).toEqual([{ step: 5, kind: 'spike' }, { step: 10, kind: 'reset' }]); // prettier-ignore
  });
});

describe('run store', () => {
  it('reduces a run to series, latest values and the best evaluation', () => {
    const store = createRunStore();
    applyEvents(store, [
      started,
      { type: 'state', state: 'running' },
      step(0, 4),
      val(0, 4.1),
      step(1, 3),
      val(1, 3.2),
      val(2, 3.5),
    ]);
    const s = store.getState();
    expect(s.data.loss.length).toBe(2);
    expect(s.latest?.loss).toBe(3);
    expect(s.bestVal?.loss).toBe(3.2);
    expect(s.latestVal?.loss).toBe(3.5);
    expect(eta(s)).toBe(980);
    expect(s.log[0].text).toBe('running');
  });

  it('notifies once for a batch', () => {
    const store = createRunStore();
    let calls = 0;
    store.subscribe(() => calls++);
    applyEvents(store, [step(0, 1), step(1, 1), step(2, 1)]);
    applyEvents(store, []);
    expect(calls).toBe(1);
  });

  it('starts a new run with fresh series and no old notices', () => {
    const store = createRunStore();
    applyEvents(store, [started, step(0, 4), { type: 'error', message: 'x' }]);
    const { data } = store.getState();
    applyEvents(store, [started]);
    expect(store.getState().data).not.toBe(data);
    expect(store.getState().notices).toEqual([]);
    expect(store.getState().latest).toBeNull();
  });

  it('keeps all points when the loss is not finite, and says where it stopped', () => {
    const store = createRunStore();
    applyEvents(store, [
      started,
      { type: 'state', state: 'running' },
      step(0, 4),
      step(1, Number.NaN),
      { type: 'error', message: 'first op h.0' },
    ]);
    applyEvents(store, [{ type: 'state', state: 'failed', reason: 'NaN' }]);
    const { notices, data } = store.getState();
    expect(data.nonFiniteStep).toBe(1);
    expect(notices).toHaveLength(1);
    expect(notices[0].title).toContain('step 1');
    expect(notices[0].message).toBe('first op h.0');
  });

  it('turns a bare failure and a lost device into notices', () => {
    const store = createRunStore();
    applyEvents(store, [{ type: 'state', state: 'failed', reason: 'disk full' }]);
    expect(store.getState().notices[0].message).toBe('disk full');
    applyEvents(store, [{ type: 'device-lost', reason: 'destroyed', message: 'reset' }]);
    expect(store.getState().notices[0].actions).toContain('reconnect');
  });

  it('drops text of an older sample request', () => {
    const store = createRunStore();
    applyEvents(store, [
      { type: 'sample', requestId: 2, text: 'new', done: false },
      { type: 'sample', requestId: 1, text: 'old', done: true },
    ]);
    expect(store.getState().sample?.text).toBe('new');
  });
});

describe('setup', () => {
  it('asks for custom text only where there is some', () => {
    const base: SetupStore = {
      presets: [],
      sources: null,
      config: null,
      preset: 'p',
      overrides: {},
      customText: null,
      textError: null,
      plan: { status: 'none' },
    };
    expect(requestOf(base)).toEqual({ preset: 'p', overrides: {} });
    expect(requestOf({ ...base, preset: null })).toBeNull();
    expect(requestOf({ ...base, customText: { name: 'a', text: 'b' } })?.customText?.name).toBe('a');
  });

  it('refuses what is not text and says what to do', () => {
    expect(textProblem('a.txt', new TextEncoder().encode('Call me Ishmael \u2014 so'))).toBeNull();
    expect(textProblem('a.txt', new Uint8Array())).toMatch(/empty/);
    expect(textProblem('a.bin', new Uint8Array([65, 0, 66]))).toMatch(/not text/);
    expect(textProblem('a.txt', new Uint8Array([0x41, 0xff, 0xfe, 0x41]))).toMatch(/UTF-8/);
  });
});

describe('ui store', () => {
  it('survives unreadable or foreign storage', () => {
    for (const saved of ['{', '[]', '{"widths": 3, "nonsense": {}}']) {
      const storage = { getItem: () => saved } as unknown as Storage;
      expect(createUiStore(storage).getState().widths).toEqual({ left: 340, right: 300 });
    }
  });

  it('keeps widths in bounds and on the grid', () => {
    expect(clampWidth('left', 10)).toBe(240);
    expect(clampWidth('right', 9999)).toBe(480);
    expect(clampWidth('left', 341) % 4).toBe(0);
  });
});

describe('routes', () => {
  const page = (path: string): Page => ({ path, title: path, key: path[0], component: () => null });
  it('parse page, rest and query', () => {
    const table = [page('lab'), page('docs')];
    const at = parseLocation('#/docs/a/b?run=1', '?preset=x&run=0', table);
    expect([at.page.path, at.rest, at.query.get('run'), at.query.get('preset')]).toEqual(['docs', 'a/b', '1', 'x']);
    expect(parseLocation('#/nowhere', '', table).page.path).toBe('lab');
  });
});

describe('format', () => {
  it('writes numbers with their units', () => {
    expect([bytes(0), bytes(1023), bytes(40_480_000)]).toEqual(['0 B', '1,023 B', '38.6 MiB']);
    expect([duration(900), duration(250_000), duration(11_100_000)]).toEqual(['1 s', '4 min 10 s', '3 h 05 min']);
    expect([significant(0.000425), significant(12.345), significant(0)]).toEqual(['4.25e\u22124', '12.3', '0']);
    expect(sentences('One of 1.5 M. Two. Three')).toEqual(['One of 1.5 M.', 'Two.', 'Three']);
  });
});
