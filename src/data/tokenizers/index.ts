import { bpeTokenizer } from './bpe';
import { byteTokenizer } from './byte';
import { charTokenizer } from './char';
import { gpt2Tokenizer } from './gpt2';
import { symbolTokenizer } from './symbols';
import type { Tokenizer, TokenizerJSON } from './tokenizer';

export type { Tokenizer, TokenizerJSON } from './tokenizer';
export { charTokenizerOf } from './char';
export { trainBpe } from './bpe';
export { byteTokenizer, gpt2Tokenizer, symbolTokenizer };

/** Rebuilds the tokenizer that a checkpoint was trained with. */
export async function tokenizerFromJSON(json: TokenizerJSON): Promise<Tokenizer> {
  switch (json.kind) {
    case 'char':
      return charTokenizer(json.characters);
    case 'byte':
      return byteTokenizer();
    case 'bpe':
      return bpeTokenizer(json.merges);
    case 'gpt2':
      return gpt2Tokenizer();
    case 'symbols':
      return symbolTokenizer(json.symbols);
  }
}
