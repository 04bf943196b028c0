/** Layer-wise learning rates, masks as the described system keeps them, epsilon from v: both backends take the same steps. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import type { TrainingBackend } from '@/experiment/backend';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { PruneEvent } from '@/experiment/events';
import { savedStep } from '@/experiment/training-state';
import { isLayerLrRefresh, layerMultipliers, median } from '@/optim/layer-lr';
import { unpackMask } from '@/pruning/select';
import { type Overrides, testEngine, testExperiment } from '../support/experiment';

const TINY: Overrides = {
  model: { nLayer: 2, nHead: 2, nEmbd: 8, blockSize: 8 },
  vocab: 17,
  training: { maxIters: 40, batchSize: 2 },
};

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

async function open(kind: 'webgpu' | 'reference', overrides: Overrides): Promise<TrainingBackend> {
  const { config, model, corpus } = testExperiment({ ...TINY, ...overrides });
  return kind === 'webgpu'
    ? WebGpuBackend.create(engine, config, model, corpus, { eager: ['train', 'update', 'prune'] })
    : new ReferenceBackend(config, model, corpus);
}

async function advance(backend: TrainingBackend, from: number, to: number): Promise<PruneEvent[]> {
  const events: PruneEvent[] = [];
  for (let step = from; step < to; step++)
    for (const event of (await (await backend.step(step)).result).events ?? [])
      if (event.event === 'prune') events.push(event);
  return events;
}

/** Both backends `steps` far, with weights and state within 2e-4 of the largest value of each tensor. */
async function sideBySide(overrides: Overrides, steps: number) {
  const [gpu, reference] = [await open('webgpu', overrides), await open('reference', overrides)];
  const events = [await advance(gpu, 0, steps), await advance(reference, 0, steps)] as const;
  const [a, b] = [await gpu.saveState(), await reference.saveState()];
  expect([...a.keys()].sort()).toEqual([...b.keys()].sort());
  for (const [key, { data }] of b) {
    const found = a.get(key)!.data;
    const scale = (data as Float64Array).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    for (let i = 0; i < data.length; i++)
      expect(Math.abs(Number(found[i]) - Number(data[i])), `${key}[${i}]`).toBeLessThanOrEqual(2e-4 * scale + 1e-9);
  }
  return { gpu, reference, events, state: a };
}

describe('layer-wise learning rate', () => {
  const layerLr = { signal: 'v', power: 1, start: 3, every: 4, freeze: false } as const;

  it('multipliers by hand: clamp((median s / s_l)^p, 1/4, 4), and controls with the same values', () => {
    const medians = [1e-8, 16e-8, 1e-8 / 16, 1e-8 * 4096]; // fourth roots: 1, 2, 1/2 and 8 times 0.01
    const by = (signal: 'v' | 'depth' | 'shuffled', power: number): number[] =>
      layerMultipliers(medians, { signal, power }, (i) => [3, 1, 0, 2][i]!);
    const close = (found: number[], wanted: number[]): void =>
      found.forEach((x, i) => expect(Math.abs(x - wanted[i]!)).toBeLessThan(5e-3)); // 1e-12 beside v
    close(by('v', 1), [1.5, 0.75, 3, 0.25]); // the median of 1, 2, 1/2, 8 is 1.5; 1.5 / 8 is clamped
    close(by('v', 2), [2.25, 0.5625, 4, 0.25]);
    close(by('depth', 1), [0.25, 0.75, 1.5, 3]);
    close(by('shuffled', 1), [3, 0.75, 0.25, 1.5]);
    expect([1, 3, 6, 7, 11].filter((step) => isLayerLrRefresh(step, layerLr))).toEqual([3, 7, 11]);
    expect([3, 7].filter((step) => isLayerLrRefresh(step, { ...layerLr, freeze: true }))).toEqual([3]);
    expect(median([3, 1, 2])).toBe(2);
  });

  it('is the same on both backends, changes the run, and resumes bit for bit', async () => {
    const overrides: Overrides = { optimizer: { layerLr } };
    const { gpu, state } = await sideBySide(overrides, 9);
    const factors = Array.from(state.get('train.layer_lr')!.data as Float64Array);
    expect(factors).toHaveLength(2);
    expect(factors.every((f) => f >= 0.25 && f <= 4 && f !== 1)).toBe(true);
    const first = await open('webgpu', overrides);
    await advance(first, 0, 5);
    const second = await open('webgpu', overrides);
    const saved = await first.saveState();
    await second.loadState(saved);
    await advance(second, savedStep(saved), 9);
    const resumed = await second.saveState();
    for (const [key, { data }] of state) expect(resumed.get(key)!.data, key).toEqual(data);
    const plain = await open('webgpu', {});
    await advance(plain, 0, 9);
    const name = 'transformer.h.0.mlp.c_fc.weight';
    expect((await plain.saveState()).get(name)!.data).not.toEqual(state.get(name)!.data);
    for (const backend of [gpu, first, second, plain]) backend.destroy();
  });
});

describe('state of pruned weights as the described system keeps it', () => {
  const cases: [string, Overrides, (slot: string) => boolean][] = [
    ['magnitude: nothing but the weight', { pruning: { method: 'magnitude', score: 'magnitude', maskState: 'repo', start: 1, end: 6, every: 1 } }, () => false],
    ['bitter7 with AMSGrad: m and v, not the maximum', { pruning: { maskState: 'repo', start: 1, end: 6, every: 1 }, optimizer: { kind: 'adamwadv' } }, (slot) => slot !== 'max_exp_avg_sq'],
  ]; // prettier-ignore
  it.each(cases)('%s', async (_, overrides, masked) => {
    const { gpu, state, events } = await sideBySide(overrides, 9);
    expect(events[0].map((e) => e.mask_hash)).toEqual(events[1].map((e) => e.mask_hash));
    const name = 'transformer.h.1.mlp.c_proj.weight';
    const weights = state.get(name)!.data;
    const keep = unpackMask(state.get(`mask.${name}`)!.data as Uint32Array, weights.length);
    const slots = [...state.keys()].filter((key) => key.endsWith(`_sq.${name}`) || key === `exp_avg.${name}`);
    for (const key of [name, ...slots]) {
      const { data } = state.get(key)!;
      const alive = Array.from(data).filter((x, i) => !keep[i] && x !== 0).length;
      expect(alive === 0, key).toBe(key === name || masked(key.slice(0, -name.length - 1)));
    }
    gpu.destroy();
  });
});

describe('epsilon as a share of the median of v', () => {
  it('is the same on both backends, in the event, and falls as v does', async () => {
    const pruning = { epsOfMedian: true, eps: 0.5, start: 3, end: 9, every: 3 } as const;
    const { gpu, reference, events } = await sideBySide({ pruning }, 9);
    const [a, b] = events;
    expect(a.map(({ step }) => step)).toEqual([5, 8]);
    for (const [i, { eps, sat_frac, mask_hash }] of a.entries()) {
      expect(eps! / b[i]!.eps!).toBeCloseTo(1, 3);
      expect(mask_hash).toBe(b[i]!.mask_hash);
      expect(sat_frac!).toBeGreaterThan(0.1); // a good part of v lies below half of its median
      expect(sat_frac!).toBeLessThan(0.6);
    }
    // By hand: the first event looks at v after five updates, every element of these small tensors.
    const again = await open('reference', { pruning });
    await advance(again, 0, 5);
    const v = [...(await again.saveState())]
      .filter(([key]) => /^exp_avg_sq\..*\.h\.\d+\..*(attn|mlp).*weight$/.test(key))
      .flatMap(([, { data }]) => Array.from(data as Float64Array))
      .sort((x, y) => x - y);
    expect(b[0]!.eps).toBeCloseTo((0.5 * (v[v.length / 2 - 1]! + v[v.length / 2]!)) / 2, 14);
    for (const backend of [gpu, reference, again]) backend.destroy();
  });
});
