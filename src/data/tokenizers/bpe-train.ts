/**
 * Learning BPE merges. Each round merges the pair that occurs most often inside words; among equals the smaller first id,
 * then the smaller second id, so the result is a function of the text alone.
 *
 * Counts are kept over distinct words and changed only for the words that a merge touches; the most frequent pair comes from
 * a heap whose stale entries are dropped when they surface. (A scan of all pairs a round is quadratic in the vocabulary.)
 */
import { DataError } from '../errors';
import { MAX_BPE_VOCAB, WORDS, bpeTokenizer, mergePair, pairKey, pairOf } from './bpe';
import type { Merge, Tokenizer } from './tokenizer';

interface Candidate {
  readonly key: number;
  readonly count: number;
}

const before = (a: Candidate, b: Candidate): boolean => a.count > b.count || (a.count === b.count && a.key < b.key);

/** A binary heap with the best candidate at its root. */
class CandidateHeap {
  readonly #items: Candidate[] = [];

  push(item: Candidate): void {
    const items = this.#items;
    let i = items.length;
    items.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(item, items[parent]!)) break;
      items[i] = items[parent]!;
      i = parent;
    }
    items[i] = item;
  }

  pop(): Candidate | undefined {
    const items = this.#items;
    const top = items[0];
    const item = items.pop();
    if (item === undefined || items.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++;
      if (!before(items[child]!, item)) break;
      items[i] = items[child]!;
      i = child;
    }
    items[i] = item;
    return top;
  }
}

/** Distinct words with their frequencies, and where each pair occurs in them. */
class PairCounts {
  readonly #words: { ids: number[]; readonly count: number }[];
  readonly #counts = new Map<number, number>();
  /** Words that held the pair at some time; entries are never removed. */
  readonly #where = new Map<number, Set<number>>();

  constructor(text: string) {
    const frequency = new Map<string, number>();
    for (const [word] of text.matchAll(WORDS)) frequency.set(word, (frequency.get(word) ?? 0) + 1);
    const utf8 = new TextEncoder();
    this.#words = [...frequency].map(([word, count]) => ({ ids: Array.from(utf8.encode(word)), count }));
    this.#words.forEach((_, index) => this.#add(index, 1, new Set()));
  }

  #add(index: number, sign: 1 | -1, changed: Set<number>): void {
    const { ids, count } = this.#words[index]!;
    for (let i = 0; i + 1 < ids.length; i++) {
      const key = pairKey(ids[i]!, ids[i + 1]!);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + sign * count);
      changed.add(key);
      if (sign < 0) continue;
      const words = this.#where.get(key);
      if (words) words.add(index);
      else this.#where.set(key, new Set([index]));
    }
  }

  count(key: number): number {
    return this.#counts.get(key) ?? 0;
  }

  keys(): IterableIterator<number> {
    return this.#counts.keys();
  }

  /** Replaces the pair by a new token everywhere and returns the pairs whose counts may have changed. */
  merge(key: number, merged: number): Set<number> {
    const changed = new Set<number>();
    const [a, b] = pairOf(key);
    for (const index of this.#where.get(key) ?? []) {
      const word = this.#words[index]!;
      const ids = mergePair(word.ids, a, b, merged);
      if (ids.length === word.ids.length) continue;
      this.#add(index, -1, changed);
      word.ids = ids;
      this.#add(index, 1, changed);
    }
    this.#counts.delete(key);
    this.#where.delete(key);
    changed.delete(key);
    return changed;
  }
}

/**
 * Learns vocabSize - 256 merges from a text; fewer when no pair occurs twice any more. `onProgress` is called about once in
 * 64 merges. Throws DataError 'bad-tokenizer' for a vocabulary outside 257 .. 65536.
 */
export function trainBpe(
  text: string,
  vocabSize: number,
  onProgress?: (done: number, total: number) => void,
): Tokenizer {
  if (!Number.isInteger(vocabSize) || vocabSize < 257 || vocabSize > MAX_BPE_VOCAB)
    throw new DataError(
      'bad-tokenizer',
      `a BPE vocabulary of ${vocabSize} tokens is impossible`,
      `set TOKENIZER_BPE_VOCAB between 257 and ${MAX_BPE_VOCAB}`,
    );
  const pairs = new PairCounts(text);
  const heap = new CandidateHeap();
  for (const key of pairs.keys()) heap.push({ key, count: pairs.count(key) });
  const merges: Merge[] = [];
  const total = vocabSize - 256;
  while (merges.length < total) {
    const best = heap.pop();
    if (best === undefined || best.count < 2) break;
    if (best.count !== pairs.count(best.key)) continue; // stale: its current count is in the heap too
    const changed = pairs.merge(best.key, 256 + merges.length);
    merges.push(pairOf(best.key));
    for (const key of changed) {
      const count = pairs.count(key);
      if (count > 1) heap.push({ key, count });
    }
    if (merges.length % 64 === 0) onProgress?.(merges.length, total);
  }
  return bpeTokenizer(merges);
}
