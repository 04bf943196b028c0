import { DataError } from '../errors';
import type { Tokenizer } from './tokenizer';

/** Named symbols of a synthetic task, written with spaces between them. */
export function symbolTokenizer(symbols: readonly string[]): Tokenizer {
  const ids = new Map(symbols.map((s, i) => [s, i]));
  return {
    kind: 'symbols',
    vocabSize: symbols.length,
    encode: (text) =>
      Uint32Array.from(text.split(/\s+/).filter(Boolean), (s) => {
        const id = ids.get(s);
        if (id === undefined)
          throw new DataError(`"${s}" is no symbol of this task; its symbols are ${symbols.join(' ')}`);
        return id;
      }),
    decode: (tokens) => Array.from(tokens, (id) => symbols[id] ?? '').join(' '),
    toJSON: () => ({ kind: 'symbols', symbols }),
  };
}
