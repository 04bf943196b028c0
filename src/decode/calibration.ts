/**
 * Does a model need exact keys? rho = mean max|dlogit| with keys of few bits / the same with more, on a few prompts; above 3
 * keys should stay at high precision. Spec: attention-and-kv 8.2 (4). Values stay exact, as in the source's script.
 */
import { type DecodeBackend, Decoder } from './decoder';

export interface Calibration {
  readonly ratio: number;
  /** Mean over the prompts of the largest change of a logit. */
  readonly low: number;
  readonly high: number;
  readonly prompts: number;
}

/** First positions of a cache that stay exact: they hold most of the attention of many models. */
export const EXACT_POSITIONS = 4;
const GROUP = 32;

/** Symmetric n-bit fake quantisation of x[at .. at + n) with an exact scale. */
export function fakeQuantise(x: Float32Array, at: number, n: number, bits: number): void {
  let top = 0;
  for (let i = at; i < at + n; i++) top = Math.max(top, Math.abs(x[i]!));
  if (top === 0) return;
  const last = 2 ** (bits - 1) - 1;
  const scale = top / last;
  for (let i = at; i < at + n; i++) {
    const q = Math.sign(x[i]!) * Math.floor(Math.abs(x[i]!) / scale + 0.5);
    x[i] = Math.min(last, Math.max(-last - 1, q)) * scale;
  }
}

/** What attention compares queries to: keys, or what keys are made of. */
const holdsKeys = (name: string): boolean => !name.endsWith('.v');

/**
 * `backend` has one sequence and f32 caches. Each prompt but its last token is cached, the caches' keys are replaced, and the last
 * token is decoded.
 */
export async function calibrationRatio(
  backend: DecodeBackend,
  prompts: readonly (readonly number[])[],
  widths: readonly [low: number, high: number] = [6, 8],
): Promise<Calibration> {
  const decoder = new Decoder(backend);
  const { capacity } = backend.shape;
  const sums = [0, 0];
  for (const prompt of prompts) {
    decoder.reset();
    const body = prompt.slice(0, -1);
    await decoder.prefill([body]);
    const exact = await backend.readCaches();
    const decode = async (): Promise<Float32Array> => {
      decoder.reset(body.length);
      return decoder.step([prompt[prompt.length - 1]!]);
    };
    const plain = await decode();
    for (const [i, bits] of widths.entries()) {
      const changed = new Map([...exact].map(([name, data]) => [name, data.slice()]));
      for (const [name, data] of changed) {
        if (!holdsKeys(name)) continue;
        const width = data.length / capacity;
        for (let t = EXACT_POSITIONS; t < body.length; t++)
          for (let c = 0; c < width; c += GROUP) fakeQuantise(data, t * width + c, Math.min(GROUP, width - c), bits);
      }
      backend.writeCaches(changed);
      const logits = await decode();
      sums[i]! += plain.reduce((worst, x, at) => Math.max(worst, Math.abs(x - logits[at]!)), 0);
      backend.writeCaches(exact);
    }
  }
  const [low, high] = sums.map((s) => s / prompts.length) as [number, number];
  return { ratio: low / high, low, high, prompts: prompts.length };
}
