import type { GeluKind } from '@/graph';

/** GPT-2 as a shape. Sizes in elements; `vocabSize` is already padded. */
export interface Gpt2Config {
  readonly nLayer: number;
  readonly nHead: number;
  readonly nEmbd: number;
  readonly blockSize: number;
  readonly vocabSize: number;
  /** Biases on every linear and LayerNorm. */
  readonly bias: boolean;
  readonly dropout: number;
  readonly gelu: GeluKind;
  /** The head shares wte. */
  readonly weightTying: boolean;
}

/** A configuration that cannot be built: says which setting, why, and what to change. */
export class ModelConfigError extends Error {
  override name = 'ModelConfigError';
}

/** Throws ModelConfigError for the combinations that no shape inference would explain well. */
export function validateGpt2(config: Gpt2Config): void {
  const { nHead, nEmbd, nLayer, blockSize, vocabSize, dropout } = config;
  for (const [name, value] of Object.entries({ nLayer, nHead, nEmbd, blockSize, vocabSize }))
    if (!Number.isInteger(value) || value < 1)
      throw new ModelConfigError(`${name} must be a positive integer, not ${value}`);
  if (nEmbd % nHead !== 0) {
    const near = [...Array(nEmbd).keys()].filter((h) => h > 0 && nEmbd % h === 0 && Math.abs(h - nHead) <= nHead);
    throw new ModelConfigError(
      `GPT2_N_HEAD=${nHead} does not divide GPT2_N_EMBD=${nEmbd}; head counts that do: ${near.join(', ')}`,
    );
  }
  if (!(dropout >= 0 && dropout < 1)) throw new ModelConfigError(`GPT2_DROPOUT=${dropout} is outside [0, 1)`);
}
