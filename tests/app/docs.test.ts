/** Documents: markdown to HTML, links that lead somewhere, provenance that is complete. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readingOf } from '@/app/claims/documents';
import { claims } from '@/app/claims/ledger';
import { WIDGETS } from '@/explainers/registry';
import { renderMarkdown, slugify } from '../../scripts/docs/markdown.ts';
import { renderDocument, searchIndex, slugs } from '../../scripts/docs/plugin.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const links = { page: (url: string) => (url.startsWith('src') ? null : `#/docs/${url}`), image: (url: string) => url };
const html = async (text: string): Promise<string> => (await renderMarkdown(`# T\n\n${text}`, 'x', links)).html;

describe('markdown', () => {
  it('escapes markup but for widgets with plain attributes', async () => {
    expect(await html('a <script>alert(1)</script> b')).not.toContain('<script');
    expect(await html('<img src=x onerror=alert(1)>')).not.toContain('<img');
    expect(await html('<wb-x onclick="alert(1)" a=b></wb-x>')).not.toContain('<wb-x');
    expect(await html('<wb-spearman preset="curved"></wb-spearman>')).toContain(
      '<div class="live"><wb-spearman preset="curved"></wb-spearman></div>',
    );
  });
  it('writes code, tables that scroll and nested lists', async () => {
    expect(await html('    a < b')).toContain('<code>a &lt; b</code>');
    expect(await html('| a | b |\n|--:|---|\n| 1 | `x|y` |')).toContain('<th class="right">a</th><th>b</th>');
    expect(await html('1. a\n2. b\n   - c')).toContain('<ol><li>a</li><li><p>b</p><ul><li>c</li></ul></li></ol>');
  });
  it('gives equal headings ids of their own and links inside the page', async () => {
    const page = await renderMarkdown('# T\n\n## A b\n\n## A b\n\n[x](#a-b) [y](runs.md#z) [z](src/a.ts)', 'x', links);
    expect(page.headings.map((h) => h.id)).toEqual(['t', 'a-b', 'a-b-1']);
    expect(page.html).toContain('<a href="#/docs/x/a-b">x</a> <a href="#/docs/runs.md#z">y</a> z');
  });
  it('makes the ids that GitHub makes', () => {
    expect(slugify('Against PyTorch: `node x.mjs`')).toBe('against-pytorch-node-xmjs');
  });
  it('refuses a document without a title', async () => {
    await expect(renderMarkdown('text', 'x', links)).rejects.toThrow('no heading of the first level');
  });
});

describe('the documents', () => {
  it.each(slugs(root))('%s: every link and anchor leads somewhere, every widget exists', async (slug) => {
    const page = await renderDocument(root, slug);
    for (const tag of page.widgets) expect(WIDGETS.map((w) => w.tag)).toContain(tag);
    for (const [, target, id] of page.html.matchAll(/href="#\/docs\/([\w-]+)(?:\/([^"]+))?"/g)) {
      expect(slugs(root)).toContain(target);
      if (id === undefined) continue;
      expect((await renderDocument(root, target)).headings.map((h) => h.id)).toContain(id);
    }
  });
  it.each([
    ['reciprocal-attention', ['wb-reciprocal-attention']],
    ['kvsplice', ['wb-kvsplice']],
    ['optimizers', ['wb-fisher-adam']],
    ['pruning', ['wb-pruning']],
    ['fisher-adam', ['wb-fisher-adam']],
    ['memory-tiering', ['wb-tiering']],
    ['bandwidth', ['wb-roofline', 'wb-decode-bottleneck', 'wb-kv-calculator', 'wb-kv-bandwidth', 'wb-kv-quant']],
    ['decode', ['wb-kv-quant']],
    ['statistics', ['wb-spearman']],
  ])('%s has its widgets', async (slug, widgets) => {
    expect((await renderDocument(root, slug)).widgets).toEqual(expect.arrayContaining(widgets));
  });
  it('what was measured names its adapter and date', async () => {
    for (const { slug, sections } of await searchIndex(root)) {
      for (const { heading, text } of sections.filter((s) => /^(what we )?measured( here)?$/i.test(s.heading))) {
        expect(text, `${slug}: ${heading}`).toMatch(/SwiftShader|CPU reference|adapter/);
        expect(text, `${slug}: ${heading}`).toMatch(/20\d\d-\d\d-\d\d/);
      }
    }
  });
  it('every widget is live in some document', async () => {
    const pages = await Promise.all(slugs(root).map((s) => renderDocument(root, s)));
    expect(new Set(pages.flatMap((p) => p.widgets))).toEqual(new Set(WIDGETS.map((w) => w.tag)));
  });
  it('a claim links to a document and a heading that exist, tiering to its own', async () => {
    const targets = new Set(claims.flatMap((c) => readingOf(c)?.href ?? []));
    expect(targets.size).toBeGreaterThan(5);
    for (const target of targets) {
      const [slug, id] = target.replace('#/docs/', '').split('/');
      const page = await renderDocument(root, slug);
      if (id !== undefined) expect(page.headings.map((h) => h.id)).toContain(id);
    }
    const tiering = claims.filter((c) => readingOf(c)?.href === '#/docs/memory-tiering');
    const { html: text } = await renderDocument(root, 'memory-tiering');
    for (const c of tiering.filter((t) => t.id.includes('tiering'))) expect(text).toContain(c.id);
    expect(tiering.map((c) => c.id)).toContain('tiering-optimal-placement');
  });
  it('provenance names every data file and its sources', async () => {
    const { html: text } = await renderDocument(root, 'provenance');
    const data = JSON.parse(readFileSync(`${root}/src/explainers/data/device-specs.json`, 'utf8')) as {
      rows: { source: string }[];
    };
    for (const { source } of data.rows) expect(text).toContain(source);
    expect(text.match(/src\/explainers\/data\/[\w-]+\.json/g)).toHaveLength(22);
  });
});
