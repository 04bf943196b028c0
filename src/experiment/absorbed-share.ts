/** Decode of a latent cache with its up-projection absorbed against expanding every kept latent, in turn. Spec: attention-and-kv 4. */
import { WebGpuDecoder } from '@/decode/backend-webgpu';
import { Decoder, type Weights } from '@/decode/decoder';
import type { EngineDevice } from '@/engine/device';
import type { Gpt2Config } from '@/models/config';
import { type Spread, median, spread } from './stats/summary';

export interface AbsorbedShare {
  /** Milliseconds a token behind a full cache, medians over the rounds. */
  readonly absorbedMs: number;
  readonly expandedMs: number;
  /** Expanded over absorbed time of the same round: median, least and greatest. */
  readonly speedUp: Spread;
  /** Largest difference of a logit between the two, of the same token behind the same rows. */
  readonly difference: number;
  readonly cacheBytes: number;
}

/** `tokens` tokens a sample at the end of a window of `block` tokens. The first round warms both up and does not count. */
export async function measureAbsorbed(
  engine: EngineDevice,
  model: Gpt2Config,
  weights: Weights,
  { rounds, tokens }: { readonly rounds: number; readonly tokens: number },
): Promise<AbsorbedShare> {
  const shape = { batch: 1, chunk: Math.min(64, model.blockSize), capacity: model.blockSize };
  const arms = [];
  try {
    for (const expand of [false, true]) {
      const backend = await WebGpuDecoder.create(engine, model, { ...shape, expand });
      backend.load(weights);
      arms.push({ backend, decoder: new Decoder(backend), times: [] as number[], logits: new Float32Array() });
    }
    const start = model.blockSize - tokens;
    const prompt = Array.from({ length: start + 1 }, (_, i) => (7 * i) % Math.min(64, model.vocabSize));
    for (const { decoder } of arms) await decoder.fill([prompt]);
    for (let round = -1; round < rounds; round++)
      for (const arm of arms) {
        arm.decoder.reset(start);
        const begin = performance.now();
        for (let i = 0; i < tokens; i++) arm.logits = new Float32Array(await arm.decoder.step([i % 8]));
        if (round >= 0) arm.times.push((performance.now() - begin) / tokens);
      }
    const [absorbed, expanded] = arms as [(typeof arms)[0], (typeof arms)[0]];
    const ratios = expanded.times.map((ms, i) => ms / absorbed.times[i]!);
    const differences = absorbed.logits.map((x, i) => Math.abs(x - expanded.logits[i]!));
    return {
      absorbedMs: median(absorbed.times), expandedMs: median(expanded.times), speedUp: spread(ratios),
      difference: differences.reduce((a, b) => Math.max(a, b), 0),
      cacheBytes: absorbed.backend.cacheBytes,
    }; // prettier-ignore
  } finally {
    for (const { backend } of arms) backend.destroy();
  }
}
