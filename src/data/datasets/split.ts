/** The held-out part of a text: its end, in one piece, so that no training window shares a token with it. */
import { DataError } from '../errors';

/** Share of the tokens that is held out. */
export const VAL_SHARE = 0.1;

/**
 * Splits tokens into training and validation. The last tenth is held out, but never less than one window of blockSize + 1
 * tokens. Throws DataError 'too-short' when the training part would not hold a window either.
 */
export function splitTokens(
  tokens: Uint32Array,
  blockSize: number,
  name: string,
): { readonly train: Uint32Array; readonly val: Uint32Array } {
  const window = blockSize + 1;
  if (tokens.length < 2 * window)
    throw new DataError(
      'too-short',
      `${name} is too short: ${tokens.length} tokens, and a block of ${blockSize} needs ${2 * window} to train and to validate`,
      `give a longer text, or set GPT2_BLOCK_SIZE to ${Math.max(1, Math.floor(tokens.length / 2) - 1)} or less`,
    );
  const at = tokens.length - Math.max(Math.floor(tokens.length * VAL_SHARE), window);
  return { train: tokens.slice(0, at), val: tokens.slice(at) };
}
