import { type Tokenizer, unknownToken, utf8Text } from './tokenizer';

/** UTF-8 bytes: 256 tokens, any text. */
export function byteTokenizer(): Tokenizer {
  return {
    kind: 'byte',
    vocabSize: 256,
    encode: (text) => Uint32Array.from(new TextEncoder().encode(text)),
    decode(ids) {
      for (let i = 0; i < ids.length; i++) if (!(ids[i]! < 256)) throw unknownToken(ids[i]!, 256);
      return utf8Text(Uint8Array.from(ids));
    },
    toJSON: () => ({ kind: 'byte' }),
  };
}
