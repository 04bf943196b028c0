/** Reference entropies of a token stream, in nats a token. */
export interface Entropies {
  /** H(x_t): what a model reaches that knows only frequencies. */
  readonly unigram: number;
  /** H(x_t | x_{t-1}): the empirical conditional entropy of the stream itself, so a lower bound for any bigram model on it. */
  readonly bigram: number;
}

export function entropies(tokens: Uint32Array, vocabSize: number): Entropies {
  const single = new Float64Array(vocabSize);
  const pairs = new Map<number, number>();
  for (let i = 0; i < tokens.length; i++) {
    single[tokens[i]!]!++;
    if (i > 0) {
      const key = tokens[i - 1]! * vocabSize + tokens[i]!;
      pairs.set(key, (pairs.get(key) ?? 0) + 1);
    }
  }
  const n = tokens.length;
  let unigram = 0;
  for (const count of single) if (count > 0) unigram -= (count / n) * Math.log(count / n);
  const from = single.slice();
  from[tokens[n - 1]!]!--; // the last token starts no pair
  let bigram = 0;
  for (const [key, count] of pairs) bigram -= (count / (n - 1)) * Math.log(count / from[Math.floor(key / vocabSize)]!);
  return { unigram, bigram };
}
