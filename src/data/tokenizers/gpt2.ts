import { type Tokenizer, textOfPieces, utf8Text } from './tokenizer';

export const GPT2_VOCAB_SIZE = 50257;
const END_OF_TEXT = '<|endoftext|>';

/**
 * GPT-2's published vocabulary (Radford et al. 2019; 50,000 merges, 256 bytes, <|endoftext|> = 50256), loaded on demand
 * because its table is large. "<|endoftext|>" in a text is encoded as plain characters; the token itself only decodes.
 *
 * Decoding is ours: gpt-tokenizer's decoder keeps the bytes of an unfinished character for its next call.
 */
export async function gpt2Tokenizer(): Promise<Tokenizer> {
  const [{ encode }, { default: ranks }] = await Promise.all([
    import('gpt-tokenizer/encoding/r50k_base'),
    import('gpt-tokenizer/bpeRanks/r50k_base'),
  ]);
  const plain = { disallowedSpecial: new Set<string>() };
  const utf8 = new TextEncoder();
  let pieces: Uint8Array[] | undefined;
  const loadPieces = (): Uint8Array[] =>
    [...ranks, END_OF_TEXT].map((piece) => (typeof piece === 'string' ? utf8.encode(piece) : Uint8Array.from(piece)));
  return {
    kind: 'gpt2',
    vocabSize: GPT2_VOCAB_SIZE,
    // Through UTF-8, so that a lone surrogate becomes U+FFFD as in the other byte-level tokenizers.
    encode: (text) => Uint32Array.from(encode(utf8Text(utf8.encode(text)), plain)),
    decode: (ids) => textOfPieces(ids, (pieces ??= loadPieces())),
    toJSON: () => ({ kind: 'gpt2' }),
  };
}
