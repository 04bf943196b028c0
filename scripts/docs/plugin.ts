/**
 * `virtual:docs` is the list of documents, `virtual:docs/<slug>` one rendered document, `virtual:docs-search` the text of all
 * of them for the search; each is a chunk of its own. Documents are docs/*.md and docs/embed/README.md; a link to a document that does not exist stops the build.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import type { Plugin } from 'vite';
import { renderMarkdown, slugify, type Rendered, type Section } from './markdown.ts';
import { figureFiles, withFigures } from './provenance.ts';

const LIST = 'virtual:docs';
const SEARCH = 'virtual:docs-search';

/** @param root the repository */
export function docsPlugin(root: string): Plugin {
  return {
    name: 'wb-docs',
    resolveId: (id) => (id === LIST || id === SEARCH || id.startsWith(`${LIST}/`) ? `\0${id}` : null),
    async load(id) {
      if (id === `\0${LIST}`) return listModule(await renderAll(root));
      if (id === `\0${SEARCH}`) return `export default ${JSON.stringify(await searchIndex(root))};`;
      if (!id.startsWith(`\0${LIST}/`)) return null;
      const slug = id.slice(LIST.length + 2);
      this.addWatchFile(join(root, fileOf(slug)));
      if (slug === 'provenance') for (const file of figureFiles(root)) this.addWatchFile(file);
      return pageModule(await renderDocument(root, slug), join(root, 'docs'));
    },
  };
}

/** `runs` for docs/runs.md, `embed` for docs/embed/README.md. */
export const slugs = (root: string): string[] => [
  ...readdirSync(join(root, 'docs'))
    .filter((f) => f.endsWith('.md'))
    .map((f) => f.slice(0, -3)),
  'embed',
];

const fileOf = (slug: string): string => (slug === 'embed' ? 'docs/embed/README.md' : `docs/${slug}.md`);

/** An image's address in the text, replaced by the built asset's. */
const mark = (path: string): string => `wb-asset:${path}`;

export async function renderDocument(root: string, slug: string): Promise<Rendered> {
  const file = fileOf(slug);
  const raw = readFileSync(join(root, file), 'utf8');
  return renderMarkdown(slug === 'provenance' ? withFigures(raw, root) : raw, slug, {
    page: (url) => pageAddress(root, file, url),
    image: (url) => {
      const path = normalize(join(dirname(file), url));
      if (!existsSync(join(root, path))) throw new Error(`${file}: the image ${url} does not exist`);
      return mark(relative('docs', path));
    },
  });
}

/** What the search reads: every section of every document. */
export async function searchIndex(root: string): Promise<DocumentText[]> {
  return Promise.all(
    slugs(root).map(async (slug) => {
      const { title, sections } = await renderDocument(root, slug);
      return { slug, title, sections };
    }),
  );
}

interface DocumentText {
  readonly slug: string;
  readonly title: string;
  readonly sections: readonly Section[];
}

function pageAddress(root: string, from: string, url: string): string | null {
  const [path, anchor] = url.split('#');
  const target = normalize(join(dirname(from), path));
  if (!existsSync(join(root, target))) throw new Error(`${from}: the link ${url} leads nowhere`);
  const slug = slugs(root).find((s) => fileOf(s) === target);
  if (slug === undefined) return null;
  return `#/docs/${slug}${anchor ? `/${slugify(anchor)}` : ''}`;
}

async function renderAll(root: string): Promise<{ slug: string; title: string }[]> {
  return Promise.all(slugs(root).map(async (slug) => ({ slug, title: (await renderDocument(root, slug)).title })));
}

const listModule = (all: readonly { readonly slug: string; readonly title: string }[]): string =>
  `export const documents = [${all
    .map(
      (d) =>
        `{ slug: ${JSON.stringify(d.slug)}, title: ${JSON.stringify(d.title)}, load: () => import('${LIST}/${d.slug}') }`,
    )
    .join(',\n')}];`;

function pageModule({ html, headings, widgets }: Rendered, docs: string): string {
  const images = [...new Set([...html.matchAll(/wb-asset:([^"]+)/g)].map((m) => m[1]))];
  return [
    ...images.map((path, i) => `import image${i} from ${JSON.stringify(`${join(docs, path)}?url`)};`),
    `const assets = { ${images.map((path, i) => `${JSON.stringify(mark(path))}: image${i}`).join(', ')} };`,
    `export const html = ${JSON.stringify(html)}.replace(/wb-asset:[^"]+/g, (name) => assets[name]);`,
    `export const headings = ${JSON.stringify(headings)};`,
    `export const widgets = ${JSON.stringify(widgets)};`,
  ].join('\n');
}
