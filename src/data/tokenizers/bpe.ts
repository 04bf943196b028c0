/**
 * Byte-level byte-pair encoding, trained here. Words come from GPT-2's pre-tokenisation, so no merge crosses a word; each
 * round merges the most frequent pair (ties: the smaller ids), counted over distinct words. Sennrich et al., ACL 2016;
 * byte level and word pattern: Radford et al. 2019.
 */
import type { Tokenizer } from './tokenizer';

/** GPT-2's word pattern: contractions, letters, numbers, other marks (each with one leading space), white space. */
const WORDS = /'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

type Merge = readonly [number, number];
const pairKey = (a: number, b: number): number => a * 65536 + b;

const bytesOf = (word: string): number[] => Array.from(new TextEncoder().encode(word));

function applyMerge(ids: readonly number[], a: number, b: number, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === a && ids[i + 1] === b) {
      out.push(merged);
      i++;
    } else out.push(ids[i]!);
  }
  return out;
}

/** Learns vocabSize - 256 merges. Stops early when no pair occurs twice. */
export function trainBpe(
  text: string,
  vocabSize: number,
  onProgress?: (done: number, total: number) => void,
): Tokenizer {
  const frequency = new Map<string, number>();
  for (const [word] of text.matchAll(WORDS)) frequency.set(word, (frequency.get(word) ?? 0) + 1);
  const words = [...frequency].map(([word, count]) => ({ ids: bytesOf(word), count }));
  const counts = new Map<number, number>();
  const where = new Map<number, Set<number>>();
  const note = (index: number, sign: 1 | -1): void => {
    const { ids, count } = words[index]!;
    for (let i = 0; i + 1 < ids.length; i++) {
      const key = pairKey(ids[i]!, ids[i + 1]!);
      counts.set(key, (counts.get(key) ?? 0) + sign * count);
      if (sign > 0) {
        const set = where.get(key);
        if (set) set.add(index);
        else where.set(key, new Set([index]));
      }
    }
  };
  words.forEach((_, index) => note(index, 1));
  const merges: Merge[] = [];
  const total = vocabSize - 256;
  while (merges.length < total) {
    let best = -1;
    let most = 1;
    for (const [key, count] of counts)
      if (count > most || (count === most && best >= 0 && key < best)) [best, most] = [key, count];
    if (best < 0) break;
    const merge: Merge = [Math.floor(best / 65536), best % 65536];
    const id = 256 + merges.length;
    for (const index of [...(where.get(best) ?? [])]) {
      note(index, -1);
      words[index]!.ids = applyMerge(words[index]!.ids, merge[0], merge[1], id);
      note(index, 1);
    }
    counts.delete(best);
    where.delete(best);
    merges.push(merge);
    if (merges.length % 64 === 0) onProgress?.(merges.length, total);
  }
  return bpeTokenizer(merges);
}

export function bpeTokenizer(merges: readonly Merge[]): Tokenizer {
  const rank = new Map(merges.map(([a, b], i) => [pairKey(a, b), i]));
  const pieces: Uint8Array[] = Array.from({ length: 256 }, (_, i) => Uint8Array.of(i));
  for (const [a, b] of merges) pieces.push(Uint8Array.from([...pieces[a]!, ...pieces[b]!]));
  const cache = new Map<string, readonly number[]>();
  const encodeWord = (word: string): readonly number[] => {
    const known = cache.get(word);
    if (known) return known;
    let ids = bytesOf(word);
    for (;;) {
      let best = Infinity;
      for (let i = 0; i + 1 < ids.length; i++)
        best = Math.min(best, rank.get(pairKey(ids[i]!, ids[i + 1]!)) ?? Infinity);
      if (best === Infinity) break;
      const [a, b] = merges[best]!;
      ids = applyMerge(ids, a, b, 256 + best);
    }
    cache.set(word, ids);
    return ids;
  };
  return {
    kind: 'bpe',
    vocabSize: 256 + merges.length,
    encode: (text) => Uint32Array.from(Array.from(text.matchAll(WORDS), ([word]) => encodeWord(word)).flat()),
    decode(tokens) {
      const bytes = Array.from(tokens, (id) => Array.from(pieces[id] ?? [])).flat();
      return new TextDecoder().decode(Uint8Array.from(bytes));
    },
    toJSON: () => ({ kind: 'bpe', merges }),
  };
}
