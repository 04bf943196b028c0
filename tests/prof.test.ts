import { it } from 'vitest';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { testEngine, testExperiment } from './support/experiment';
it('profile', async () => {
  const { config, model, corpus } = testExperiment({ model: { nLayer: 4, nHead: 4, nEmbd: 128, blockSize: 128, gelu: 'gelu_tanh' }, training: { batchSize: 8 } });
  const t0 = performance.now();
  const gpu = await WebGpuBackend.create(await testEngine(), config, model, corpus);
  console.log('create', performance.now() - t0, 'dispatches', gpu.summary.dispatchesPerStep, 'bytes', gpu.allocatedBytes / 2 ** 20);
  for (let s = 0; s < 4; s++) {
    const t = performance.now();
    const r = await (await gpu.step(s)).result;
    console.log('step', performance.now() - t, r);
  }
  const p = await gpu.profile(4);
  for (const o of p!) console.log(o.name, o.dispatches, o.ms.toFixed(1));
  const items = [...gpu.training.plan.sequences.train!, ...gpu.training.plan.sequences.update!];
  console.log(gpu.executor.constructor.name, items.length, new Set(items.map((i) => i.program.code)).size);
}, 600000);
