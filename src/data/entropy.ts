/** Reference entropies of a token stream, in nats a token: the lines that a loss curve is read against. */
import { TOKEN_MASK, isTarget } from './targets';

export interface Entropies {
  /** H(x_t): the loss of the best model that knows frequencies only. */
  readonly unigram: number;
  /** H(x_t | x_{t-1}): the loss of the best model that sees one token back. */
  readonly bigram: number;
}

/**
 * Empirical entropies of the stream itself: no bigram model, however trained, has a lower mean loss on it, so a loss below
 * the line shows use of a longer context. That holds for any vocabulary; but where most pairs occur once (a large vocabulary,
 * a short text) the line lies far below what a bigram model would reach on new text.
 *
 * Both are over the pairs (x_{t-1}, x_t) whose second token counts as a target. With `rowTokens`, pairs do not cross the rows
 * of that many tokens. Zero for a stream without pairs.
 */
export function entropies(tokens: Uint32Array, rowTokens = tokens.length): Entropies {
  let vocab = 0;
  for (const token of tokens) vocab = Math.max(vocab, (token & TOKEN_MASK) + 1);
  const from = new Float64Array(vocab);
  const to = new Float64Array(vocab);
  const pairs = new Map<number, number>();
  let n = 0;
  for (let i = 0; i < tokens.length; i++) {
    if (i % rowTokens === 0 || !isTarget(tokens[i]!)) continue;
    const a = tokens[i - 1]! & TOKEN_MASK;
    const b = tokens[i]!;
    from[a]!++;
    to[b]!++;
    const key = a * vocab + b;
    pairs.set(key, (pairs.get(key) ?? 0) + 1);
    n++;
  }
  if (n === 0) return { unigram: 0, bigram: 0 };
  let unigram = 0;
  for (const count of to) if (count > 0) unigram += (count / n) * Math.log(n / count);
  let bigram = 0;
  for (const [key, count] of pairs) bigram += (count / n) * Math.log(from[Math.floor(key / vocab)]! / count);
  return { unigram, bigram };
}
