import { DataError } from '../errors';
import type { Tokenizer } from './tokenizer';

/** One token a code point of the training text, in code point order. */
export function charTokenizer(characters: string): Tokenizer {
  const alphabet = [...characters];
  const ids = new Map(alphabet.map((c, i) => [c, i]));
  return {
    kind: 'char',
    vocabSize: alphabet.length,
    encode(text) {
      return Uint32Array.from([...text], (c) => {
        const id = ids.get(c);
        if (id === undefined)
          throw new DataError(
            `the character ${JSON.stringify(c)} (U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}) does not occur in the training text; use TOKENIZER_BYTE for arbitrary text`,
          );
        return id;
      });
    },
    decode: (tokens) => Array.from(tokens, (id) => alphabet[id] ?? '').join(''),
    toJSON: () => ({ kind: 'char', characters }),
  };
}

/** The alphabet of a text. */
export function charTokenizerOf(text: string): Tokenizer {
  const alphabet = [...new Set(text)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  return charTokenizer(alphabet.join(''));
}
