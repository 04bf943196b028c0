import { DataError } from '../errors';
import { type Tokenizer, unknownToken } from './tokenizer';

const codePointName = (c: string): string => `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

/** One token for each code point of `characters`, in their order. Throws DataError 'bad-tokenizer' when one occurs twice. */
export function charTokenizer(characters: string): Tokenizer {
  const alphabet = [...characters];
  const ids = new Map(alphabet.map((c, i) => [c, i]));
  if (ids.size !== alphabet.length)
    throw new DataError('bad-tokenizer', 'the alphabet holds a character twice', 'give each character once');
  return {
    kind: 'char',
    vocabSize: alphabet.length,
    encode(text) {
      const out = new Uint32Array(text.length); // UTF-16 units: at least the number of code points
      let n = 0;
      for (const c of text) {
        const id = ids.get(c);
        if (id === undefined)
          throw new DataError(
            'unknown-character',
            `the character ${JSON.stringify(c)} (${codePointName(c)}, number ${n + 1}) is not in the alphabet of ${alphabet.length}`,
            'leave it out, or use TOKENIZER_BYTE or TOKENIZER_BPE, which encode any text',
          );
        out[n++] = id;
      }
      return out.slice(0, n);
    },
    decode(ids) {
      let text = '';
      for (let i = 0; i < ids.length; i++) {
        const c = alphabet[ids[i]!];
        if (c === undefined) throw unknownToken(ids[i]!, alphabet.length);
        text += c;
      }
      return text;
    },
    toJSON: () => ({ kind: 'char', characters }),
  };
}

/** The tokenizer of a text: its distinct code points in ascending order, held-out part included. */
export function charTokenizerOf(text: string): Tokenizer {
  const alphabet = [...new Set(text)].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  return charTokenizer(alphabet.join(''));
}
