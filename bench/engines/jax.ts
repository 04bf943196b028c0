import { cfg, initWeights, type Engine } from '../spec';
// jax.ts
import { init, defaultDevice, jit, valueAndGrad, nn, numpy as np, tree } from '@jax-js/jax';
type Params = { [name: string]: np.Array }; // `type`, not `interface`: JsTree needs it

export async function jaxEngine(): Promise<Engine> {
  if (!(await init('webgpu')).includes('webgpu')) throw new Error('jax-js: no webgpu');
  defaultDevice('webgpu');
  const { nLayer: L, nEmbd: C, nHead: H, ctx: T, batch: B, vocab: V } = cfg;
  const ln = (x: np.Array, g: np.Array, b: np.Array) => nn.standardize(x, -1, { epsilon: cfg.lnEps }).mul(g).add(b);
  const lin = (x: np.Array, w: np.Array, b: np.Array) => np.dot(x, w).add(b); // always 2-D

  function lossFn(p: Params, x: np.Array, y: np.Array): np.Array {
    const tok = np.dot(nn.oneHot(x, V).astype(np.float32), p.wte.ref); // tied: .ref, used twice
    let h: np.Array = tok
      .reshape([B, T, C])
      .add(p.wpe)
      .reshape([B * T, C]);
    for (let l = 0; l < L; l++) {
      const w = (s: string) => p[`h${l}.${s}`];
      const qkv = lin(ln(h.ref, w('ln1.g'), w('ln1.b')), w('qkv.w'), w('qkv.b')).reshape([B, T, 3, H, C / H]);
      const q = qkv.ref.slice([], [], 0),
        k = qkv.ref.slice([], [], 1),
        v = qkv.slice([], [], 2);
      const a = nn.dotProductAttention(q, k, v, { isCausal: true }).reshape([B * T, C]);
      h = h.add(lin(a, w('proj.w'), w('proj.b')));
      const f = nn.gelu(lin(ln(h.ref, w('ln2.g'), w('ln2.b')), w('fc.w'), w('fc.b')));
      h = h.add(lin(f, w('out.w'), w('out.b')));
    }
    const logits = np.dot(ln(h, p['lnf.g'], p['lnf.b']), p.wte.transpose());
    return nn
      .logSoftmax(logits, -1)
      .mul(nn.oneHot(y, V))
      .sum()
      .mul(-1 / (B * T));
  }

  const trainStep = jit((p: Params, m: Params, v: Params, c1: np.Array, c2: np.Array, x: np.Array, y: np.Array) => {
    const [loss, g] = valueAndGrad(lossFn)(tree.ref(p), x, y) as [np.Array, Params];
    const np2: Params = {},
      m2: Params = {},
      v2: Params = {};
    for (const k of Object.keys(p)) {
      // Adam inside the same jit
      m2[k] = m[k].mul(cfg.b1).add(g[k].ref.mul(1 - cfg.b1));
      v2[k] = v[k].mul(cfg.b2).add(np.square(g[k]).mul(1 - cfg.b2));
      const d = np.sqrt(v2[k].ref.mul(c2.ref)).add(cfg.eps);
      np2[k] = p[k].sub(m2[k].ref.mul(c1.ref).div(d).mul(cfg.lr));
    }
    c1.dispose();
    c2.dispose();
    return [loss, np2, m2, v2] as [np.Array, Params, Params, Params];
  });
  let p: Params = {},
    m: Params = {},
    v: Params = {},
    t = 0,
    last: np.Array | null = null;
  for (const [k, w] of Object.entries(initWeights())) {
    p[k] = np.array(w.data, { shape: w.shape });
    m[k] = np.zeros(w.shape);
    v[k] = np.zeros(w.shape);
  }
  return {
    name: 'jax-js',
    async step(xs, ys) {
      t++;
      last?.dispose();
      const ids = (a: Int32Array<ArrayBuffer>) => np.array(a, { shape: [B * T], dtype: np.int32 });
      [last, p, m, v] = trainStep(
        p,
        m,
        v,
        np.array(1 / (1 - cfg.b1 ** t)),
        np.array(1 / (1 - cfg.b2 ** t)),
        ids(xs),
        ids(ys),
      );
      await last.blockUntilReady(); // per-step sync is jax-js's faster mode (issue 151)
    },
    async loss() {
      return ((await last!.ref.data()) as Float32Array)[0];
    },
    dispose() {
      last?.dispose();
      for (const s of [p, m, v]) tree.dispose(s);
      trainStep.dispose();
    },
  };
}
