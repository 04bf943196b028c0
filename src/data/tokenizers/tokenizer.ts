/** The tokenizer contract. `decode(encode(text)) === text` for every well-formed text that `encode` accepts. */
import { DataError } from '../errors';

export type TokenizerKind = 'char' | 'byte' | 'bpe' | 'gpt2';

export interface Tokenizer {
  readonly kind: TokenizerKind;
  /** Tokens that exist; a model's vocabulary may be padded beyond it. */
  readonly vocabSize: number;
  /** Throws DataError 'unknown-character' for text that the vocabulary cannot express. */
  encode(text: string): Uint32Array;
  /**
   * Text of the tokens. Bytes that are no UTF-8 become U+FFFD, which sampling from a byte-level model can produce.
   * Throws DataError 'unknown-token' for an id that is not below vocabSize.
   */
  decode(ids: ArrayLike<number>): string;
  /** Everything that `tokenizerFromJSON` needs; stored beside checkpoints as tokenizer.json. */
  toJSON(): TokenizerJSON;
}

export type TokenizerJSON =
  | { readonly kind: 'char'; readonly characters: string }
  | { readonly kind: 'byte' }
  | { readonly kind: 'bpe'; readonly merges: readonly Merge[] }
  | { readonly kind: 'gpt2' };

/** Two token ids that become one. */
export type Merge = readonly [number, number];

export function unknownToken(id: number, vocabSize: number): DataError {
  return new DataError(
    'unknown-token',
    `token ${id} is outside the vocabulary of ${vocabSize}`,
    'decode with the tokenizer that the tokens were made with',
  );
}

/** UTF-8 bytes to text; ill-formed bytes become U+FFFD, a leading U+FEFF is kept. */
export const utf8Text = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

/** Text of tokens whose bytes are `pieces[id]`. Throws DataError 'unknown-token'. */
export function textOfPieces(ids: ArrayLike<number>, pieces: readonly Uint8Array[]): string {
  let size = 0;
  for (let i = 0; i < ids.length; i++) {
    const piece = pieces[ids[i]!];
    if (!piece) throw unknownToken(ids[i]!, pieces.length);
    size += piece.length;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < ids.length; i++) {
    const piece = pieces[ids[i]!]!;
    bytes.set(piece, at);
    at += piece.length;
  }
  return utf8Text(bytes);
}
