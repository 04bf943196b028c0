import type { Tokenizer } from './tokenizer';

/** GPT-2's published vocabulary (50,257 tokens), loaded on demand: it is large. */
export async function gpt2Tokenizer(): Promise<Tokenizer> {
  const { encode, decode } = await import('gpt-tokenizer/encoding/r50k_base');
  return {
    kind: 'gpt2',
    vocabSize: 50257,
    encode: (text) => Uint32Array.from(encode(text, { disallowedSpecial: new Set() })),
    decode: (tokens) => decode(Array.from(tokens).filter((id) => id < 50257)),
    toJSON: () => ({ kind: 'gpt2' }),
  };
}
