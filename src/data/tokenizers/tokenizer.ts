/** The tokenizer contract. `decode(encode(text)) === text` for every text that `encode` accepts. */
export type TokenizerKind = 'char' | 'byte' | 'bpe' | 'gpt2' | 'symbols';

export interface Tokenizer {
  readonly kind: TokenizerKind;
  readonly vocabSize: number;
  /** Throws DataError for text that the vocabulary cannot express. */
  encode(text: string): Uint32Array;
  decode(ids: ArrayLike<number>): string;
  /** Everything that `tokenizerFromJSON` needs; stored beside checkpoints as tokenizer.json. */
  toJSON(): TokenizerJSON;
}

export type TokenizerJSON =
  | { readonly kind: 'char'; readonly characters: string }
  | { readonly kind: 'byte' }
  | { readonly kind: 'bpe'; readonly merges: readonly (readonly [number, number])[] }
  | { readonly kind: 'gpt2' }
  | { readonly kind: 'symbols'; readonly symbols: readonly string[] };
