/**
 * Byte-level byte-pair encoding (Sennrich et al., ACL 2016; byte level and word pattern: Radford et al. 2019). Tokens
 * 0 to 255 are bytes, token 256 + i is merge i. No merge crosses a word of GPT-2's pre-tokenisation.
 */
import { DataError } from '../errors';
import { type Merge, type Tokenizer, textOfPieces } from './tokenizer';

/** GPT-2's word pattern: contractions; letters, digits, other marks, each with one leading space; white space. */
export const WORDS = /'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** A vocabulary that fits the pair keys below and the ids of any checkpoint. */
export const MAX_BPE_VOCAB = 65536;

/** Pairs as numbers that order by the first id, then by the second. */
export const pairKey = (a: number, b: number): number => a * MAX_BPE_VOCAB + b;
export const pairOf = (key: number): Merge => [Math.floor(key / MAX_BPE_VOCAB), key % MAX_BPE_VOCAB];

/** `ids` with every (a, b), from the left and without overlap, replaced by `merged`. */
export function mergePair(ids: readonly number[], a: number, b: number, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === a && ids[i + 1] === b) {
      out.push(merged);
      i++;
    } else out.push(ids[i]!);
  }
  return out;
}

function checkMerges(merges: readonly Merge[]): void {
  const fail = (problem: string): never => {
    throw new DataError('bad-tokenizer', problem, 'the tokenizer file is damaged: train the tokenizer again');
  };
  if (merges.length > MAX_BPE_VOCAB - 256) fail(`${merges.length} merges are more than ${MAX_BPE_VOCAB - 256}`);
  merges.forEach((merge, i) => {
    const known = (id: number): boolean => Number.isInteger(id) && id >= 0 && id < 256 + i;
    if (merge.length !== 2 || !known(merge[0]) || !known(merge[1]))
      fail(`merge ${i} is [${merge.join(', ')}], not two of the ${256 + i} tokens before it`);
  });
  if (new Set(merges.map(([a, b]) => pairKey(a, b))).size !== merges.length) fail('a merge occurs twice');
}

/** The tokenizer of a list of merges, the first learned first. Throws DataError 'bad-tokenizer' on an impossible list. */
export function bpeTokenizer(merges: readonly Merge[]): Tokenizer {
  checkMerges(merges);
  const vocabSize = 256 + merges.length;
  const rank = new Map(merges.map(([a, b], i) => [pairKey(a, b), i]));
  const pieces: Uint8Array[] = Array.from({ length: 256 }, (_, i) => Uint8Array.of(i));
  for (const [a, b] of merges) {
    const piece = new Uint8Array(pieces[a]!.length + pieces[b]!.length);
    piece.set(pieces[a]!);
    piece.set(pieces[b]!, pieces[a]!.length);
    pieces.push(piece);
  }
  const utf8 = new TextEncoder();
  const cache = new Map<string, readonly number[]>();

  function encodeWord(word: string): readonly number[] {
    const known = cache.get(word);
    if (known) return known;
    let ids = Array.from(utf8.encode(word));
    for (;;) {
      let best = Infinity;
      for (let i = 0; i + 1 < ids.length; i++)
        best = Math.min(best, rank.get(pairKey(ids[i]!, ids[i + 1]!)) ?? Infinity);
      if (best === Infinity) break;
      const [a, b] = merges[best]!;
      ids = mergePair(ids, a, b, 256 + best);
    }
    if (cache.size < 200_000) cache.set(word, ids);
    return ids;
  }

  return {
    kind: 'bpe',
    vocabSize,
    encode(text) {
      let out = new Uint32Array(Math.max(16, text.length >> 1));
      let n = 0;
      for (const [word] of text.matchAll(WORDS)) {
        const ids = encodeWord(word);
        if (n + ids.length > out.length) {
          const grown = new Uint32Array(2 * out.length + ids.length);
          grown.set(out);
          out = grown;
        }
        out.set(ids, n);
        n += ids.length;
      }
      return out.slice(0, n);
    },
    decode: (ids) => textOfPieces(ids, pieces),
    toJSON: () => ({ kind: 'bpe', merges }),
  };
}
