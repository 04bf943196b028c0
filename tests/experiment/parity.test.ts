/** The WebGPU engine against the f64 reference: losses, gradient norms, every gradient, weights after several steps. */
import { describe, expect, it } from 'vitest';
import { ReferenceBackend } from '@/experiment/backend-reference';
import { type AttentionConfig, BASELINE_ATTENTION } from '@/models/attention/config';
import { WebGpuBackend } from '@/experiment/backend-webgpu';
import { type Overrides, testEngine, testExperiment } from '../support/experiment';

const relative = (a: Float32Array, b: Float32Array): number => {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return Math.sqrt(difference / Math.max(norm, 1e-30));
};

async function compare(overrides: Overrides, steps: number): Promise<void> {
  const { config, model, corpus } = testExperiment(overrides);
  const reference = new ReferenceBackend(config, model, corpus);
  const gpu = await WebGpuBackend.create(await testEngine(), config, model, corpus);
  try {
    expect(gpu.allocatedBytes).toBe(gpu.summary.plannedBytes);
    for (let step = 0; step < steps; step++) {
      const a = await (await gpu.step(step)).result;
      const b = await (await reference.step(step)).result;
      expect(Math.abs(a.loss - b.loss) / b.loss, `loss of step ${step}`).toBeLessThan(2e-6);
      expect(Math.abs(a.gradNorm - b.gradNorm) / b.gradNorm, `norm of step ${step}`).toBeLessThan(2e-5);
    }
    const weights = await gpu.parameters();
    const width = config.model.nEmbd;
    for (const [name, { data }] of await reference.parameters()) {
      // A key bias has a true gradient of zero; Adam turns its rounding noise into updates.
      const compared = (values: Float32Array) =>
        name.endsWith('c_attn.bias')
          ? Float32Array.from([...values.slice(0, width), ...values.slice(2 * width)])
          : values;
      expect(relative(compared(weights.get(name)!.data), compared(data)), name).toBeLessThan(1e-4);
    }
    expect(Math.abs((await gpu.evaluate()).loss - (await reference.evaluate()).loss)).toBeLessThan(1e-5);
    const prompt = [1, 2, 3, 4, 5];
    expect(relative(await gpu.nextLogits(prompt), await reference.nextLogits(prompt))).toBeLessThan(1e-4);
  } finally {
    gpu.destroy();
  }
}

describe('engine against reference', () => {
  it('odd sizes: heads 3, width 48, seq 33, vocab 65, batch 3', () => compare({}, 4));
  it('accumulation 2, no bias, tanh GELU, untied head', () =>
    compare(
      { model: { bias: false, gelu: 'gelu_tanh', weightTying: false }, training: { gradientAccumulation: 2 } },
      4,
    ));
  it('dropout 0.2: the masks are the same', () => compare({ model: { dropout: 0.2, nLayer: 1 } }, 3));
});

describe('attention variants against reference', () => {
  const all = { kind: 'all' } as const;
  const shape = { nLayer: 2, nHead: 3, nEmbd: 24, blockSize: 19 };
  const variant = (attention: Partial<AttentionConfig>) =>
    compare({ model: { ...shape, attention: { ...BASELINE_ATTENTION, ...attention } }, training: { batchSize: 2 } }, 3);
  it('reciprocal with a learned beta, gate, rotation', () =>
    variant({ ra: { form: 'learned', layers: { kind: 'centre', count: 1 }, heads: 2 }, gate: true, position: 'rope' }));
  it('reciprocal difference, tied keys', () =>
    variant({ ra: { form: 'delta', layers: all, heads: 1 }, kvTying: true }));
  it('reciprocal, fixed mix', () => variant({ ra: { form: 'fixed', layers: { kind: 'last', count: 1 }, heads: 3 } }));
  it('KVSplice on the last of two latent layers', () =>
    variant({
      core: { kind: 'kvsplice', latent: 8, rank: 5, norm: true, layers: { kind: 'last', count: 1 } },
      position: 'both',
    }));
  it('latent attention without rotation', () => variant({ core: { kind: 'mla', latent: 7 } }));
});
