import type { Tokenizer } from './tokenizer';

/** UTF-8 bytes: 256 tokens, any text. */
export function byteTokenizer(): Tokenizer {
  return {
    kind: 'byte',
    vocabSize: 256,
    encode: (text) => Uint32Array.from(new TextEncoder().encode(text)),
    decode: (tokens) => new TextDecoder().decode(Uint8Array.from(tokens)),
    toJSON: () => ({ kind: 'byte' }),
  };
}
