/** From a user's file or paste to text that can be trained on. */
import { DataError } from '../errors';

/** Share of characters that may be U+FFFD (bytes that were no UTF-8) before a file counts as something else than text. */
const MAX_REPLACED = 0.001;

/**
 * Decodes a file as UTF-8 and checks it with `cleanText`. `name` is what messages call it.
 * Throws DataError 'not-text', 'empty-text' or 'one-character'.
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    throw new DataError('not-text', `${name} is UTF-16, not UTF-8`, 'save it again as UTF-8');
  return cleanText(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), name);
}

/**
 * The text with LF line ends and without a byte order mark. Throws DataError when it is empty or only white space, holds one
 * character repeated, or is no text: any NUL, or more than 0.1 % of replaced characters.
 */
export function cleanText(raw: string, name: string): string {
  const text = raw.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  if (text.trim() === '')
    throw new DataError('empty-text', `${name} is empty`, 'give a text of at least a few thousand characters');
  const nul = text.indexOf('\0');
  if (nul >= 0)
    throw new DataError(
      'not-text',
      `${name} is not text: character ${nul + 1} is NUL`,
      'give a plain text file, not an archive, image or office document',
    );
  const replaced = text.match(/\ufffd/g)?.length ?? 0;
  if (replaced > MAX_REPLACED * text.length)
    throw new DataError(
      'not-text',
      `${name} is not UTF-8 text: ${replaced} of ${text.length} characters could not be read`,
      'give a plain text file, saved as UTF-8',
    );
  const first = String.fromCodePoint(text.codePointAt(0)!);
  if (text === first.repeat(text.length / first.length))
    throw new DataError(
      'one-character',
      `${name} holds nothing but the character ${JSON.stringify(first)}`,
      'there is nothing to learn in it: give another text',
    );
  return text;
}
