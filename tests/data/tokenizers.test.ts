import fc from 'fast-check';
import { decode as decodeP50k } from 'gpt-tokenizer/encoding/p50k_base';
import { describe, expect, it } from 'vitest';
import { DataError } from '@/data/errors';
import { WORDS } from '@/data/tokenizers/bpe';
import {
  type Tokenizer,
  bpeTokenizer,
  byteTokenizer,
  charTokenizer,
  charTokenizerOf,
  gpt2Tokenizer,
  tokenizerFromJSON,
  trainBpe,
} from '@/data/tokenizers';
import { shippedTexts } from './corpora';

const SAMPLE =
  'It was the whale; the white whale, and “nothing” but the whale. Ahab’s 100 whales — été 🐋!\n\n  The end.';
/** Well-formed text of every script, with the white space and marks that word patterns care about. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(' ', '\n', "'s", "'", 'the', '7', '\u00a0', '\ufeff', '🐋', 'é', '\r') }),
);

/** Rebuilt from JSON text, as from a checkpoint. */
const reload = (t: Tokenizer): Promise<Tokenizer> => tokenizerFromJSON(JSON.parse(JSON.stringify(t)));

async function roundTrips(tokenizer: Tokenizer): Promise<void> {
  const again = await reload(tokenizer);
  expect(again.kind).toBe(tokenizer.kind);
  expect(again.vocabSize).toBe(tokenizer.vocabSize);
  fc.assert(
    fc.property(anyText, (text) => {
      const ids = tokenizer.encode(text);
      expect(tokenizer.decode(ids)).toBe(text);
      expect([...again.encode(text)]).toEqual([...ids]);
    }),
    { numRuns: 300 },
  );
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof DataError) return error.code;
    throw error;
  }
  return 'none';
};

describe('char', () => {
  it('numbers code points in ascending order, astral ones as one token', () => {
    const t = charTokenizerOf('b🐋aéb');
    expect(t.vocabSize).toBe(4);
    expect([...t.encode('aé🐋b')]).toEqual([0, 2, 3, 1]);
    expect(t.decode([3, 2])).toBe('🐋é');
  });

  it('round trips any text over its own alphabet', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1 }), async (text) => {
        const t = await reload(charTokenizerOf(text));
        expect(t.decode(t.encode(text))).toBe(text);
        expect(t.vocabSize).toBe(new Set(text).size);
      }),
    );
  });

  it('names the character that it does not know', () => {
    const t = charTokenizer('ab');
    expect(() => t.encode('abz')).toThrow('the character "z" (U+007A, number 3) is not in the alphabet of 2;');
    expect(codeOf(() => t.encode('é'))).toBe('unknown-character');
    expect(codeOf(() => charTokenizer('aba'))).toBe('bad-tokenizer');
    expect(codeOf(() => t.decode([2]))).toBe('unknown-token');
  });
});

describe('byte', () => {
  it('is UTF-8', () => {
    expect([...byteTokenizer().encode('é€')]).toEqual([0xc3, 0xa9, 0xe2, 0x82, 0xac]);
    expect(byteTokenizer().decode([0xff, 0x41])).toBe('\ufffdA');
    expect(codeOf(() => byteTokenizer().decode([256]))).toBe('unknown-token');
  });
  it('round trips', () => roundTrips(byteTokenizer()));
});

describe('bpe', () => {
  it('learns the merges of the textbook example', () => {
    // aaabdaaabac -> aa = Z, ab = Y, ZY = X -> X d X a c (Gage 1994; the same ids as in minbpe's tests)
    const t = trainBpe('aaabdaaabac', 259);
    expect(t.toJSON()).toEqual({ kind: 'bpe', merges: [[97, 97], [97, 98], [256, 257]] }); // prettier-ignore
    expect([...t.encode('aaabdaaabac')]).toEqual([258, 100, 258, 97, 99]);
  });

  it('agrees with counting every pair afresh in each round', () => {
    const text = shippedTexts()['moby-dick'].slice(0, 20_000);
    const words = Array.from(text.matchAll(WORDS), ([word]) => [...Buffer.from(word, 'utf8')]);
    const merges: [number, number][] = [];
    for (let id = 256; id < 400; id++) {
      const counts = new Map<string, number>();
      for (const word of words)
        for (let i = 1; i < word.length; i++) {
          const pair = `${word[i - 1]!},${word[i]!}`;
          counts.set(pair, (counts.get(pair) ?? 0) + 1);
        }
      const ranked = [...counts].map(([pair, count]) => ({ pair: pair.split(',').map(Number), count }));
      ranked.sort((x, y) => y.count - x.count || x.pair[0]! - y.pair[0]! || x.pair[1]! - y.pair[1]!);
      const [a, b] = ranked[0]!.pair as [number, number];
      merges.push([a, b]);
      for (const word of words)
        for (let i = 0; i + 1 < word.length; i++) if (word[i] === a && word[i + 1] === b) word.splice(i, 2, id);
    }
    const t = trainBpe(text, 400);
    expect(t.toJSON()).toEqual({ kind: 'bpe', merges });
    expect([...t.encode(text)]).toEqual(words.flat()); // encoding the training text replays the merges
  });

  it('stops when no pair occurs twice, and refuses impossible vocabularies', () => {
    expect(trainBpe('abcd', 1000).vocabSize).toBe(256);
    expect(trainBpe('', 1000).vocabSize).toBe(256);
    for (const size of [256, 65537, 300.5, NaN]) expect(codeOf(() => trainBpe('aa', size))).toBe('bad-tokenizer');
  });

  it('round trips text that it was not trained on', () => roundTrips(trainBpe(SAMPLE.repeat(3), 400)));

  it('refuses damaged merges', () => {
    expect(codeOf(() => bpeTokenizer([[97, 256]]))).toBe('bad-tokenizer'); // a token that does not exist yet
    expect(codeOf(() => bpeTokenizer([[97, -1]]))).toBe('bad-tokenizer');
    expect(codeOf(() => bpeTokenizer([[97, 98], [97, 98]]))).toBe('bad-tokenizer'); // prettier-ignore
    expect(codeOf(() => trainBpe('abab', 300).decode([1000]))).toBe('unknown-token');
  });
});

describe('gpt2', () => {
  it('gives the published ids', async () => {
    const t = await gpt2Tokenizer();
    expect(t.vocabSize).toBe(50257);
    // "Hello, world!" and the prompt of the GPT-2 paper's sample, as in OpenAI's encoder.json / vocab.bpe.
    expect([...t.encode('Hello, world!')]).toEqual([15496, 11, 995, 0]);
    expect([...t.encode('In a shocking finding')]).toEqual([818, 257, 14702, 4917]);
    expect(t.decode([50256])).toBe('<|endoftext|>');
    expect([...t.encode('<|endoftext|>')]).not.toContain(50256);
    expect(t.decode(t.encode('<|endoftext|>'))).toBe('<|endoftext|>');
    expect(codeOf(() => t.decode([50257]))).toBe('unknown-token');
  });

  it('keeps no bytes of an unfinished character for the next call', async () => {
    const t = await gpt2Tokenizer();
    const whale = [...t.encode('🐋')];
    expect(whale.length).toBeGreaterThan(1);
    expect(t.decode(whale.slice(0, 1))).toMatch(/^\ufffd+$/);
    expect(t.decode([15496])).toBe('Hello');
  });

  it('splits words as our own pattern does', async () => {
    const t = await gpt2Tokenizer();
    const whole = [...t.encode(SAMPLE)];
    expect(Array.from(SAMPLE.matchAll(WORDS), ([word]) => [...t.encode(word)]).flat()).toEqual(whole);
    expect(decodeP50k(whole)).toBe(SAMPLE); // p50k shares GPT-2's first 50,256 tokens
  });

  it('round trips', async () => roundTrips(await gpt2Tokenizer()));
});

it('refuses JSON that is no tokenizer', async () => {
  const wrong = [null, 3, 'char', {}, { kind: 'word' }, { kind: 'char' }, { kind: 'char', characters: '' }, { kind: 'bpe' },
    { kind: 'bpe', merges: [3] }, { kind: 'bpe', merges: [[1, 2, 3]] }, { kind: 'bpe', merges: [['1', 2]] }]; // prettier-ignore
  for (const json of wrong) await expect(tokenizerFromJSON(json)).rejects.toMatchObject({ code: 'bad-tokenizer' });
});
