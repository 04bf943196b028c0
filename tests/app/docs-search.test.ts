/** Search in the documents: which sections, in which order, with which words marked. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { search, terms, type DocumentText } from '@/app/docs/search';
import { searchIndex } from '../../scripts/docs/plugin.ts';

const doc = (slug: string, title: string, ...sections: [heading: string, text: string][]): DocumentText => ({
  slug,
  title,
  sections: sections.map(([heading, text]) => ({ id: heading.toLowerCase().replaceAll(' ', '-'), heading, text })),
});
const DOCS = [
  doc('decode', 'Decode', ['Decode', 'Reads the cache once a token.'], ['Quantised caches', 'Keys in int8.']),
  doc('runs', 'Runs', ['Storage', `Quantised caches are no part of a run. ${'quantised caches '.repeat(40)}`]),
  doc('attention', 'Attention', ['Cost', 'Bytes of a cache at a loss of 0.95 of the keys.'], ['Latents', 'Nothing here.']),
]; // prettier-ignore
const at = (query: string): string[] => search(DOCS, query).hits.map((h) => `${h.slug}/${h.id}`);
const marked = (parts: readonly { readonly text: string; readonly hit: boolean }[]): string =>
  parts.map((p) => (p.hit ? `[${p.text}]` : p.text)).join('');

describe('ranking', () => {
  it('a match in a heading is before any number of matches in a text', () => {
    expect(at('quantised caches')).toEqual(['decode/quantised-caches', 'runs/storage']);
  });
  it('every word must occur, in the section or in the title of its document', () => {
    expect(at('cache keys')).toEqual(['decode/quantised-caches', 'attention/cost']);
    expect(at('cache zebra')).toEqual([]);
    expect(at('decode int8')).toEqual(['decode/quantised-caches']);
  });
  it('a title alone does not list every section of its document', () => {
    expect(at('attention')).toEqual([]);
    expect(at('decode')).toEqual(['decode/decode']);
  });
  it('the beginning of a word is enough, its middle is not', () => {
    expect(at('quant int')).toEqual(['decode/quantised-caches']);
    expect(at('uantised')).toEqual([]);
    expect(at('0.9')).toEqual(['attention/cost']);
  });
  it('counts all and lists the best', () => {
    const found = search(DOCS, 'c', 1);
    expect(found.total).toBe(4);
    expect(found.hits).toHaveLength(1);
  });
  it('no words, no sections; signs are no pattern', () => {
    expect(at('')).toEqual([]);
    expect(at('.*(')).toEqual([]);
    expect(terms('KV-cache exp_avg_sq kv 0.95')).toEqual(['kv', 'cache', 'exp', 'avg', 'sq', '0.95']);
  });
});

describe('excerpts', () => {
  it('mark the matches in heading and text', () => {
    const [hit] = search(DOCS, 'quant key').hits;
    expect(marked(hit.heading)).toBe('[Quant]ised caches');
    expect(marked(hit.excerpt)).toBe('[Key]s in int8.');
  });
  it('are cut around the first match, at words', () => {
    const text = `${'before '.repeat(60)}needle ${'after '.repeat(60)}`;
    const [hit] = search([doc('x', 'X', ['Y', text])], 'needle').hits;
    expect(marked(hit.excerpt)).toMatch(/^… (before )+\[needle\] (after )*after …$/);
    expect(marked(hit.excerpt).length).toBeLessThan(190);
  });
});

describe('the documents', async () => {
  const index = await searchIndex(fileURLToPath(new URL('../..', import.meta.url)));
  it.each([
    ['quick start', 'quick-start', 'Quick start'],
    ['pruning selection', 'pruning', 'Selection'],
    ['without network', 'deploy', 'Without a network'],
  ])('%s', (query, slug, heading) => {
    const [hit] = search(index, query).hits;
    expect([hit.slug, hit.heading.map((p) => p.text).join('')]).toEqual([slug, heading]);
  });
  it('have text without comments and live elements', () => {
    for (const { slug, sections } of index) {
      expect(sections.length, slug).toBeGreaterThan(0);
      for (const { text } of sections) expect(text, slug).not.toContain('<!--');
    }
    const live = index
      .find((d) => d.slug === 'bandwidth')
      ?.sections.map((s) => s.text)
      .join();
    expect(live).toContain('ridge');
    expect(live).not.toContain('<wb-');
  });
});
