/**
 * Markdown to HTML at build time. The parser is remark's, as Prettier ships it; the writer is here because the pages need
 * anchors, scrolling tables, live widgets and links that stay inside the app. Raw HTML is escaped but for `<wb-...>` elements.
 */
import { parsers } from 'prettier/plugins/markdown';

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly depth?: number;
  readonly ordered?: boolean;
  readonly start?: number | null;
  readonly lang?: string | null;
  readonly url?: string;
  readonly alt?: string | null;
  readonly align?: readonly (string | null)[];
  readonly children?: readonly Node[];
}

export interface Heading {
  readonly depth: number;
  readonly id: string;
  readonly text: string;
}

/** A heading and the plain text up to the next one, for the search. */
export interface Section {
  readonly id: string;
  readonly heading: string;
  readonly text: string;
}

export interface Rendered {
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
  /** Custom elements in the page. */
  readonly widgets: readonly string[];
}

export interface Links {
  /** Address in the app of a relative link, or null where it leads to no page: its text then stands alone. */
  readonly page: (url: string) => string | null;
  /** Text that the built page has in place of an image's address. */
  readonly image: (url: string) => string;
}

const WIDGET = /^<\/?(wb-[a-z-]+)((?:\s+[a-z-]+="[^"<>]*")*)\s*>$/;

export async function renderMarkdown(text: string, slug: string, links: Links): Promise<Rendered> {
  const root = (await parsers.markdown.parse(text, {} as never)) as Node;
  return new Writer(slug, links).page(root);
}

/** As GitHub makes them, so that a link to a heading holds in both places. */
export const slugify = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const textOf = (node: Node): string => node.value ?? (node.children ?? []).map(textOf).join('');

const INLINE = new Set(['paragraph', 'heading', 'tableCell', 'sentence', 'emphasis', 'strong', 'delete', 'link']);

/** Words as a reader sees them: no elements, no comments, blocks and cells apart. */
function plain(node: Node): string {
  if (node.type === 'html' || node.type === 'image') return '';
  const joined = (node.children ?? []).map(plain).join(INLINE.has(node.type) ? '' : ' ');
  return (node.value ?? joined).replace(/\s+/g, ' ');
}

class Writer {
  readonly #slug: string;
  readonly #links: Links;
  readonly #headings: Heading[] = [];
  readonly #widgets = new Set<string>();
  readonly #ids = new Map<string, number>();

  constructor(slug: string, links: Links) {
    this.#slug = slug;
    this.#links = links;
  }

  page(root: Node): Rendered {
    const sections: { readonly id: string; readonly heading: string; readonly text: string[] }[] = [];
    let html = '';
    for (const node of root.children ?? []) {
      html += this.#node(node);
      const heading = this.#headings.at(-1);
      if (node.type === 'heading' && heading) sections.push({ id: heading.id, heading: heading.text, text: [] });
      else sections.at(-1)?.text.push(plain(node));
    }
    const title = this.#headings.find((h) => h.depth === 1)?.text;
    if (title === undefined) throw new Error(`docs: ${this.#slug} has no heading of the first level`);
    return {
      title,
      html,
      headings: this.#headings,
      sections: sections.map((s) => ({ ...s, text: s.text.filter((t) => t.trim() !== '').join(' ') })),
      widgets: [...this.#widgets],
    };
  }

  #all(node: Node, separator = ''): string {
    return (node.children ?? []).map((child) => this.#node(child)).join(separator);
  }

  #node(node: Node): string {
    switch (node.type) {
      case 'heading':
        return this.#heading(node);
      case 'paragraph':
        return this.#paragraph(node);
      case 'text':
      case 'sentence':
      case 'word':
        return escapeHtml(textOf(node));
      case 'emphasis':
        return `<em>${this.#all(node)}</em>`;
      case 'strong':
        return `<strong>${this.#all(node)}</strong>`;
      case 'delete':
        return `<s>${this.#all(node)}</s>`;
      case 'inlineCode':
        return `<code>${escapeHtml(node.value ?? '')}</code>`;
      case 'break':
        return '<br>';
      case 'thematicBreak':
        return '<hr>';
      case 'blockquote':
        return `<blockquote>${this.#all(node)}</blockquote>`;
      case 'code':
        return code(node);
      case 'list':
        return this.#list(node);
      case 'table':
        return this.#table(node);
      case 'link':
        return this.#link(node);
      case 'image':
        return `<img src="${escapeHtml(this.#links.image(node.url ?? ''))}" alt="${escapeHtml(node.alt ?? '')}" loading="lazy">`;
      case 'html':
        return this.#raw(node.value ?? '');
      default:
        throw new Error(`docs: ${this.#slug}: markdown of type "${node.type}" is not supported`);
    }
  }

  #heading(node: Node): string {
    const text = textOf(node);
    const base = slugify(text);
    const seen = this.#ids.get(base) ?? 0;
    this.#ids.set(base, seen + 1);
    const id = seen === 0 ? base : `${base}-${seen}`;
    const depth = node.depth ?? 2;
    this.#headings.push({ depth, id, text });
    const anchor = `<a class="anchor" href="#/docs/${this.#slug}/${id}" aria-label="Link to ${escapeHtml(text)}">#</a>`;
    return `<h${depth + 1} id="${id}" tabindex="-1">${this.#all(node)} ${anchor}</h${depth + 1}>`;
  }

  /** A paragraph of nothing but elements is no paragraph. */
  #paragraph(node: Node): string {
    const bare = (node.children ?? []).every((c) => c.type === 'html' || (c.type === 'text' && !c.value?.trim()));
    return bare ? `<div class="live">${this.#all(node)}</div>` : `<p>${this.#all(node)}</p>`;
  }

  #list(node: Node): string {
    const items = (node.children ?? []).map((item) => {
      const only = item.children?.length === 1 && item.children[0].type === 'paragraph' ? item.children[0] : item;
      return `<li>${this.#all(only)}</li>`;
    });
    const start = node.start != null && node.start !== 1 ? ` start="${node.start}"` : '';
    return node.ordered ? `<ol${start}>${items.join('')}</ol>` : `<ul>${items.join('')}</ul>`;
  }

  #table(node: Node): string {
    const [head, ...body] = node.children ?? [];
    const row = (r: Node, tag: 'th' | 'td'): string =>
      `<tr>${(r.children ?? []).map((cell, i) => `<${tag}${node.align?.[i] ? ` class="${node.align[i]}"` : ''}>${this.#all(cell)}</${tag}>`).join('')}</tr>`;
    const name = escapeHtml(this.#headings.at(-1)?.text ?? 'Table');
    return `<div class="scroll" role="region" tabindex="0" aria-label="Table: ${name}"><table><thead>${row(head, 'th')}</thead><tbody>${body.map((r) => row(r, 'td')).join('')}</tbody></table></div>`;
  }

  #link(node: Node): string {
    const url = node.url ?? '';
    const inner = this.#all(node);
    if (/^https?:/.test(url)) return `<a href="${escapeHtml(url)}" rel="noreferrer">${inner}</a>`;
    if (url.startsWith('#/')) return `<a href="${escapeHtml(url)}">${inner}</a>`;
    if (url.startsWith('#')) return `<a href="#/docs/${this.#slug}/${escapeHtml(url.slice(1))}">${inner}</a>`;
    const inApp = this.#links.page(url);
    return inApp === null ? inner : `<a href="${escapeHtml(inApp)}">${inner}</a>`;
  }

  #raw(html: string): string {
    if (html.startsWith('<!--')) return '';
    const parts = html.split(/(?<=>)\s*(?=<)/);
    return parts
      .map((part) => {
        const match = WIDGET.exec(part.trim());
        if (match === null) return escapeHtml(part);
        this.#widgets.add(match[1]);
        return part.trim();
      })
      .join('');
  }
}

const code = (node: Node): string =>
  `<div class="code"><pre tabindex="0"><code${node.lang ? ` data-lang="${escapeHtml(node.lang)}"` : ''}>${escapeHtml(node.value ?? '')}</code></pre><button type="button" class="copy">Copy</button></div>`;
