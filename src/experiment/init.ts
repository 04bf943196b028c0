/** Initial weights from counter-based random numbers: the same on every backend, adapter and platform. */
import { PURPOSE, boxMuller, philox4x32 } from '@/data/random';
import { layOutParameters } from '@/engine/storage';
import { type Tensor, sizeOf } from '@/graph';
import type { Gpt2Config } from '@/models/config';
import { buildGpt2 } from '@/models/gpt2';

/** Box-Muller in f64 from one Philox block an element pair; element i of parameter number `index`. */
function normals(seed: number, index: number, n: number, std: number): Float32Array {
  const out = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const [a, b] = philox4x32([i / 2, index, 0, 0], [seed, PURPOSE.INIT]);
    const [x, y] = boxMuller(a, b);
    out[i] = std * x;
    if (i + 1 < n) out[i + 1] = std * y;
  }
  return out;
}

/** Orthonormal rows (`wide`) or columns by modified Gram-Schmidt of normals, in f64. */
function orthogonal(seed: number, index: number, rows: number, cols: number, wide: boolean): Float32Array {
  const [n, width] = wide ? [rows, cols] : [cols, rows];
  const q = Float64Array.from(normals(seed, index, n * width, 1));
  for (let i = 0; i < n; i++) {
    const row = q.subarray(i * width, (i + 1) * width);
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < i; j++) {
        let dot = 0;
        for (let c = 0; c < width; c++) dot += row[c]! * q[j * width + c]!;
        for (let c = 0; c < width; c++) row[c]! -= dot * q[j * width + c]!;
      }
    const norm = Math.hypot(...row);
    for (let c = 0; c < width; c++) row[c]! /= norm;
  }
  if (wide) return Float32Array.from(q);
  return Float32Array.from({ length: rows * cols }, (_, i) => q[(i % cols) * rows + Math.floor(i / cols)]!);
}

/** Draws keyed by the model instead of a parameter's place; no model has as many parameters. */
const SHARED_DRAWS = 1 << 20;

/** Initial values of one parameter; `index` is its place in the parameters' order. */
export function initialValues(tensor: Tensor, index: number, seed: number): Float32Array {
  const n = sizeOf(tensor.shape);
  if (tensor.source.kind !== 'parameter') throw new Error(`${tensor.name} is not a parameter`);
  const { init } = tensor.source;
  switch (init.kind) {
    case 'normal':
      return normals(seed, index, n, init.std);
    case 'constant':
      return new Float32Array(n).fill(init.value);
    case 'orthogonal':
      return orthogonal(seed, SHARED_DRAWS + init.key, tensor.shape[0] ?? 1, tensor.shape[1] ?? 1, !init.transpose);
  }
}

/** All weights of a model as a run with this seed begins, by name. */
export function initialWeights(config: Gpt2Config, seed: number): ReadonlyMap<string, { readonly data: Float32Array }> {
  const { graph } = buildGpt2(config, 1, 1);
  return new Map(layOutParameters(graph).entries.map((e, i) => [e.name, { data: initialValues(e.tensor, i, seed) }]));
}
