import type { GeluKind } from '@/graph';
import { type AttentionConfig, type LayerAttention, resolveAttention } from './attention/config';
import { ModelConfigError } from './errors';

export { ModelConfigError };

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
  readonly attention: AttentionConfig;
}

/** Attention of every layer. Throws ModelConfigError for what no shape inference would explain well. */
export function validateGpt2(config: Gpt2Config): readonly LayerAttention[] {
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
  return resolveAttention(config.attention, config);
}
