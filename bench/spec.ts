// spec.ts — one definition of the work, shared by every engine
export const cfg = {
  nLayer: 4,
  nEmbd: 128,
  nHead: 4,
  ctx: 128,
  batch: 8,
  vocab: 65,
  lr: 3e-4,
  b1: 0.9,
  b2: 0.95,
  eps: 1e-8,
  lnEps: 1e-5,
};
export interface Engine {
  name: string;
  step(x: Int32Array<ArrayBuffer>, y: Int32Array<ArrayBuffer>): Promise<void>; // submit one Adam step
  loss(): Promise<number>; // the only sync point
  dispose(): void;
}
function mulberry32(seed: number) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
export type Weight = { shape: number[]; data: Float32Array<ArrayBuffer> };
export function initWeights(seed = 1): Record<string, Weight> {
  // same numbers for every engine
  const rand = mulberry32(seed),
    w: Record<string, Weight> = {},
    { nLayer: L, nEmbd: C, ctx: T, vocab: V } = cfg;
  const size = (shape: number[]) => shape.reduce((a, b) => a * b, 1);
  const fill = (name: string, shape: number[], v: number) => {
    w[name] = { shape, data: new Float32Array(size(shape)).fill(v) };
  };
  const normal = (name: string, shape: number[], std = 0.02) => {
    const gauss = () => std * Math.sqrt(-2 * Math.log(1 - rand())) * Math.cos(2 * Math.PI * rand());
    w[name] = { shape, data: Float32Array.from({ length: size(shape) }, gauss) };
  };
  normal('wte', [V, C]);
  normal('wpe', [T, C]);
  for (let l = 0; l < L; l++) {
    const n = (s: string) => `h${l}.${s}`,
      residual = 0.02 / Math.sqrt(2 * L);
    fill(n('ln1.g'), [C], 1);
    fill(n('ln1.b'), [C], 0);
    normal(n('qkv.w'), [C, 3 * C]);
    fill(n('qkv.b'), [3 * C], 0);
    normal(n('proj.w'), [C, C], residual);
    fill(n('proj.b'), [C], 0);
    fill(n('ln2.g'), [C], 1);
    fill(n('ln2.b'), [C], 0);
    normal(n('fc.w'), [C, 4 * C]);
    fill(n('fc.b'), [4 * C], 0);
    normal(n('out.w'), [4 * C, C], residual);
    fill(n('out.b'), [C], 0);
  }
  fill('lnf.g', [C], 1);
  fill('lnf.b', [C], 0);
  return w;
}
export function* batches(seed = 2) {
  // same tokens: a noisy chain, learnable
  const rand = mulberry32(seed),
    { batch: B, ctx: T, vocab: V } = cfg;
  for (;;) {
    const x = new Int32Array(B * T),
      y = new Int32Array(B * T);
    for (let b = 0; b < B; b++) {
      let tok = Math.floor(rand() * V);
      for (let t = 0; t < T; t++) {
        x[b * T + t] = tok;
        tok = (tok * 7 + (rand() < 0.1 ? 3 : 1)) % V;
        y[b * T + t] = tok;
      }
    }
    yield { x, y };
  }
}
