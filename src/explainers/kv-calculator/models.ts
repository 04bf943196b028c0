/** Attention shapes of public models, from their published configurations. */
import type { AttentionShape } from '../maths/kv-cache';

export interface NamedShape extends AttentionShape {
  readonly name: string;
}

export const MODELS: readonly NamedShape[] = [
  { name: 'GPT-2 124M', layers: 12, queryHeads: 12, kvHeads: 12, headDim: 64 },
  { name: 'GPT-2 1558M', layers: 48, queryHeads: 25, kvHeads: 25, headDim: 64 },
  { name: 'Qwen2.5-7B', layers: 28, queryHeads: 28, kvHeads: 4, headDim: 128 },
  { name: 'Mistral-7B', layers: 32, queryHeads: 32, kvHeads: 8, headDim: 128 },
  { name: 'Llama-2-7B', layers: 32, queryHeads: 32, kvHeads: 32, headDim: 128 },
  { name: 'Llama-3.1-70B', layers: 80, queryHeads: 64, kvHeads: 8, headDim: 128 },
];

export const CONTEXTS: readonly number[] = Array.from({ length: 9 }, (_, i) => 512 * 2 ** i);
