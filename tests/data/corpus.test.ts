import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CorpusRequest, loadCorpus, staticVocabSize } from '@/data/corpus';
import { encodeWithProgress } from '@/data/datasets/encode';
import { splitTokens } from '@/data/datasets/split';
import { cleanText, decodeText } from '@/data/datasets/text';
import { entropies } from '@/data/entropy';
import { DataError } from '@/data/errors';
import { sha256, sha256Fallback } from '@/data/hash';
import { IGNORE_BIT, isTarget } from '@/data/targets';
import { byteTokenizer, charTokenizerOf, gpt2Tokenizer, trainBpe } from '@/data/tokenizers';
import { shippedTexts } from './corpora';

let texts: ReturnType<typeof shippedTexts>;
beforeAll(() => {
  texts = shippedTexts();
});
const loaders = { fetchText: (name: 'moby-dick' | 'sotu') => Promise.resolve(texts[name]) };
const request = (change: Partial<CorpusRequest>): CorpusRequest => ({
  dataset: { kind: 'moby-dick' },
  tokenizer: { kind: 'char' },
  blockSize: 64,
  vocabMultiple: 64,
  seed: 1,
  ...change,
});
const errorOf = async (run: () => unknown): Promise<DataError> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
  throw new Error('no error');
};

describe('shipped texts', () => {
  it('Moby-Dick begins and ends as the novel does', () => {
    const text = texts['moby-dick'];
    expect(text.startsWith('CHAPTER 1. Loomings.\n\nCall me Ishmael. Some years ago—never mind')).toBe(true);
    expect(text.trimEnd().endsWith('only found another orphan.')).toBe(true);
    expect(text.match(/^CHAPTER \d+\./gm)).toHaveLength(135);
    expect(text.length).toBeGreaterThan(1_150_000);
    expect(cleanText(text, 'x')).toBe(text);
  });

  it('the addresses are in order and clean', () => {
    expect(texts.sotu.startsWith('Fellow-Citizens of the Senate')).toBe(true);
    expect(texts.sotu.length).toBeGreaterThan(10_000_000);
    expect(cleanText(texts.sotu, 'x')).toBe(texts.sotu);
  });
});

describe('text checks', () => {
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Uint8Array.from(parts.flatMap((p) => (typeof p === 'string' ? [...new TextEncoder().encode(p)] : p)));

  it('drops a byte order mark and normalises line ends', () => {
    expect(decodeText(bytes([0xef, 0xbb, 0xbf], 'a\r\nb\rc\n'), 'x')).toBe('a\nb\nc\n');
  });

  it('tolerates a stray byte in a long text', () => {
    expect(decodeText(bytes('word '.repeat(1000), [0xe9], 't'), 'x')).toContain('\ufffdt');
  });

  it.each([
    ['empty-text', bytes('')],
    ['empty-text', bytes(' \n\t ')],
    ['one-character', bytes('aaaa')],
    ['one-character', bytes('🐋🐋🐋')],
    ['not-text', bytes('hello\0world')],
    ['not-text', bytes([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d])], // PNG
    ['not-text', bytes([0x1f, 0x8b, 8, 8, 0xf0, 0xe1, 0xd2, 0xc3])], // gzip
    ['not-text', bytes([0xff, 0xfe, 0x61, 0x00])], // UTF-16
    ['not-text', bytes('caf', [0xe9], ' cr', [0xe8], 'me')], // Latin-1
  ])('%s', async (code, file) => {
    const error = await errorOf(() => decodeText(file, 'notes.txt'));
    expect(error.code).toBe(code);
    expect(error.message).toBe(`${error.problem}; ${error.remedy}`);
    expect(error.problem).toContain('notes.txt');
  });
});

describe('split', () => {
  it('holds out the last tenth in one piece', () => {
    const { train, val } = splitTokens(Uint32Array.from({ length: 1005 }, (_, i) => i), 10, 'x'); // prettier-ignore
    expect([train.length, train.at(-1), val[0], val.length]).toEqual([905, 904, 905, 100]);
  });
  it('holds out one window at least', () => {
    const { train, val } = splitTokens(new Uint32Array(100), 30, 'x');
    expect([train.length, val.length]).toEqual([69, 31]);
  });
  it('says what would fit', async () => {
    const error = await errorOf(() => splitTokens(new Uint32Array(100), 50, 'notes.txt'));
    expect(error.code).toBe('too-short');
    expect(error.remedy).toContain('GPT2_BLOCK_SIZE to 49 or less');
    expect(splitTokens(new Uint32Array(100), 49, 'x').val).toHaveLength(50);
  });
});

describe('entropies', () => {
  it('of a cycle: ln 2 and 0; with chance: closed forms', () => {
    const cycle = entropies(Uint32Array.from({ length: 1001 }, (_, i) => i % 2));
    expect(cycle.unigram).toBeCloseTo(Math.log(2), 12);
    expect(cycle.bigram).toBe(0);
    // 0 0 1 1 0: pairs 00 01 11 10, so both successors of each token once: H = ln 2.
    expect(entropies(Uint32Array.of(0, 0, 1, 1, 0)).bigram).toBeCloseTo(Math.log(2), 12);
    // 0 0 0 1 0: from 0: 0 twice, 1 once; from 1: 0 once.
    const h = (2 / 4) * Math.log(3 / 2) + (1 / 4) * Math.log(3);
    expect(entropies(Uint32Array.of(0, 0, 0, 1, 0)).bigram).toBeCloseTo(h, 12);
    expect(entropies(new Uint32Array(1))).toEqual({ unigram: 0, bigram: 0 });
  });

  it('counts targets only, and no pair across rows', () => {
    const q = (id: number): number => (id | IGNORE_BIT) >>> 0;
    const rows = Uint32Array.of(q(2), 0, q(2), 1, /* row 2 */ 5, 0, q(2), 0);
    const h = (2 / 3) * Math.log(3 / 2) + (1 / 3) * Math.log(3); // after 2: 0 twice... but one 0 follows 5
    const got = entropies(rows, 4);
    expect(got.unigram).toBeCloseTo((3 / 4) * Math.log(4 / 3) + (1 / 4) * Math.log(4), 12);
    expect(got.bigram).toBeCloseTo((3 / 4) * h, 12); // three pairs from 2, one certain pair from 5
  });

  it('is the minimum over bigram models of the mean loss', () => {
    const stream = fc.array(fc.nat(3), { minLength: 20, maxLength: 60 });
    const weights = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(stream, weights, (ids, w) => {
        let loss = 0;
        for (let i = 1; i < ids.length; i++) {
          const row = w.slice(4 * ids[i - 1]!, 4 * ids[i - 1]! + 4);
          loss -= Math.log(row[ids[i]!]! / row.reduce((a, b) => a + b));
        }
        return loss / (ids.length - 1) >= entropies(Uint32Array.from(ids)).bigram - 1e-12;
      }),
    );
  });
});

describe('hash', () => {
  it('is SHA-256, with and without crypto.subtle', async () => {
    expect(sha256Fallback(new TextEncoder().encode('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    for (const length of [0, 1, 13, 14, 16, 1000]) {
      const words = Uint32Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b9));
      const expected = createHash('sha256').update(new Uint8Array(words.buffer)).digest('hex');
      expect(await sha256(words.subarray(0, length >> 1), words.subarray(length >> 1))).toBe(expected);
      expect(sha256Fallback(new Uint8Array(words.buffer))).toBe(expected);
    }
    for (let n = 50; n < 70; n++)
      expect(sha256Fallback(new Uint8Array(n))).toBe(createHash('sha256').update(new Uint8Array(n)).digest('hex'));
  });
});

it('encodes in pieces as in one', async () => {
  const text = texts['moby-dick'].slice(0, 300_000);
  for (const t of [charTokenizerOf(text), byteTokenizer(), trainBpe(text, 512), await gpt2Tokenizer()]) {
    const seen: number[] = [];
    const tokens = encodeWithProgress(t, text, (done) => seen.push(done));
    expect(Buffer.from(tokens.buffer).equals(Buffer.from(t.encode(text).buffer))).toBe(true);
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.at(-1)).toBe(text.length);
  }
});

describe('loadCorpus', () => {
  it('Moby-Dick by characters', async () => {
    const corpus = await loadCorpus(request({}), loaders);
    const text = texts['moby-dick'];
    expect(corpus.tokenizer.decode(corpus.train) + corpus.tokenizer.decode(corpus.val)).toBe(text);
    expect(corpus.val.length).toBe(Math.floor([...text].length / 10));
    expect(corpus.tokenizer.vocabSize).toBe(new Set(text).size);
    expect(corpus.vocabSize % 64).toBe(0);
    expect(corpus.vocabSize - corpus.tokenizer.vocabSize).toBeLessThan(64);
    expect(corpus).toMatchObject({ name: 'Moby-Dick', sampling: 'window', metric: null });
    expect(corpus.hash).toBe(await sha256(corpus.train, corpus.val));
    // English: about 4.1-4.5 bits a character by frequency, about 3.3-3.6 bits by one character of context (Shannon 1951).
    expect(corpus.entropies!.unigram / Math.LN2).toBeGreaterThan(4);
    expect(corpus.entropies!.unigram / Math.LN2).toBeLessThan(4.7);
    expect(corpus.entropies!.bigram / Math.LN2).toBeGreaterThan(3.2);
    expect(corpus.entropies!.bigram / Math.LN2).toBeLessThan(3.7);
  });

  it('reports progress, and learns BPE from the training part only', async () => {
    const head = 'the whale and the sea '.repeat(200);
    const stages = new Set<string>();
    const bpe = { tokenizer: { kind: 'bpe', vocabSize: 300 } } as const;
    const load = (tail: string) =>
      loadCorpus(request({ ...bpe, dataset: { kind: 'custom', name: 'n', text: head + tail } }), {
        ...loaders,
        onProgress: (stage) => stages.add(stage),
      });
    const a = await load('zqzqzqzq '.repeat(30));
    const b = await load('xjxjxjxj '.repeat(30));
    expect(stages).toContain('tokenising');
    expect(JSON.stringify(a.tokenizer)).toBe(JSON.stringify(b.tokenizer));
    expect(a.hash).not.toBe(b.hash);
  });

  it('tasks: rows of block size + 1 with their own alphabet', async () => {
    const corpus = await loadCorpus(request({ dataset: { kind: 'task', task: 'sort' }, vocabMultiple: 1 }), loaders);
    expect(corpus.sampling).toBe('rows');
    expect(corpus.train.length % 65).toBe(0);
    expect(corpus.val.length).toBe(1024 * 65);
    expect(corpus.metric?.id).toBe('exact_answer');
    expect(corpus.tokenizer.decode(corpus.tokenizer.encode('cab>abc;'))).toBe('cab>abc;');
    expect(corpus.vocabSize).toBe(corpus.tokenizer.vocabSize);
    expect(corpus.train.some(isTarget)).toBe(true);
    expect(corpus.entropies!.bigram).toBeLessThan(corpus.entropies!.unigram);
  });

  it('knows the vocabulary beforehand where the text does not decide', async () => {
    const requests: Partial<CorpusRequest>[] = [
      { tokenizer: { kind: 'byte' } },
      { tokenizer: { kind: 'bpe', vocabSize: 300 } },
      { dataset: { kind: 'task', task: 'dyck' } },
    ];
    for (const change of requests) {
      const r = request(change);
      expect(staticVocabSize(r)).toBe((await loadCorpus(r, loaders)).vocabSize);
    }
    const gpt2 = request({ tokenizer: { kind: 'gpt2' } });
    expect(staticVocabSize(gpt2)).toBe(50304);
    expect(staticVocabSize({ ...gpt2, tokenizer: { kind: 'char' } })).toBeNull();
  });

  it('refuses what it cannot train on', async () => {
    const custom = (text: string) => errorOf(() => loadCorpus(request({ dataset: { kind: 'custom', name: 'notes.txt', text } }), loaders));
    expect((await custom('')).code).toBe('empty-text');
    expect((await custom('zzz')).code).toBe('one-character');
    expect((await custom('a\0b')).code).toBe('not-text');
    expect((await custom('too short')).code).toBe('too-short');
    const missing = await errorOf(() => loadCorpus(request({}), { fetchText: () => Promise.reject(new Error('HTTP 404')) }));
    expect(missing.code).toBe('missing-dataset');
    expect(missing.message).toContain('HTTP 404');
  }); // prettier-ignore
});
