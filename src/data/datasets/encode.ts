import type { Tokenizer } from '../tokenizers';

const CHUNK = 1 << 16; // UTF-16 units

/**
 * Where a text may be cut after `from` without changing its tokens: before white space that follows something else. No word
 * of GPT-2's pattern holds such a place inside, and what stands before it ends there with or without the rest.
 */
function cutAfter(text: string, from: number): number {
  const boundary = /\S\s/g;
  boundary.lastIndex = Math.max(0, from - 1);
  const found = boundary.exec(text);
  return found ? found.index + 1 : text.length;
}

/** `tokenizer.encode(text)`, piece by piece, reporting how many characters are done. */
export function encodeWithProgress(
  tokenizer: Tokenizer,
  text: string,
  onProgress?: (done: number, total: number) => void,
): Uint32Array {
  const parts: Uint32Array[] = [];
  let size = 0;
  for (let at = 0; at < text.length;) {
    const end = at + CHUNK < text.length ? cutAfter(text, at + CHUNK) : text.length;
    const part = tokenizer.encode(text.slice(at, end));
    parts.push(part);
    size += part.length;
    at = end;
    onProgress?.(at, text.length);
  }
  const out = new Uint32Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
