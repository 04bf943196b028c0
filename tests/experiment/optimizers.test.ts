/** Every optimizer in the training loop: engine against reference, planned bytes, events. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineDevice } from '@/engine/device';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import type { OptimizerConfig } from '@/experiment/config';
import { STATE_SLOTS } from '@/optim/kinds';
import { type Overrides, testEngine, testExperiment } from '../support/experiment';
import { worst } from '../support/optimizer';

let engine: EngineDevice;
beforeAll(async () => {
  engine = await testEngine();
});

const SMALL: Overrides['model'] = { nLayer: 1, nHead: 2, nEmbd: 20, blockSize: 9, bias: false };
const CASES: Record<string, Partial<OptimizerConfig>> = {
  'SGD, repo decay groups': { kind: 'sgd', learningRate: 0.1, minLr: 0.01, decayGroups: 'repo' },
  'Adam, coupled decay': { kind: 'adam' },
  'AdamW, repo decay groups': { kind: 'adamw', decayGroups: 'repo' },
  AdamWAdv: { kind: 'adamwadv' },
  'AdamWSPAM as the described system': {
    kind: 'adamwspam',
    spam: { mode: 'repo', theta: 50, interval: 6, warmup: 4, zThreshold: 2 },
  },
  'AdamWSPAM fixed': { kind: 'adamwspam', spam: { mode: 'fixed', theta: 5000, interval: 4, warmup: 1, zThreshold: 0 } },
  SinkGD: { kind: 'sinkgd', learningRate: 0.05, minLr: 0.01 },
};

describe.each(Object.entries(CASES))('%s', (_, optimizer) => {
  it('6 steps equal the reference in losses, norms, weights, state and events', async () => {
    const { config, model, corpus } = testExperiment({ model: SMALL, optimizer, training: { gradientAccumulation: 2 }, vocab: 17 }); // prettier-ignore
    const gpu = await WebGpuBackend.create(engine, config, model, corpus, { eager: ['train', 'update'] });
    const reference = new ReferenceBackend(config, model, corpus);
    expect(gpu.allocatedBytes).toBe(gpu.summary.plannedBytes);
    const planned = gpu.summary.memory.categories.filter(({ name }) =>
      STATE_SLOTS[config.optimizer.kind].some((s) => s === name),
    );
    expect(planned.map(({ bytes }) => bytes)).toEqual(STATE_SLOTS[config.optimizer.kind].map(() => 4 * gpu.training.arena.elements)); // prettier-ignore
    for (let step = 0; step < 6; step++) {
      const a = await (await gpu.step(step)).result;
      const b = await (await reference.step(step)).result;
      expect(Math.abs(a.loss - b.loss) / b.loss, `loss ${step}`).toBeLessThan(5e-6);
      expect(Math.abs(a.gradNorm - b.gradNorm) / b.gradNorm, `norm ${step}`).toBeLessThan(5e-5);
      expect(a.events?.map((e) => e.event === 'spam' && e.kind)).toEqual(b.events?.map((e) => e.event === 'spam' && e.kind)); // prettier-ignore
    }
    const [a, b] = [await gpu.saveState(), await reference.saveState()];
    expect([...a.keys()].sort()).toEqual([...b.keys()].sort());
    for (const [key, tensor] of b) {
      const scale = Math.max(...Array.from(tensor.data as Float64Array, Math.abs));
      const error = worst(a.get(key)!.data as Float32Array, tensor.data as Float64Array, scale);
      expect(error, key).toBeLessThan(2e-4);
    }
    gpu.destroy();
  });
});
