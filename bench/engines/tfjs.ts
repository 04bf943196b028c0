import { cfg, initWeights, type Engine } from '../spec';
// tfjs.ts
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-backend-webgpu';

export async function tfjsEngine(): Promise<Engine> {
  if (!(await tf.setBackend('webgpu'))) throw new Error('tfjs: no webgpu');
  await tf.ready();
  const { nLayer: L, nEmbd: C, nHead: H, ctx: T, batch: B, vocab: V } = cfg;
  const p: Record<string, tf.Variable> = {};
  for (const [k, w] of Object.entries(initWeights()))
    p[k] = tf.variable(tf.tensor(w.data, w.shape), true, `bench/${k}`);
  const mask = tf.tidy(() =>
    tf.keep(
      tf.linalg
        .bandPart(tf.ones([T, T]), -1, 0)
        .sub(1)
        .mul(1e9),
    ),
  ); // 0 / -1e9
  const ln = (x: tf.Tensor, g: tf.Tensor, b: tf.Tensor) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return x
      .sub(mean)
      .mul(tf.rsqrt(variance.add(cfg.lnEps)))
      .mul(g)
      .add(b);
  };
  const lin = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D).add(b);
  const gelu = (x: tf.Tensor) =>
    x.mul(0.5).mul(tf.tanh(x.add(tf.pow(x, 3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI))).add(1));
  const heads = (x: tf.Tensor) => x.reshape([B, T, H, C / H]).transpose([0, 2, 1, 3]);

  function lossFn(x: tf.Tensor1D, y: tf.Tensor1D): tf.Scalar {
    let h: tf.Tensor = tf
      .gather(p.wte, x)
      .reshape([B, T, C])
      .add(p.wpe)
      .reshape([B * T, C]);
    for (let l = 0; l < L; l++) {
      const w = (s: string) => p[`h${l}.${s}`];
      const [q, k, v] = tf.split(lin(ln(h, w('ln1.g'), w('ln1.b')), w('qkv.w'), w('qkv.b')), 3, -1).map(heads);
      const att = tf.softmax(
        tf
          .matMul(q, k, false, true)
          .mul(1 / Math.sqrt(C / H))
          .add(mask),
      );
      const a = tf
        .matMul(att, v)
        .transpose([0, 2, 1, 3])
        .reshape([B * T, C]);
      h = h.add(lin(a, w('proj.w'), w('proj.b')));
      h = h.add(lin(gelu(lin(ln(h, w('ln2.g'), w('ln2.b')), w('fc.w'), w('fc.b'))), w('out.w'), w('out.b')));
    }
    const logits = tf.matMul(ln(h, p['lnf.g'], p['lnf.b']) as tf.Tensor2D, p.wte as tf.Tensor2D, false, true);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(y, V), logits) as tf.Scalar;
  }
  const adam = tf.train.adam(cfg.lr, cfg.b1, cfg.b2, cfg.eps),
    vars = Object.values(p);
  let last: tf.Scalar | null = null;
  return {
    name: 'tfjs-webgpu',
    async step(xs, ys) {
      last?.dispose();
      last = tf.tidy(() =>
        adam.minimize(() => lossFn(tf.tensor1d(xs, 'int32'), tf.tensor1d(ys, 'int32')), true, vars)!,
      );
    },
    async loss() {
      return (await last!.data())[0];
    },
    dispose() {
      last?.dispose();
      mask.dispose();
      adam.dispose();
      vars.forEach((v) => v.dispose());
    },
  };
}
