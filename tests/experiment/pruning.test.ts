/** Pruning in the training loop: invariants 8, 9, 11, 14, 19 of optimizers-pruning-fisher 10 on both backends. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import type { TrainingBackend } from '@/experiment/backend';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { PruneEvent } from '@/experiment/events';
import { sparsityAt } from '@/pruning/ramps';
import { unpackMask } from '@/pruning/select';
import { type Overrides, testEngine, testExperiment } from '../support/experiment';

const SMALL: Overrides = {
  model: { nLayer: 2, nHead: 2, nEmbd: 16, blockSize: 8 },
  vocab: 17,
  training: { maxIters: 40 },
};
let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

type Kind = 'webgpu' | 'reference';
function open(kind: Kind, overrides: Overrides): Promise<TrainingBackend> {
  const { config, model, corpus } = testExperiment({ ...SMALL, ...overrides });
  return kind === 'webgpu'
    ? WebGpuBackend.create(engine, config, model, corpus, { eager: ['train', 'update', 'prune', 'eval'] })
    : Promise.resolve(new ReferenceBackend(config, model, corpus));
}

async function advance(backend: TrainingBackend, from: number, to: number): Promise<PruneEvent[]> {
  const events: PruneEvent[] = [];
  for (let step = from; step < to; step++) {
    const { events: seen = [] } = await (await backend.step(step)).result;
    for (const event of seen) if (event.event === 'prune') events.push(event);
  }
  return events;
}

/** Elements that the masks prune, after checking that they and their state are exactly 0. */
async function prunedZeros(backend: TrainingBackend): Promise<number> {
  const state = await backend.saveState();
  let pruned = 0;
  for (const [key, { data }] of state) {
    if (!key.startsWith('mask.')) continue;
    const name = key.slice('mask.'.length);
    const size = state.get(name)!.data.length;
    const keep = unpackMask(data as Uint32Array, size);
    const arrays = [...state].filter(([k]) => k.endsWith(name) && !/^(mask|movement|initial)\./.test(k));
    for (let i = 0; i < size; i++) {
      if (keep[i]) continue;
      pruned++;
      for (const [k, tensor] of arrays) if (tensor.data[i] !== 0) throw new Error(`${k}[${i}] is ${tensor.data[i]}`);
    }
  }
  return pruned;
}

describe.each(['webgpu', 'reference'] as const)('%s', (kind) => {
  const ends = { start: 2, end: 12, every: 3 };
  const cases: [string, Overrides][] = [
    ['bitter7, global, cubic', { pruning: { ...ends } }],
    ['magnitude a tensor, Zhu-Gupta', { pruning: { ...ends, method: 'magnitude', score: 'magnitude', scope: 'tensor', ramp: 'zhuGupta' } }],
    ['random by depth, linear', { pruning: { ...ends, method: 'random', score: 'random', scope: 'depth', ramp: 'linear' } }],
    ['bitter9r with RATIO', { pruning: { ...ends, score: 'bitter9r', scope: 'ratio' } }],
    ['bitter5 with the head', { pruning: { ...ends, score: 'bitter5', set: 'repo' } }],
    ['movement with SGD', { pruning: { ...ends, method: 'movement', score: 'movement' }, optimizer: { kind: 'sgd' } }],
    ['movement of the described system', { pruning: { ...ends, method: 'movementRepo', score: 'movementRepo' } }],
    ['SinkGD', { pruning: { ...ends, method: 'magnitude', score: 'magnitude' }, optimizer: { kind: 'sinkgd' } }],
  ]; // prettier-ignore
  it.each(cases)(
    '%s: the ramp is met, in between nothing changes, pruned weights and state are 0',
    async (_, overrides) => {
      const backend = await open(kind, overrides);
      const { config } = testExperiment({ ...SMALL, ...overrides });
      const pruning = config.pruning!;
      const events: PruneEvent[] = [];
      for (let step = 0; step < 16; step++) {
        const seen = await advance(backend, step, step + 1);
        events.push(...seen);
        if ([6, 15].includes(step)) expect(await prunedZeros(backend)).toBe(events.at(-1)!.pruned);
      }
      expect(events.map((e) => e.step + 1)).toEqual([5, 8, 11, 12]);
      const domains = { global: 1, tensor: 8, depth: 8, ratio: 3 }[pruning.scope];
      for (const event of events) {
        expect(event.target).toBe(sparsityAt(event.step + 1, pruning));
        expect(Math.abs(event.actual - event.target) * event.prunable).toBeLessThanOrEqual(domains);
        expect(event.non_finite).toBe(0);
        const weighted = Object.values(event.density).reduce((a, b) => a + b, 0) / Object.keys(event.density).length;
        if (pruning.scope === 'tensor') expect(Math.abs(weighted - (1 - event.target))).toBeLessThan(0.01);
        expect(event.monotone).toBe(event.regrown === 0);
        if (!['bitter5', 'movement', 'movementRepo'].includes(pruning.score)) expect(event.regrown).toBe(0); // 14
        if (pruning.score === 'magnitude') expect(event.jaccard_magnitude).toBe(1);
      }
      expect(events.at(-1)!.target).toBe(0.5);
      if (pruning.scope === 'global') expect(events.at(-1)!.pruned).toBe(Math.round(0.5 * events.at(-1)!.prunable)); // 8
      backend.destroy();
    },
  );

  it('11: 500 steps of AdamWSPAM with decay and clipping keep pruned weights and state at 0', async () => {
    const overrides: Overrides = {
      ...SMALL, model: { ...SMALL.model, nLayer: 1, nEmbd: 8, blockSize: 4 }, training: { maxIters: 520, batchSize: 1 },
      optimizer: { kind: 'adamwspam', spam: { mode: 'repo', theta: 50, interval: 300, warmup: 40, zThreshold: 2 } },
      pruning: { start: 4, end: 20, every: 4, target: 0.7 },
    }; // prettier-ignore
    const backend = await open(kind, overrides);
    const events = await advance(backend, 0, 520);
    expect(events.at(-1)!.step).toBe(19);
    expect(await prunedZeros(backend)).toBe(Math.round(0.7 * events[0]!.prunable));
    backend.destroy();
  });

  it.each([
    ['AdamWPrune', {}],
    ['movement', { method: 'movement', score: 'movement' }],
    ['movementRepo', { method: 'movementRepo', score: 'movementRepo' }],
  ] as const)('19: %s resumed in the middle of the ramp is bit-exact', async (_, pruning) => {
    const overrides = { pruning };
    const whole = await open(kind, overrides);
    await advance(whole, 0, 14);
    const first = await open(kind, overrides);
    const early = await advance(first, 0, 7);
    expect(early.length).toBeGreaterThan(1);
    const second = await open(kind, overrides);
    await second.loadState(await first.saveState());
    const late = await advance(second, 7, 14);
    expect(late.length).toBeGreaterThan(1);
    const [a, b] = [await second.saveState(), await whole.saveState()];
    expect([...a.keys()]).toEqual([...b.keys()]);
    for (const [key, { data }] of a) expect(data, key).toEqual(b.get(key)!.data);
    for (const backend of [whole, first, second]) backend.destroy();
  });
});

describe('both backends', () => {
  it('choose nearly the same weights, report the same, and train alike', async () => {
    const overrides = { pruning: { start: 2, end: 10, every: 2 } };
    const [gpu, reference] = [await open('webgpu', overrides), await open('reference', overrides)];
    const [a, b] = [await advance(gpu, 0, 12), await advance(reference, 0, 12)];
    a.forEach((event, i) => {
      expect([event.step, event.target, event.pruned]).toEqual([b[i]!.step, b[i]!.target, b[i]!.pruned]);
      for (const key of ['jaccard_magnitude', 'sat_frac', 'churn'] as const)
        expect(Math.abs(event[key]! - b[i]![key]!), key).toBeLessThan(2e-3);
      expect(Math.abs(event.score.q90 / b[i]!.score.q90 - 1)).toBeLessThan(1e-2);
    });
    const [s, t] = [await gpu.saveState(), await reference.saveState()];
    let [differ, total] = [0, 0];
    for (const [key, { data }] of s)
      if (key.startsWith('mask.'))
        data.forEach((word: number | bigint, i: number) => {
          let x = (Number(word) ^ Number(t.get(key)!.data[i])) >>> 0;
          for (; x; x &= x - 1) differ++;
          total += 32;
        });
    expect(differ / total).toBeLessThan(2e-3);
    expect(Math.abs((await gpu.evaluate()).loss - (await reference.evaluate()).loss)).toBeLessThan(1e-3);
    gpu.destroy();
  });

  it('draw the same sample: random scores under a sampled threshold give the same masks, near the ramp, never regrown', async () => {
    const seen = async (kind: Kind): Promise<PruneEvent[]> => {
      const pruning = {
        method: 'random',
        score: 'random',
        start: 1,
        end: 4,
        every: 1,
        scope: 'tensor',
        sample: 0.25,
      } as const;
      const backend = await open(kind, { pruning });
      const events = await advance(backend, 0, 4);
      expect(await prunedZeros(backend)).toBe(events.at(-1)!.pruned);
      backend.destroy();
      return events;
    };
    const [gpu, reference] = [await seen('webgpu'), await seen('reference')];
    expect(gpu.map((e) => [e.mask_hash, e.pruned])).toEqual(reference.map((e) => [e.mask_hash, e.pruned]));
    for (const { actual, target, regrown } of gpu) {
      expect(regrown).toBe(0);
      expect(Math.abs(actual - target)).toBeLessThan(0.1);
    }
    expect(gpu.some(({ actual, target }) => Math.abs(actual - target) > 1e-6)).toBe(true);
  });

  it('random masks do not depend on the backend and follow the seed', async () => {
    const hash = async (kind: Kind, seed: number): Promise<string> => {
      const backend = await open(kind, {
        pruning: { method: 'random', score: 'random', start: 1, end: 3, every: 1 },
        training: { seed, maxIters: 40 },
      });
      const events = await advance(backend, 0, 3);
      backend.destroy();
      return events.at(-1)!.mask_hash;
    };
    expect(await hash('webgpu', 7)).toBe(await hash('reference', 7));
    expect(await hash('webgpu', 8)).not.toBe(await hash('webgpu', 7));
  });
});
