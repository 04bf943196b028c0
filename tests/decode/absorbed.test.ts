/**
 * Invariant 16 of the attention specification: without rotation, the up-projection of a latent can be absorbed into the query and
 * the output, so that a decoder reads latents alone. The absorbed form is stated here, from the decoder's own cache; the decoder
 * absorbs where that is less work (one row a step) and expands where it is not (a long chunk).
 */
import { expect, it } from 'vitest';
import { ReferenceDecoder } from '@/decode/backend-reference';
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { Decoder, type DecodeBackend } from '@/decode/decoder';
import { planDecoder } from '@/decode/plan';
import { DEFAULT_TRAITS } from '@/engine/device';
import { measureAbsorbed } from '@/experiment/absorbed-share';
import { testEngine } from '../support/experiment';
import { smallModel } from '../support/model';

const [C, HEADS, D, L] = [12, 3, 4, 5];
const PROMPT = [1, 2, 3, 2, 10, 7];

/** One layer whose MLP adds nothing, so that the residual stream after attention is what the head reads. */
function oneLayer() {
  const m = smallModel({ core: { kind: 'mla', latent: L } }, { nLayer: 1 });
  m.of('h.0.mlp.c_proj.weight').fill(0);
  for (const p of m.model.graph.parameters) {
    const w = m.of(p.name);
    if (p.name.endsWith('bias') && !p.name.includes('mlp'))
      w.forEach((_, i) => (w[i] = Math.sin(3 * i + p.name.length) / 4));
    w.forEach((x, i) => (w[i] = Math.fround(x)));
  }
  return m;
}

const sum = (n: number, f: (i: number) => number): number =>
  Array.from({ length: n }, (_, i) => f(i)).reduce((a, b) => a + b, 0);
const vector = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));

function absorbedLogits(m: ReturnType<typeof oneLayer>, latents: Float32Array): number[] {
  const at = PROMPT.length - 1;
  const layerNorm = (x: number[], name: string): number[] => {
    const mean = sum(C, (i) => x[i]!) / C;
    const variance = sum(C, (i) => (x[i]! - mean) ** 2) / C;
    const [weight, bias] = [m.of(`${name}.weight`), m.of(`${name}.bias`)];
    return vector(C, (i) => ((x[i]! - mean) / Math.sqrt(variance + 1e-5)) * weight[i]! + bias[i]!);
  };
  const linear = (x: number[], name: string): number[] => {
    const [weight, bias] = [m.of(`${name}.weight`), m.of(`${name}.bias`)];
    return vector(bias.length, (j) => bias[j]! + sum(x.length, (i) => x[i]! * weight[i * bias.length + j]!));
  };
  const x = vector(C, (i) => m.of('wte.weight')[PROMPT[at]! * C + i]! + m.of('wpe.weight')[at * C + i]!);
  const q = linear(layerNorm(x, 'h.0.ln_1'), 'h.0.attn.q');
  const [up, bias] = [m.of('h.0.attn.kv_up.weight'), m.of('h.0.attn.kv_up.bias')];
  const out = vector(C, () => 0);
  for (let h = 0; h < HEADS; h++) {
    const query = vector(L, (l) => sum(D, (i) => up[l * 2 * C + h * D + i]! * q[h * D + i]!));
    const shift = sum(D, (i) => bias[h * D + i]! * q[h * D + i]!);
    const scores = vector(at + 1, (t) => (sum(L, (l) => query[l]! * latents[t * L + l]!) + shift) / Math.sqrt(D));
    const top = Math.max(...scores);
    const total = sum(at + 1, (t) => Math.exp(scores[t]! - top));
    const read = vector(L, (l) => sum(at + 1, (t) => (Math.exp(scores[t]! - top) / total) * latents[t * L + l]!));
    for (let i = 0; i < D; i++)
      out[h * D + i] = bias[C + h * D + i]! + sum(L, (l) => read[l]! * up[l * 2 * C + C + h * D + i]!);
  }
  const projected = linear(out, 'h.0.attn.c_proj');
  const final = layerNorm(
    vector(C, (i) => x[i]! + projected[i]! + m.of('h.0.mlp.c_proj.bias')[i]!),
    'ln_f',
  );
  return vector(11, (v) => sum(C, (i) => final[i]! * m.of('wte.weight')[v * C + i]!));
}

it.each(['reference', 'webgpu'])('16: absorbed decode is re-expanded decode, %s', async (kind) => {
  const m = oneLayer();
  const shape = { batch: 1, chunk: 3, capacity: PROMPT.length };
  const backend: DecodeBackend =
    kind === 'reference'
      ? new ReferenceDecoder(m.model.config, shape)
      : await WebGpuDecoder.create(await testEngine(), m.model.config, shape);
  backend.load(new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.of(p.name)) }])));
  const logits = await new Decoder(backend).prefill([PROMPT]);
  const [cache] = [...(await backend.readCaches()).values()];
  const expected = absorbedLogits(m, cache!);
  logits.forEach((x, i) => expect(Math.abs(x - expected[i]!), `logit ${i}`).toBeLessThan(1e-4));
  expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.5);
  backend.destroy();
});

it('a long chunk expands, a step absorbs, and both leave the same logits', async () => {
  const m = smallModel({ core: { kind: 'mla', latent: 16 } }, { nLayer: 2 });
  const prompt = [1, 2, 3, 2, 10, 7, 4];
  const engine = await testEngine();
  const logits: Float32Array[] = [];
  for (const chunk of [7, 1]) {
    const backend = await WebGpuDecoder.create(engine, m.model.config, { batch: 1, chunk, capacity: 7 });
    backend.load(new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.of(p.name)) }])));
    logits.push(await new Decoder(backend).prefill([prompt]));
    backend.destroy();
  }
  const absorbed = (rows: number): boolean =>
    planDecoder(
      m.model.config,
      { batch: 1, chunk: rows, capacity: 7 },
      { traits: engine.traits },
    ).plan.sequences.prefill!.some(({ program }) => program.family === 'head_linear');
  expect([7, 6, 5, 1].map(absorbed)).toEqual([false, false, true, true]); // 12 rows < 64
  logits[0]!.forEach((x, i) => expect(Math.abs(x - logits[1]![i]!), `logit ${i}`).toBeLessThan(1e-5));
});

it('the comparison runs both forms on the same rows, and they agree', async () => {
  const m = smallModel({ core: { kind: 'mla', latent: 16 } }, { nLayer: 2 });
  const weights = new Map(m.model.graph.parameters.map((p) => [p.name, { data: Float32Array.from(m.of(p.name)) }]));
  const result = await measureAbsorbed(await testEngine(), m.model.config, weights, { rounds: 3, tokens: 2 });
  expect(result.difference).toBeLessThan(1e-5);
  expect(result.cacheBytes).toBe(2 * 512); // 7 rows of 16 floats a layer, in steps of 256 bytes
  expect(result.speedUp.least).toBeLessThanOrEqual(result.speedUp.median);
  expect(result.speedUp.median).toBeLessThanOrEqual(result.speedUp.greatest);
  const families = (expand: boolean): string[] =>
    planDecoder(
      m.model.config,
      { batch: 1, chunk: 1, capacity: 7, expand },
      { traits: DEFAULT_TRAITS },
    ).plan.sequences.decode!.map(({ program }) => program.family);
  expect(families(false)).toContain('head_linear');
  expect(families(true)).not.toContain('head_linear');
});
