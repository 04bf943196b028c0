import { DataError } from '../errors';
import { bpeTokenizer } from './bpe';
import { byteTokenizer } from './byte';
import { charTokenizer } from './char';
import { gpt2Tokenizer } from './gpt2';
import type { Merge, Tokenizer } from './tokenizer';

export type { Merge, Tokenizer, TokenizerJSON, TokenizerKind } from './tokenizer';
export { bpeTokenizer } from './bpe';
export { trainBpe } from './bpe-train';
export { charTokenizer, charTokenizerOf } from './char';
export { GPT2_VOCAB_SIZE, gpt2Tokenizer } from './gpt2';
export { byteTokenizer };

const damaged = (problem: string): DataError =>
  new DataError('bad-tokenizer', problem, 'the tokenizer file is damaged: give the one written beside the checkpoint');

const isMerge = (value: unknown): value is Merge =>
  Array.isArray(value) && value.length === 2 && value.every((id) => typeof id === 'number');

/** Rebuilds the tokenizer that a checkpoint was trained with from parsed JSON. Throws DataError 'bad-tokenizer'. */
export async function tokenizerFromJSON(json: unknown): Promise<Tokenizer> {
  if (typeof json !== 'object' || json === null) throw damaged('a tokenizer is not a JSON object');
  const { kind, characters, merges } = json as { kind?: unknown; characters?: unknown; merges?: unknown };
  switch (kind) {
    case 'char':
      if (typeof characters !== 'string' || characters.length === 0)
        throw damaged('a char tokenizer has no "characters"');
      return charTokenizer(characters);
    case 'byte':
      return byteTokenizer();
    case 'bpe':
      if (!Array.isArray(merges) || !merges.every(isMerge)) throw damaged('a bpe tokenizer has no "merges"');
      return bpeTokenizer(merges);
    case 'gpt2':
      return gpt2Tokenizer();
    default:
      throw damaged(`tokenizer kind ${JSON.stringify(kind)} is none of char, byte, bpe, gpt2`);
  }
}
