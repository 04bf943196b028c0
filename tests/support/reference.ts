/** Helpers for graph tests: random values for parameters and inputs, and central differences of a scalar. */
import { type Graph, type RefArray, type RefContext, type RefValues, type Tensor, runReference, sizeOf } from '@/graph';
import { noise } from './gpu';

/** Uniforms from a hash of (site, index): any fixed function will do for gradients. */
export const testContext: RefContext = {
  seed: 1,
  dropoutStream: 0,
  uniform: (site, index) => {
    const x = Math.sin(site * 127.1 + index * 311.7 + 1) * 43758.5453;
    return x - Math.floor(x);
  },
};

export function randomValues(graph: Graph, seed = 1, scale = 0.5): RefValues {
  const values: RefValues = new Map();
  [...graph.parameters, ...graph.inputs].forEach((tensor, i) => {
    if (tensor.dtype === 'f32') values.set(tensor.id, Float64Array.from(noise(tensor.shape, seed + 7 * i, scale)));
  });
  return values;
}

/** Largest |analytic - numeric| / (|numeric| + floor) over sampled elements of each parameter. */
export function gradientError(
  graph: Graph,
  values: RefValues,
  loss: Tensor,
  gradients: ReadonlyMap<Tensor, Tensor>,
  samples = 12,
): { worst: number; where: string } {
  const evaluate = (): number => {
    runReference(graph, values, testContext);
    return values.get(loss.id)![0]!;
  };
  evaluate();
  const analytic = new Map<Tensor, RefArray>([...gradients].map(([p, g]) => [p, values.get(g.id)!.slice()]));
  let worst = 0;
  let where = '';
  for (const [parameter, gradient] of analytic) {
    const w = values.get(parameter.id)!;
    const n = sizeOf(parameter.shape);
    const scale = Math.max(...Array.from(gradient, Math.abs), 1e-6);
    for (let s = 0; s < Math.min(samples, n); s++) {
      const i = Math.floor((s * 7919) % n);
      const kept = w[i]!;
      const h = 1e-5;
      w[i] = kept + h;
      const up = evaluate();
      w[i] = kept - h;
      const down = evaluate();
      w[i] = kept;
      const error = Math.abs((up - down) / (2 * h) - gradient[i]!) / scale;
      if (error > worst) [worst, where] = [error, `${parameter.name}[${i}]`];
    }
  }
  return { worst, where };
}
